//! Runs pods until enough of them have succeeded, or too many have failed.
//!
//! Finished pods are counted exactly once, even when they vanish: each carries a finalizer until
//! its uid is written down in the Job's status.

mod count;
mod decide;
mod end;
mod indexes;
mod make;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use api::selector::LabelSelector;
use api::{Object, ObjectKey};
use client::{Cache, Context, Controller, Error, EventRecorder, Informers, Remedy, Requeue, Watch};

use super::action::execute;
use super::collections::{jobs, pods};
use super::ownership::{candidates, claim, index_orphans};
use super::wake;

use decide::{Decision, Observed, decide};

/// On every pod of a Job until it is counted.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";
const TRACKED_PODS: &str = "tracked pods by job";

pub(crate) struct Jobs {
    owners: Cache,
    pods: Cache,
    recorder: EventRecorder,
}

impl Jobs {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        let pods = informers.cache(&pods());
        index_orphans(&pods);
        pods.add_index(
            TRACKED_PODS,
            Box::new(|pod| tracked_by(pod).into_iter().collect()),
        );
        Self {
            owners: informers.cache(&jobs()),
            pods,
            recorder,
        }
    }

    fn observe(&self, job: Arc<Object>, context: &Context<'_>) -> Observed {
        let selector = LabelSelector::from_object(job.pointer("/spec/selector"));
        let candidates = candidates(&self.pods, &job);
        let claims = claim(&job, &jobs(), &selector, &pods(), candidates);
        let alike = self.pods.with_prefix(job.namespace(), job.name());
        let taken: BTreeSet<String> = alike.iter().map(|pod| pod.name().to_owned()).collect();
        Observed {
            claims,
            taken,
            now: context.now,
            job,
        }
    }

    /// Pods of a Job that is gone have nobody left to count them. A new Job may have its name.
    async fn let_go(
        &self,
        key: &ObjectKey,
        job: Option<&Object>,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        let id = format!("{}/{}", key.namespace, key.name);
        let current = job.map(Object::uid);
        let actions: Vec<_> = self
            .pods
            .indexed(TRACKED_PODS, &id)
            .iter()
            .filter(|pod| pod.controller().map(|owner| owner.uid) != current)
            .map(|pod| count::untracked(pod))
            .collect();
        execute(&actions, context, &self.recorder).await
    }
}

/// `namespace/name` of the Job whose finalizer the pod carries.
fn tracked_by(pod: &Object) -> Option<String> {
    let owner = pod.controller().filter(|owner| owner.kind == "Job")?;
    pod.finalizers()
        .any(|finalizer| finalizer == TRACKING)
        .then(|| format!("{}/{}", pod.namespace(), owner.name))
}

#[async_trait]
impl Controller for Jobs {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.owners),
            wake::owners_and_selectors(&self.pods, &self.owners),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let job = self.owners.get(key);
        self.let_go(key, job.as_deref(), context).await?;
        let Some(job) = job else {
            return Ok(Requeue::Done);
        };
        let Decision { actions, again } = decide(&self.observe(job, context));
        match execute(&actions, context, &self.recorder).await {
            // Quota and admission may change without anything here changing.
            Err(error) if error.remedy() == Remedy::Invalid => {
                tracing::warn!(%error, "cannot make what the job needs");
                Ok(Requeue::BackOff)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(again.map_or(Requeue::Done, |wait| {
                Requeue::After(Duration::try_from(wait).unwrap_or(Duration::ZERO))
            })),
        }
    }
}
