//! What is different between two states of an application: what is live, and commits.

use std::borrow::Cow;

use engine::plan::{between, lines, reversed};
use engine::rollout::{CommitId, Options};
use engine::{Manifest, Problems};

use super::plan::{plan_to, resolve};
use super::queries::unreadable;
use super::rendered;
use super::{Error, PlanView, Side};
use crate::history::Rollout;
use crate::source::Source;
use crate::sync::core::Core;

/// The word for what is in the cluster.
const LIVE: &str = "live";

pub(super) async fn compare(
    core: &Core,
    name: &str,
    from: &str,
    to: &str,
) -> Result<PlanView, Error> {
    let is_live = |text: &str| text.eq_ignore_ascii_case(LIVE);
    match (from.is_empty() || is_live(from), is_live(to)) {
        (true, true) => Err(Error::Impossible(
            "what is live is the same on both sides: name a branch, a tag, a commit or a rollout on one of them".into(),
        )),
        (true, false) => with_live(core, name, to).await,
        (false, true) => {
            let there = with_live(core, name, from).await?;
            let (plan, sides) = reversed(&there.plan, &there.sides);
            Ok(PlanView {
                from: there.to,
                to: there.from,
                lines: lines(&plan),
                plan,
                sides,
                ..there
            })
        }
        (false, false) => commits(core, name, from, to).await,
    }
}

async fn with_live(core: &Core, name: &str, text: &str) -> Result<PlanView, Error> {
    let asked = find(core, name, text).await?;
    let view = plan_to(core, name, &asked.id, &Options::default()).await?;
    let source = source(core, name);
    let to = side(core, name, &source, asked).await?;
    Ok(PlanView { to, ..view })
}

async fn commits(core: &Core, name: &str, from: &str, to: &str) -> Result<PlanView, Error> {
    let (from, to) = (find(core, name, from).await?, find(core, name, to).await?);
    let (old, new) = (
        manifests(core, name, &from.id).await?,
        manifests(core, name, &to.id).await?,
    );
    let refused = |problems: Problems| Error::Refused(problems.to_string());
    let (plan, sides) = between(&core.cluster.kinds(), &old, &new).map_err(refused)?;
    let source = source(core, name);
    let commit = source.commit(&to.id).await.map_err(unreadable)?;
    Ok(PlanView {
        application: name.to_owned(),
        from: side(core, name, &source, from).await?,
        to: side(core, name, &source, to).await?,
        commit,
        lines: lines(&plan),
        plan,
        sides,
    })
}

/// A commit, and the rollout that it was named by.
struct Asked {
    id: CommitId,
    rollout: Option<Rollout>,
}

async fn find(core: &Core, name: &str, text: &str) -> Result<Asked, Error> {
    if let Some(id) = rollout(name, text) {
        let known = core.history.reader().rollout(&id).await?;
        if let Some(rollout) = known {
            return Ok(Asked {
                id: rollout.revision.clone(),
                rollout: Some(rollout),
            });
        }
    }
    Ok(Asked {
        id: resolve(core, name, text).await?,
        rollout: None,
    })
}

/// The id of the rollout that may be meant: `web-12`, or `12` of `web`.
fn rollout(name: &str, text: &str) -> Option<String> {
    let number = match text.strip_prefix(name) {
        Some(rest) => rest.strip_prefix('-')?,
        None => text,
    };
    let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| format!("{name}-{number}"))
}

fn source(core: &Core, name: &str) -> Source {
    let target = core.target();
    let application = target.and_then(|target| core.application(&target, name));
    application.map_or_else(|| core.source.clone(), |it| core.source_of(&it))
}

async fn side(core: &Core, name: &str, source: &Source, asked: Asked) -> Result<Side, Error> {
    let commit = source.commit(&asked.id).await.map_err(unreadable)?;
    Ok(Side {
        commit: Some(commit),
        rollout: asked.rollout,
        unmerged: is_unmerged(core, name, source, asked.id).await?,
    })
}

/// Whether what the application follows does not have the commit; of what it follows in vain,
/// nobody can say so.
async fn is_unmerged(
    core: &Core,
    name: &str,
    source: &Source,
    id: CommitId,
) -> Result<bool, Error> {
    let tracked = match resolve(core, name, "").await {
        Err(Error::NotFound(_)) => return Ok(false),
        tracked => tracked?,
    };
    let standing = source
        .location
        .read(move |git| git.stands_on(&tracked, &id));
    Ok(!standing.await.map_err(unreadable)?)
}

/// What a commit asks for, decrypted.
async fn manifests(core: &Core, name: &str, id: &CommitId) -> Result<Vec<Manifest>, Error> {
    let render = rendered::at(core, name, id).await?.render;
    let refused = |problems: &Problems| {
        let id = id.short();
        Error::Impossible(format!("commit {id} cannot be compared:\n{problems}"))
    };
    let manifests = render.manifests.as_ref().map_err(refused)?;
    let opened = core.renders.open(&render, manifests);
    opened.map(Cow::into_owned).map_err(|it| refused(&it))
}

#[cfg(test)]
mod tests {
    use super::rollout;

    #[test]
    fn a_rollout_is_named_by_its_id_or_its_number() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(rollout("web", text).as_deref(), expected, "{text}");
        };
        check("12", Some("web-12"));
        check("web-12", Some("web-12"));
        check("main", None);
        check("web", None);
        check("web-", None);
        check("web-main", None);
        check("12ab", None);
        check("", None);
    }
}
