//! One step of a Job: count what finished, see whether that is the end, make or remove pods.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::Object;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::count::{self, Going, count};
use super::end::{self, end};
use super::make::{Moves, moves, remove};
use super::status::{Facts, status};
use crate::controllers::action::Action;
use crate::controllers::collections::jobs;
use crate::controllers::ownership::Claims;
use crate::controllers::pod;

/// What the caches hold for one Job.
pub(super) struct Observed {
    pub(super) job: Arc<Object>,
    /// Its pods, finished ones included.
    pub(super) claims: Claims,
    /// Pod names that begin with the Job's.
    pub(super) taken: BTreeSet<String>,
    pub(super) now: Timestamp,
}

impl Observed {
    /// Pods that run, or will.
    pub(super) fn active(&self) -> Vec<&Object> {
        self.claims
            .owned
            .iter()
            .map(Arc::as_ref)
            .filter(|pod| pod::is_active(pod))
            .collect()
    }

    /// Pods that were told to stop and have not.
    pub(super) fn terminating(&self) -> impl Iterator<Item = &Object> {
        self.claims
            .owned
            .iter()
            .map(Arc::as_ref)
            .filter(|pod| pod.is_deleting() && !pod::is_finished(pod))
    }
}

pub(super) struct Decision {
    pub(super) actions: Vec<Action>,
    pub(super) again: Option<SignedDuration>,
}

/// The Job's spec, with its defaults.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) parallelism: i64,
    /// `None`: the first success is the beginning of the end.
    pub(super) completions: Option<i64>,
    pub(super) backoff_limit: i64,
    pub(super) is_indexed: bool,
    pub(super) is_suspended: bool,
    /// Containers restart in their pods instead of pods being replaced.
    pub(super) restarts_in_place: bool,
    /// A pod that is going keeps its place until it has finished.
    pub(super) replaces_only_failed: bool,
}

impl Spec {
    fn of(job: &Object) -> Self {
        Self {
            parallelism: number(job, "parallelism").unwrap_or(1),
            completions: number(job, "completions"),
            backoff_limit: number(job, "backoffLimit").unwrap_or(6),
            is_indexed: job.text("/spec/completionMode") == "Indexed",
            is_suspended: job.pointer("/spec/suspend") == Some(&Value::Bool(true)),
            restarts_in_place: job.text("/spec/template/spec/restartPolicy") == "OnFailure",
            replaces_only_failed: job.text("/spec/podReplacementPolicy") == "Failed",
        }
    }

    /// How many indexes there are.
    pub(super) fn indexes(&self) -> Option<i64> {
        self.completions.filter(|_| self.is_indexed)
    }
}

pub(super) fn number(job: &Object, field: &str) -> Option<i64> {
    job.body["spec"][field].as_i64()
}

pub(super) fn decide(observed: &Observed) -> Decision {
    let job = &observed.job;
    if !observed.claims.changes.is_empty() {
        return Decision {
            actions: observed.claims.changes.clone(),
            again: None,
        };
    }
    let spec = Spec::of(job);
    let is_finished = end::is_finished(&job.body["status"]);
    let is_over = is_finished || job.is_deleting() || is_ending(job);
    let going = if is_over || !spec.replaces_only_failed {
        Going::HasFailed
    } else {
        Going::MayFinish
    };
    let counts = count(job, &observed.claims.owned, spec.indexes(), going);
    let active = observed.active();
    let end = end(job, &spec, &counts, &active, observed.now);
    let is_stopping = is_finished || end.is_some() || spec.is_suspended;
    let Moves { actions, again } = if job.is_deleting() {
        Moves::default()
    } else if is_stopping {
        stop(&active)
    } else {
        moves(observed, &spec, &counts)
    };
    // First the status says which pods are counted, then they lose their finalizers.
    let facts = Facts {
        observed,
        spec: &spec,
        counts: &counts,
        end: end.as_ref(),
        stops: actions
            .iter()
            .filter(|action| matches!(action, Action::Delete { .. }))
            .count(),
    };
    let mut all: Vec<Action> = status(&facts);
    all.extend(counts.settled.iter().map(|pod| count::untracked(pod)));
    all.extend(actions);
    if is_finished && end::expires_in(job, observed.now).is_some_and(|left| !left.is_positive()) {
        all.push(Action::delete(&jobs(), job));
    }
    Decision {
        actions: all,
        again: [again, next_look(observed, is_finished)]
            .into_iter()
            .flatten()
            .min(),
    }
}

/// An end is written down, and pods may still run.
fn is_ending(job: &Object) -> bool {
    let status = &job.body["status"];
    ["FailureTarget", "SuccessCriteriaMet"]
        .into_iter()
        .any(|kind| crate::controllers::conditions::is_true(status, kind))
}

fn stop(active: &[&Object]) -> Moves {
    Moves {
        actions: active.iter().flat_map(|pod| remove(pod)).collect(),
        again: None,
    }
}

fn next_look(observed: &Observed, is_finished: bool) -> Option<SignedDuration> {
    let left = if is_finished {
        end::expires_in(&observed.job, observed.now)
    } else {
        end::deadline_in(&observed.job, observed.now)
    }?;
    left.is_positive().then_some(left)
}
