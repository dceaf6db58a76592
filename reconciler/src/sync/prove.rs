//! A proof for each commit that is in the cluster as a whole.

use std::collections::BTreeMap;

use api::{Object, ObjectKey};
use engine::plan::Step;
use engine::proof::{Leaf, root};
use engine::{Manifest, Plan};

use super::again::Proven;
use super::execute::Execution;
use super::plan::{Answer, Missing, ask};
use crate::config::MANAGER;
use crate::history::{NewProof, Rollout, Write};

impl Execution<'_> {
    /// What comes with a verdict that all is well.
    pub(super) async fn prove_first(&mut self) -> Result<(), client::Error> {
        let taken = self.take_over().await?;
        match self.rollout.clone() {
            Some(rollout) => self.prove(&rollout, taken).await,
            None => Ok(()),
        }
    }

    /// Records what is there beside what is asked for, object by object, with the verdict. `taken`
    /// was written since the cluster was looked at.
    pub(super) async fn prove(
        &mut self,
        rollout: &Rollout,
        taken: Vec<Object>,
    ) -> Result<(), client::Error> {
        let observation = self.observation;
        let Ok(plan) = &observation.plan else {
            return Ok(());
        };
        if rollout.options.is_partial() {
            return Ok(());
        }
        let kinds = self.core.cluster.kinds();
        let taken = taken.into_iter();
        let taken: BTreeMap<ObjectKey, Object> = taken
            .filter_map(|object| Some((kinds.key(&object)?, object)))
            .collect();
        let live = |key: &ObjectKey| taken.get(key).or_else(|| observation.live.get(key));
        let is_made = |step: &Step| {
            let live = live(&step.key);
            live.is_some_and(|live| self.memory.is_made(&step.key, &step.object, live))
        };
        let stored = if plan.steps().all(is_made) {
            BTreeMap::new()
        } else {
            self.stored(plan).await?
        };
        let manifests = observation.render.manifests().iter();
        let manifests: BTreeMap<ObjectKey, &Object> = manifests
            .filter_map(|manifest| Some((kinds.key(&manifest.object)?, &manifest.object)))
            .collect();
        let leaf = |step: &Step| {
            let (live, manifest) = (live(&step.key)?, manifests.get(&step.key)?);
            // What the server made of this very manifest is there: it need not be asked again.
            let stored = stored
                .get(&step.key)
                .or_else(|| is_made(step).then_some(live));
            let applied = &step.object;
            Some(Leaf::of(
                &step.key, manifest, applied, stored, live, MANAGER,
            ))
        };
        let leaves: Vec<Leaf> = plan.steps().filter_map(leaf).collect();
        self.memory.proven = Some(Proven::of(&rollout.id));
        let proof = NewProof {
            root: root(&rollout.application, &rollout.revision, &leaves),
            rollout: rollout.id.clone(),
            leaves,
            at: self.now(),
        };
        self.pending.push(match &self.rollout {
            Some(_) => Write::Proof(proof),
            None => Write::ProofAgain(proof),
        });
        Ok(())
    }

    /// What the server says it would store if all of it were applied now.
    async fn stored(&self, plan: &Plan) -> Result<BTreeMap<ObjectKey, Object>, client::Error> {
        let manifest = |step: &Step| Manifest {
            object: step.object.clone(),
            origin: step.origin.clone(),
        };
        let manifests: Vec<Manifest> = plan.steps().map(manifest).collect();
        let manifests: Vec<&Manifest> = manifests.iter().collect();
        let cluster = &self.core.cluster;
        Ok(
            match ask(cluster, self.client, &manifests, Missing::Wait).await? {
                Answer::Stored(stored) => stored.objects,
                Answer::Unsaid | Answer::Refused(_) => BTreeMap::new(),
            },
        )
    }
}
