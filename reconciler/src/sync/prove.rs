//! A proof for each commit that is in the cluster as a whole.

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
        let leaf = |manifest: &engine::Manifest| {
            let key = kinds.key(&manifest.object)?;
            let object = observation.live.get(&key)?;
            let is_kept = plan.steps().any(|step| step.key == key);
            is_kept.then(|| Leaf {
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
