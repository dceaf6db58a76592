//! Moves a Deployment's pods from one template to the next, through ReplicaSets.

mod decide;
mod fraction;
mod recreate;
mod revision;
mod rolling;
mod scale;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use api::selector::LabelSelector;
use api::{Object, ObjectKey};
use client::{Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::execute;
use super::collections::{deployments, pods, replica_sets};
use super::ownership::{candidates, claim, index_orphans};
use super::{pod, wake};

use decide::{Decision, Observed, decide};

pub(crate) struct Deployments {
    owners: Cache,
    sets: Cache,
    pods: Cache,
    recorder: EventRecorder,
}

impl Deployments {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        let sets = informers.cache(&replica_sets());
        index_orphans(&sets);
        Self {
            owners: informers.cache(&deployments()),
            sets,
            pods: informers.cache(&pods()),
            recorder,
        }
    }

    fn observe(&self, deployment: Arc<Object>, context: &Context<'_>) -> Observed {
        let selector = LabelSelector::from_object(deployment.pointer("/spec/selector"));
        let candidates = candidates(&self.sets, &deployment);
        let claims = claim(
            &deployment,
            &deployments(),
            &selector,
            &replica_sets(),
            candidates,
        );
        let running = claims
            .owned
            .iter()
            .map(|set| {
                let pods = self.pods.owned_by(&set.uid());
                let running = pods.iter().filter(|pod| !pod::is_finished(pod)).count();
                (set.uid(), running)
            })
            .collect();
        let alike = self
            .sets
            .with_prefix(deployment.namespace(), deployment.name());
        Observed {
            taken: alike.iter().map(|set| set.name().to_owned()).collect(),
            claims,
            running,
            now: context.now,
            deployment,
        }
    }

    /// A pod that is gone may be what a Deployment that recreates its pods waits for.
    fn pod_watch(&self) -> Watch<ObjectKey> {
        let sets = self.sets.clone();
        let wake = move |change: &Change| {
            let over = change.after.as_deref().is_none_or(pod::is_finished);
            let owner = change.object().controller().filter(|_| over);
            let set = owner.and_then(|owner| sets.find(&change.key.namespace, &owner.name));
            let owner = set.and_then(|set| set.controller());
            owner
                .map(|owner| deployments().key(&change.key.namespace, owner.name))
                .into_iter()
                .collect()
        };
        Watch {
            cache: self.pods.clone(),
            wake: Box::new(wake),
        }
    }
}

#[async_trait]
impl Controller for Deployments {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.owners),
            wake::owners_and_selectors(&self.sets, &self.owners),
            self.pod_watch(),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(deployment) = self.owners.get(key) else {
            return Ok(Requeue::Done);
        };
        let Decision { actions, again } = decide(&self.observe(deployment, context));
        execute(&actions, context, &self.recorder).await?;
        Ok(again.map_or(Requeue::Done, |wait| {
            Requeue::After(Duration::try_from(wait).unwrap_or(Duration::ZERO))
        }))
    }
}
