//! Whether what an Application asks for is somebody else's.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, ObjectKey};
use engine::application::Found;
use engine::plan::{Foreign, foreign};
use engine::{Application, Manifest, Problems};

use super::core::{Core, SET};
use super::read::is_here;
use super::target::Target;
use crate::config::MANAGER;

/// What another Application asks for.
pub(crate) enum Claim {
    Wanted,
    Dropped,
    /// It has not been looked at since the start.
    Unknown,
}

/// Refuses what is not the Application's to write.
///
/// # Errors
/// The outer one where it cannot be said yet.
pub(crate) fn refuse(
    core: &Core,
    application: &Application,
    manifests: &[Manifest],
    live: &BTreeMap<ObjectKey, Object>,
    claim: impl Fn(&str, &ObjectKey) -> Claim,
) -> Result<Result<(), Problems>, client::Error> {
    let mut problems = Vec::new();
    let kinds = core.cluster.kinds();
    for manifest in manifests {
        let Some(key) = kinds.key(&manifest.object) else {
            continue;
        };
        let found = match core.inventory.owner(&key) {
            Some(owner) if owner == application.name || owner == SET => None,
            Some(owner) => match claim(&owner, &key) {
                Claim::Wanted => Some(Foreign::Application(owner)),
                Claim::Dropped => None,
                Claim::Unknown => return Err(unknown(&owner)),
            },
            None => {
                let live = live.get(&key);
                live.and_then(|live| foreign(application, manifest, live, MANAGER))
            }
        };
        problems.extend(found.map(|it| it.problem(application, manifest)));
    }
    Ok(Problems(problems).or(()))
}

/// What an Application asks for, as the cluster and the followed commit have it.
pub(crate) fn claim(core: &Core, target: &Target, owner: &str, key: &ObjectKey) -> Claim {
    match core.application(target, owner) {
        Some(application) => claim_of(core, target, &application, key),
        None => Claim::Dropped,
    }
}

/// The same, seen from a commit that is not followed yet. Of its own Applications, no two ask
/// for the same.
pub(crate) fn claim_beside(
    core: &Core,
    found: &[Arc<Found>],
    owner: &str,
    key: &ObjectKey,
) -> Claim {
    let Some(target) = core.target() else {
        return Claim::Dropped;
    };
    let mut all = found.iter().map(|found| &found.application);
    match all.find(|application| application.name == owner) {
        Some(application) if is_here(application) => Claim::Dropped,
        Some(application) => claim_of(core, &target, application, key),
        // It leaves with this commit.
        None if target.application(owner).is_some() => Claim::Dropped,
        None => claim(core, &target, owner, key),
    }
}

fn claim_of(core: &Core, target: &Target, application: &Application, key: &ObjectKey) -> Claim {
    let revision = if is_here(application) {
        target.revision().clone()
    } else {
        match core.standings.get(&application.name) {
            Some(stand) => stand.standing.revision.clone(),
            None => return Claim::Unknown,
        }
    };
    let Some(render) = core.renders.known(application, &revision) else {
        // One that cannot be read keeps what it has.
        return if core.standings.get(&application.name).is_some() {
            Claim::Wanted
        } else {
            Claim::Unknown
        };
    };
    let Ok(manifests) = &render.manifests else {
        return Claim::Wanted;
    };
    let kinds = core.cluster.kinds();
    let asks = |manifest: &Manifest| kinds.key(&manifest.object).as_ref() == Some(key);
    if manifests.iter().any(asks) {
        Claim::Wanted
    } else {
        Claim::Dropped
    }
}

fn unknown(owner: &str) -> client::Error {
    client::Error::Decode {
        operation: "tell whose the objects are".into(),
        detail: format!("application {owner} was not looked at yet"),
    }
}
