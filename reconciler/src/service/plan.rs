//! What bringing an application to a commit would do now.

use engine::plan::{Input, Prune, Sides, build, lines};
use engine::rollout::{CommitId, Options};
use engine::{Manifest, Problems};

use api::ObjectKey;

use super::queries::unreadable;
use super::rendered::{self, Rendered};
use super::{Error, PlanView, Side};
use crate::source::{HOSTED, Source};
use crate::sync::core::Core;
use crate::sync::{
    Answer, Missing, Stored, ask, claim, claimed, findings, keys, ordered, refuse, respect,
};

/// What bringing an application to a revision would do.
pub(super) async fn plan(
    core: &Core,
    name: &str,
    revision: &str,
    options: &Options,
) -> Result<PlanView, Error> {
    let id = resolve(core, name, revision).await?;
    plan_to(core, name, &id, options).await
}

/// The same, to a commit that is known.
pub(super) async fn plan_to(
    core: &Core,
    name: &str,
    id: &CommitId,
    options: &Options,
) -> Result<PlanView, Error> {
    let target = core.target().ok_or_else(nothing)?;
    let Rendered {
        application,
        source,
        render,
    } = rendered::at(core, name, id).await?;
    let commit = source.commit(id).await.map_err(unreadable)?;
    let manifests = render.manifests.as_ref().map_err(refused)?;
    let inventory = core.inventory.of(name);
    let mut wanted = keys(&core.cluster.kinds(), manifests);
    wanted.extend(inventory.iter().map(|entry| entry.key.clone()));
    let live = core.cluster.live_as(&wanted, manifests).await;
    let live = live.map_err(Error::Cluster)?;
    let claims = |owner: &str, key: &ObjectKey| claim(core, &target, owner, key);
    let found = refuse(core, &application, manifests, &live, claims);
    found.map_err(Error::Cluster)?.map_err(|it| refused(&it))?;
    let opened = core.renders.open(&render, manifests);
    let opened = opened.map_err(|it| refused(&it))?;
    let manifests = &*respect(core, &application, &opened, &live);
    let stored = stored(core, &source, id, manifests).await?;
    let prune = Prune::of(&application, options);
    let mut plan = build(&Input {
        kinds: &core.cluster.kinds(),
        manifests,
        live: &live,
        stored: &stored.objects,
        renewed: &stored.renewed,
        inventory: &inventory,
        prune: &prune,
    })
    .map_err(|it| refused(&it))?;
    let claimed = claimed(core, &target, name).await.map_err(Error::Cluster)?;
    plan.hold(&claimed, &prune, inventory.len());
    let plan = options.part(plan);
    Ok(PlanView {
        application: name.to_owned(),
        from: Side::default(),
        to: Side::of(&commit),
        commit,
        lines: lines(&plan),
        plan,
        sides: Sides {
            old: live,
            new: stored.objects,
        },
    })
}

/// What the server would store.
async fn stored(
    core: &Core,
    source: &Source,
    id: &CommitId,
    manifests: &[Manifest],
) -> Result<Stored, Error> {
    let manifests = ordered(&core.cluster, manifests);
    let answer = ask(&core.cluster, &*core.client, &manifests, Missing::Wait).await;
    match answer.map_err(Error::Cluster)? {
        Answer::Stored(stored) => Ok(stored),
        Answer::Unsaid => Ok(Stored::default()),
        Answer::Refused(all) => {
            let problems = findings(&source.location, id, all).await;
            Err(refused(&problems.map_err(Error::Cluster)?))
        }
    }
}

fn refused(problems: &Problems) -> Error {
    Error::Refused(problems.to_string())
}

fn nothing() -> Error {
    Error::Impossible("there is no commit to compare with yet".into())
}

/// The commit that a revision means to an application; an empty one: what is tracked.
pub(super) async fn resolve(core: &Core, name: &str, revision: &str) -> Result<CommitId, Error> {
    let target = core.target().ok_or_else(nothing)?;
    let application = core.application(&target, name);
    let source = match &application {
        Some(application) => core.source_of(application),
        None => core.source.clone(),
    };
    let tracked = application.as_ref().map(|it| it.source.revision.as_str());
    let wanted = if revision.is_empty() {
        tracked.unwrap_or_default()
    } else {
        revision
    };
    if wanted.is_empty() && source.name == core.source.name {
        return Ok(target.revision().clone());
    }
    let found = source.resolve(wanted).await.map_err(unreadable)?;
    found.ok_or_else(|| {
        let repository = match source.name.as_str() {
            HOSTED => "the cluster repository",
            name => name,
        };
        let advice = "it takes a branch, a tag or a commit";
        Error::NotFound(format!("revision {wanted:?} in {repository}; {advice}"))
    })
}
