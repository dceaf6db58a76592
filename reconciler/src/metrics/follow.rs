//! Turns the history's steps into figures, as they are recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use api::kinds::OnFailure;
use engine::rollout::CommitId;
use jiff::Timestamp;

use super::Metrics;
use super::decide::{Commit, Fate, fate};
use super::spans::{seconds, spans};
use crate::history::{Error, Feed, Reader, Rollout, Step, StepKind};
use crate::sync::core::Core;

/// Before the history is read again after a failure.
const PAUSE: Duration = Duration::from_secs(5);
/// Between two looks whether what went well is there to stay.
const AGAIN: Duration = Duration::from_secs(1);

/// Counts every step of `feed`, without end.
pub(crate) async fn follow(core: Arc<Core>, mut feed: Feed, metrics: Metrics) {
    let mut follower = Follower {
        reader: core.history.reader().clone(),
        metrics,
        drifted: BTreeMap::new(),
        open: BTreeMap::new(),
        core,
    };
    loop {
        let is_open = !follower.open.is_empty();
        let clock = follower.core.env.clock.clone();
        let looked = tokio::select! {
            step = feed.next() => match step {
                Ok(Some(step)) => follower.take(&step).await,
                Ok(None) => return,
                Err(error) => Err(error),
            },
            () = clock.sleep(AGAIN), if is_open => follower.settle().await,
        };
        if let Err(error) = looked {
            tracing::warn!(error = %error, "figures are missing a step of the history");
            clock.sleep(PAUSE).await;
        }
    }
}

struct Follower {
    core: Arc<Core>,
    reader: Reader,
    metrics: Metrics,
    /// Since when each application's drift is known.
    drifted: BTreeMap<String, Timestamp>,
    /// Rollouts that succeeded and may be taken back still, by commit.
    open: BTreeMap<CommitId, BTreeSet<String>>,
}

impl Follower {
    async fn take(&mut self, step: &Step) -> Result<(), Error> {
        self.metrics.count(step);
        match (step.kind, &step.rollout) {
            (StepKind::Succeeded, Some(rollout)) => {
                if let Some(rollout) = self.reader.rollout(rollout).await? {
                    let open = self.open.entry(rollout.revision).or_default();
                    open.insert(rollout.id);
                }
            }
            (StepKind::Drifted, _) => {
                let application = step.application.clone();
                self.drifted.entry(application).or_insert(step.at);
            }
            (StepKind::Corrected, _) => {
                if let Some(since) = self.drifted.remove(&step.application) {
                    self.metrics.corrected(seconds(since, step.at));
                }
            }
            (StepKind::DriftGone, _) => {
                self.drifted.remove(&step.application);
            }
            _ => {}
        }
        Ok(())
    }

    /// Counts what is there to stay by now.
    async fn settle(&mut self) -> Result<(), Error> {
        for (revision, ids) in self.open.clone() {
            let is_decided = self.is_decided(&revision).await?;
            for id in ids {
                let Some(rollout) = self.reader.rollout(&id).await? else {
                    continue;
                };
                let commit = self.commit(&rollout, is_decided).await?;
                let fate = fate(&rollout, commit);
                if fate == Fate::Stays {
                    self.converged(&rollout).await?;
                }
                if let Some(open) = self.open.get_mut(&revision).filter(|_| fate != Fate::Open) {
                    open.remove(&id);
                }
            }
        }
        self.open.retain(|_, ids| !ids.is_empty());
        Ok(())
    }

    async fn is_decided(&self, revision: &CommitId) -> Result<bool, Error> {
        let target = self.core.target();
        let followed = target.filter(|target| target.revision() == revision);
        let stands = &self.core.standings;
        let seen = followed.is_none_or(|target| {
            let mut names = target.applications.keys();
            names.all(|name| stands.is(name, |stand| stand.seen == *revision))
        });
        Ok(seen && self.reader.unfinished_at(revision).await? == 0)
    }

    async fn commit(&self, rollout: &Rollout, is_decided: bool) -> Result<Commit, Error> {
        let target = self.core.target();
        let application = target.and_then(|it| self.core.application(&it, &rollout.application));
        let fellow = self
            .core
            .holds
            .fellow(&rollout.application, &rollout.revision);
        let failed = fellow.is_some_and(|it| it.since >= rollout.started_at);
        // Only then it matters.
        let is_past = failed && {
            let last = self.reader.last_rollout(&rollout.application).await?;
            last.is_some_and(|last| last.number > rollout.number)
        };
        Ok(Commit {
            is_decided,
            together: application.is_some_and(|it| it.policy.on_failure == OnFailure::Restore),
            failed,
            is_past,
        })
    }

    async fn converged(&self, rollout: &Rollout) -> Result<(), Error> {
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
        if let Some(spans) = spans(rollout, push.as_ref(), &applies) {
            self.metrics.converged(spans);
        }
        Ok(())
    }
}
