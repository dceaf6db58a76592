//! A recorded proof, made again: from what is recorded, from Git, and from the cluster as it is now.

use std::collections::{BTreeMap, BTreeSet};

use api::ObjectKey;
use engine::proof::{self, Leaf};
use jiff::Timestamp;

use super::types::{ProofObject, ProofView};
use super::{Error, queries, rendered};
use crate::config::MANAGER;
use crate::history::Proof;
use crate::sync::core::Core;

pub(super) async fn proof(
    core: &Core,
    application: &str,
    commit: &str,
    at: Timestamp,
) -> Result<ProofView, Error> {
    let found = core.history.reader().proof(application, commit, at);
    let found = found.await?;
    let nothing = || {
        if !queries::exists(core, application) {
            return queries::missing(application);
        }
        let which = if commit.is_empty() {
            String::new()
        } else {
            format!("of commit {commit:?} ")
        };
        Error::NotFound(format!(
            "proof {which}in application {application}: one is made where a rollout succeeds"
        ))
    };
    let found = found.ok_or_else(nothing)?;
    let manifests = manifests(core, &found).await;
    let keys: BTreeSet<ObjectKey> = found.leaves.iter().map(|leaf| leaf.key.clone()).collect();
    let live = core.cluster.live(&keys).await.map_err(Error::Cluster)?;
    let objects: Vec<ProofObject> = found
        .leaves
        .iter()
        .map(|leaf| {
            let live = live.get(&leaf.key);
            ProofObject {
                matches: leaf.matches(),
                holds: live.is_some_and(|live| leaf.holds(live, MANAGER)),
                leaf: leaf.clone(),
            }
        })
        .collect();
    Ok(ProofView {
        root_recomputes: proof::root(&found.application, &found.commit, &found.leaves)
            == found.root,
        commit_recomputes: manifests.map(|manifests| {
            let is_it = |leaf: &Leaf| manifests.get(&leaf.key) == Some(&leaf.manifest);
            manifests.len() == found.leaves.len() && found.leaves.iter().all(is_it)
        }),
        matching: objects.iter().filter(|object| object.matches).count(),
        holding: objects.iter().filter(|object| object.holds).count(),
        application: found.application,
        commit: found.commit,
        rollout: found.rollout,
        at: found.at,
        until: found.until,
        again: found.again,
        root: found.root,
        objects,
    })
}

/// The hashes of the manifests as the commit has them now; `None` where Git cannot say.
async fn manifests(core: &Core, proof: &Proof) -> Option<BTreeMap<ObjectKey, String>> {
    let rendered = rendered::at(core, &proof.application, &proof.commit)
        .await
        .ok()?;
    let manifests = rendered.render.manifests.as_ref().ok()?.iter();
    let kinds = core.cluster.kinds();
    let kept = manifests
        .filter(|it| engine::hook::role(it).is_ok_and(|role| role == engine::hook::Role::Kept));
    kept.map(|it| Some((kinds.key(&it.object)?, proof::manifest(&it.object))))
        .collect()
}
