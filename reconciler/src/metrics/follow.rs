//! Turns the history's steps into figures, as they are recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use client::Env;
use jiff::Timestamp;

use super::Metrics;
use super::spans::{seconds, spans};
use crate::history::{Error, Feed, Reader, Step, StepKind};

/// Before the history is read again after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// Counts every step of `feed`, without end.
pub(crate) async fn follow(mut feed: Feed, reader: Reader, metrics: Metrics, env: Env) {
    let mut follower = Follower {
        reader,
        metrics,
        drifted: BTreeMap::new(),
    };
    loop {
        let error = match feed.next().await {
            Ok(Some(step)) => match follower.take(&step).await {
                Ok(()) => continue,
                Err(error) => error,
            },
            Ok(None) => return,
            Err(error) => error,
        };
        tracing::warn!(error = %error, "figures are missing a step of the history");
        env.clock.sleep(PAUSE).await;
    }
}

pub(super) struct Follower {
    pub(super) reader: Reader,
    pub(super) metrics: Metrics,
    /// Since when each application's drift is known.
    pub(super) drifted: BTreeMap<String, Timestamp>,
}

impl Follower {
    pub(super) async fn take(&mut self, step: &Step) -> Result<(), Error> {
        self.metrics.count(step);
        match (step.kind, &step.rollout) {
            (StepKind::Succeeded, Some(rollout)) => self.converged(rollout).await?,
            (StepKind::Drifted, _) => {
                let application = step.application.clone();
                self.drifted.entry(application).or_insert(step.at);
            }
            (StepKind::Corrected, _) => {
                if let Some(since) = self.drifted.remove(&step.application) {
                    self.metrics.corrected(seconds(since, step.at));
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn converged(&self, rollout: &str) -> Result<(), Error> {
        let Some(rollout) = self.reader.rollout(rollout).await? else {
            return Ok(());
        };
        let push = match &rollout.push {
            Some(id) => {
                let newest = self.reader.push_of(&rollout.revision).await?;
                match newest.filter(|push| push.id == *id) {
                    Some(push) => Some(push),
                    None => self.reader.push(id).await?,
                }
            }
            None => None,
        };
        let applies = self.reader.applies(&rollout.id).await?;
        if let Some(spans) = spans(&rollout, push.as_ref(), &applies) {
            self.metrics.converged(spans);
        }
        Ok(())
    }
}
