//! The plans of several Applications at once: the server is asked about all of them together, for
//! one may bring what another needs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::ObjectKey;
use engine::application::Found;
use engine::plan::{self, Input, Prune};
use engine::rollout::{CommitId, Options};
use engine::{Application, Manifest, Plan, Problems};

use super::core::Core;
use super::foreign;
use super::plan::{Answer, Missing, Stored, ask, findings, keys, ordered, respect};
use super::render::Render;
use crate::source::Location;

/// What is asked for, all at once.
pub(super) struct Wanted<'a> {
    pub(super) location: &'a Location,
    pub(super) commit: &'a CommitId,
    pub(super) found: &'a [Found],
    pub(super) renders: &'a BTreeMap<String, Arc<Render>>,
    /// Those that would be rolled out, dependencies first.
    pub(super) order: Vec<&'a Application>,
    /// Objects that come before all others.
    pub(super) definitions: Vec<Manifest>,
}

/// Asks the server about all of it, and makes each plan.
pub(super) async fn plans(
    core: &Core,
    wanted: &Wanted<'_>,
) -> Result<Result<BTreeMap<String, Plan>, Problems>, client::Error> {
    let Wanted { order, renders, .. } = wanted;
    let (location, commit, found) = (wanted.location, wanted.commit, wanted.found);
    let definitions = &wanted.definitions;
    let opened = match opened(core, order, renders) {
        Ok(opened) => opened,
        Err(problems) => return Ok(Err(problems)),
    };
    let respected = respected(core, order, &opened).await?;
    let mut manifests: Vec<&Manifest> = definitions.iter().collect();
    for application in order {
        manifests.extend(ordered(&core.cluster, &respected[&application.name]));
    }
    // Nobody fails for a namespace that a later Application brings.
    manifests.sort_by_key(|manifest| manifest.object.kind() != "Namespace");
    let asked = ask(&core.cluster, &*core.client, &manifests, Missing::Refuse);
    let stored = match asked.await? {
        Answer::Stored(stored) => stored,
        Answer::Unsaid => Stored::default(),
        Answer::Refused(refused) => return findings(location, commit, refused).await.map(Err),
    };
    let all = renders.values().flat_map(|render| render.manifests());
    let claimed = keys(core.cluster.kinds(), all);
    let mut plans = BTreeMap::new();
    for application in order {
        let manifests = &respected[&application.name];
        let prune = Prune::of(application, &Options::default());
        match plan_one(
            core,
            application,
            manifests,
            &stored,
            &claimed,
            &prune,
            found,
        )
        .await?
        {
            Ok(plan) => plans.insert(application.name.clone(), plan),
            Err(problems) => return Ok(Err(problems)),
        };
    }
    Ok(Ok(plans))
}

/// What each Application asks for, decrypted.
fn opened<'a>(
    core: &Core,
    applications: &[&Application],
    renders: &'a BTreeMap<String, Arc<Render>>,
) -> Result<BTreeMap<String, Cow<'a, [Manifest]>>, Problems> {
    let open = |application: &&Application| {
        let render = &renders[&application.name];
        let opened = core.renders.open(render, render.manifests())?;
        Ok((application.name.clone(), opened))
    };
    applications.iter().map(open).collect()
}

/// What each Application would have applied.
async fn respected<'a>(
    core: &Core,
    applications: &[&Application],
    opened: &'a BTreeMap<String, Cow<'a, [Manifest]>>,
) -> Result<BTreeMap<String, Cow<'a, [Manifest]>>, client::Error> {
    let mut respected = BTreeMap::new();
    for application in applications {
        let manifests = &*opened[&application.name];
        let live = if application.ignore.is_empty() {
            BTreeMap::new()
        } else {
            let keys = keys(core.cluster.kinds(), manifests);
            core.cluster.live(&keys).await?
        };
        let manifests = respect(core, application, manifests, &live);
        respected.insert(application.name.clone(), manifests);
    }
    Ok(respected)
}

pub(super) async fn plan_one(
    core: &Core,
    application: &Application,
    manifests: &[Manifest],
    stored: &Stored,
    claimed: &BTreeSet<ObjectKey>,
    prune: &Prune,
    found: &[Found],
) -> Result<Result<Plan, Problems>, client::Error> {
    let kinds = core.cluster.kinds();
    let inventory = core.inventory.of(&application.name);
    let mut wanted = keys(kinds, manifests);
    let own = wanted.clone();
    wanted.extend(inventory.iter().map(|entry| entry.key.clone()));
    let live = core.cluster.live(&wanted).await?;
    let claim = |owner: &str, key: &ObjectKey| foreign::claim_beside(core, found, owner, key);
    if let Err(problems) = foreign::refuse(core, application, manifests, &live, claim)? {
        return Ok(Err(problems));
    }
    let planned = plan::build(&Input {
        kinds,
        manifests,
        live: &live,
        stored: &stored.objects,
        renewed: &stored.renewed,
        inventory: &inventory,
        prune,
    });
    Ok(planned.map(|mut plan| {
        let others = claimed.difference(&own).cloned().collect();
        plan.hold(&others, prune, inventory.len());
        plan
    }))
}
