//! Keeps the number of pods of a ReplicaSet. Knows nothing of Deployments but that siblings share
//! a node: it removes first where most of them are.

mod decide;
pub(crate) mod rank;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use api::selector::LabelSelector;
use api::{Object, ObjectKey};
use client::{Cache, Context, Controller, Error, EventRecorder, Informers, Remedy, Requeue, Watch};

use super::action::execute;
use super::collections::{pods, replica_sets};
use super::ownership::{candidates, claim, index_orphans};
use super::{pod, wake};

use decide::{Observed, decide};
use status::{Report, status};

pub(crate) struct ReplicaSets {
    sets: Cache,
    pods: Cache,
    recorder: EventRecorder,
}

impl ReplicaSets {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        let pods = informers.cache(&pods());
        index_orphans(&pods);
        Self {
            sets: informers.cache(&replica_sets()),
            pods,
            recorder,
        }
    }

    fn observe(&self, set: Arc<Object>, context: &Context<'_>) -> Observed {
        let candidates = candidates(&self.pods, &set);
        let alike = self.pods.with_prefix(set.namespace(), set.name());
        let taken: BTreeSet<String> = alike.iter().map(|pod| pod.name().to_owned()).collect();
        let nodes = self.siblings_per_node(&set);
        let selector = LabelSelector::from_object(set.pointer("/spec/selector"));
        let claims = claim(&set, &replica_sets(), &selector, &pods(), candidates);
        Observed {
            claims,
            nodes,
            taken,
            now: context.now,
            set,
        }
    }

    /// Active pods per node of all ReplicaSets with the same controller.
    fn siblings_per_node(&self, set: &Object) -> BTreeMap<String, usize> {
        let siblings = match set.controller() {
            Some(controller) => self.sets.owned_by(&controller.uid),
            None => self
                .sets
                .find(set.namespace(), set.name())
                .into_iter()
                .collect(),
        };
        let mut nodes = BTreeMap::new();
        for sibling in siblings {
            for pod in self.pods.owned_by(&sibling.uid()) {
                if pod::is_active(&pod) {
                    *nodes
                        .entry(pod.text("/spec/nodeName").to_owned())
                        .or_default() += 1;
                }
            }
        }
        nodes
    }
}

#[async_trait]
impl Controller for ReplicaSets {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "replicaset-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.sets),
            wake::owners_and_selectors(&self.pods, &self.sets),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(set) = self.sets.get(key) else {
            return Ok(Requeue::Done);
        };
        let observed = self.observe(set, context);
        let actions = decide(&observed);
        let outcome = execute(&actions, context, &self.recorder).await;
        let failure = outcome.as_ref().err().filter(|error| !error.is_conflict());
        let Report { action, again } = status(&observed, failure.map(Error::to_string));
        if let Some(action) = action {
            execute(&[action], context, &self.recorder).await?;
        }
        match outcome {
            Err(error) if namespace_is_going(&error) => Ok(Requeue::Done),
            // Quota and admission may change without anything here changing.
            Err(error) if error.remedy() == Remedy::Invalid => Ok(Requeue::BackOff),
            Err(error) => Err(error),
            Ok(()) => Ok(again.map_or(Requeue::Done, |wait| {
                Requeue::After(Duration::try_from(wait).unwrap_or(Duration::ZERO))
            })),
        }
    }
}

fn namespace_is_going(error: &Error) -> bool {
    matches!(error, Error::Api(status)
        if status.causes.iter().any(|cause| cause.reason == "NamespaceTerminating"))
}
