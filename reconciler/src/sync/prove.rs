//! A proof for each commit that is in the cluster as a whole.

use std::collections::BTreeSet;

use api::ObjectKey;
use engine::proof::{Leaf, live, root, wanted};

use super::execute::Execution;
use crate::config::MANAGER;
use crate::history::Write;

impl Execution<'_> {
    /// Records what is there, object by object, with the verdict.
    pub(super) fn prove(&mut self) {
        let observation = self.observation;
        let (Some(rollout), Ok(plan)) = (&self.rollout, &observation.plan) else {
            return;
        };
        if rollout.options.is_partial() {
            return;
        }
        let manifests = observation.render.manifests();
        let kinds = self.core.cluster.kinds();
        let kept: BTreeSet<&ObjectKey> = plan.steps().map(|step| &step.key).collect();
        let leaf = |manifest: &engine::Manifest| {
            let key = kinds
                .key(&manifest.object)
                .filter(|key| kept.contains(key))?;
            let object = observation.live.get(&key)?;
            Some(Leaf {
                kind: object.kind().to_owned(),
                uid: object.uid(),
                resource_version: object.resource_version().0,
                wanted: wanted(&manifest.object),
                live: live(object, MANAGER),
                key,
            })
        };
        let leaves: Vec<Leaf> = manifests.iter().filter_map(leaf).collect();
        self.pending.push(Write::Proof {
            rollout: rollout.id.clone(),
            root: root(&rollout.application, &rollout.revision, &leaves),
            leaves,
            at: self.now(),
        });
    }
}
