//! Starts Jobs by the clock.

mod decide;
mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use api::{Object, ObjectKey};
use client::{Cache, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::execute;
use super::collections::{cron_jobs, jobs};
use super::wake;

use decide::{Decision, Observed, decide};
use schedule::Schedule;

/// Clocks are read a little after the minute rather than before it.
const MARGIN: Duration = Duration::from_millis(100);

pub(crate) struct CronJobs {
    owners: Cache,
    jobs: Cache,
    recorder: EventRecorder,
}

impl CronJobs {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        Self {
            owners: informers.cache(&cron_jobs()),
            jobs: informers.cache(&jobs()),
            recorder,
        }
    }

    fn observe(&self, cron_job: Arc<Object>, context: &Context<'_>) -> Observed {
        let uid = cron_job.uid();
        let mut jobs = self.jobs.owned_by(&uid);
        jobs.retain(|job| job.controller().is_some_and(|owner| owner.uid == uid));
        Observed {
            schedule: Schedule::parse(
                cron_job.text("/spec/schedule"),
                cron_job.text("/spec/timeZone"),
            ),
            jobs,
            now: context.now,
            cron_job,
        }
    }
}

#[async_trait]
impl Controller for CronJobs {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.owners),
            wake::owners(&self.jobs, &cron_jobs()),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(cron_job) = self.owners.get(key) else {
            return Ok(Requeue::Done);
        };
        let Decision { actions, again } = decide(&self.observe(cron_job, context));
        execute(&actions, context, &self.recorder).await?;
        Ok(again.map_or(Requeue::Done, |wait| {
            Requeue::After(Duration::try_from(wait).unwrap_or(Duration::ZERO) + MARGIN)
        }))
    }
}
