//! Counts finished pods exactly once. Pure.
//!
//! A pod's uid is first written to `status.uncountedTerminatedPods`, then its finalizer goes,
//! then the uid moves into the counters. A crash between any two of these repeats no count.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use api::{Object, Uid};

use super::TRACKING;
use super::indexes;
use crate::controllers::action::Action;
use crate::controllers::collections::pods;
use crate::controllers::pod;

/// How many pods have finished, by the status as it will be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) succeeded: i64,
    pub(super) failed: i64,
    uncounted_succeeded: BTreeSet<String>,
    uncounted_failed: BTreeSet<String>,
    /// Of an Indexed job.
    pub(super) completed: BTreeSet<i64>,
    /// Pods whose finalizer may go once the status is written.
    pub(super) settled: Vec<Arc<Object>>,
}

impl Counts {
    pub(super) fn all_succeeded(&self) -> i64 {
        self.succeeded + size(&self.uncounted_succeeded)
    }

    pub(super) fn all_failed(&self) -> i64 {
        self.failed + size(&self.uncounted_failed)
    }

    /// Nothing is left between finalizer and counter.
    pub(super) fn is_settled(&self) -> bool {
        self.uncounted_succeeded.is_empty() && self.uncounted_failed.is_empty()
    }

    pub(super) fn write(&self, status: &mut Value, is_indexed: bool) {
        put(status, "succeeded", self.succeeded);
        put(status, "failed", self.failed);
        if is_indexed && !self.completed.is_empty() {
            status["completedIndexes"] = json!(indexes::format(&self.completed));
        }
        let mut uncounted = json!({});
        for (field, uids) in [
            ("succeeded", &self.uncounted_succeeded),
            ("failed", &self.uncounted_failed),
        ] {
            if !uids.is_empty() {
                uncounted[field] = json!(uids);
            }
        }
        status["uncountedTerminatedPods"] = uncounted;
    }
}

/// Sets a counter; an absent one stays absent while it is zero.
pub(super) fn put(status: &mut Value, field: &str, value: i64) {
    if value != 0 || status.get(field).is_some() {
        status[field] = json!(value);
    }
}

/// What becomes of a pod that somebody else deleted and that has not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Going {
    /// It has failed: it may be on a node that never answers again.
    HasFailed,
    /// It may still finish.
    MayFinish,
}

/// Moves every finished pod of `owned` one step on. `limit` is the number of indexes of an
/// Indexed job.
pub(super) fn count(
    job: &Object,
    owned: &[Arc<Object>],
    limit: Option<i64>,
    going: Going,
) -> Counts {
    let mut counts = stored(job, limit);
    retire(&mut counts, owned);
    for pod in owned.iter().filter(|pod| is_tracked(pod)) {
        let uid = pod.uid().0;
        let known =
            counts.uncounted_succeeded.contains(&uid) || counts.uncounted_failed.contains(&uid);
        if known {
            counts.settled.push(pod.clone());
        } else if pod::is_succeeded(pod) {
            match limit {
                None => {
                    counts.uncounted_succeeded.insert(uid);
                }
                Some(limit) => complete(&mut counts, pod, limit),
            }
            counts.settled.push(pod.clone());
        } else if pod::is_failed(pod) || (pod.is_deleting() && going == Going::HasFailed) {
            counts.uncounted_failed.insert(uid);
            counts.settled.push(pod.clone());
        }
    }
    if limit.is_some() {
        counts.succeeded = size(&counts.completed);
    }
    counts
}

fn stored(job: &Object, limit: Option<i64>) -> Counts {
    let status = &job.body["status"];
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let uids = |field: &str| -> BTreeSet<String> {
        serde_json::from_value(status["uncountedTerminatedPods"][field].clone()).unwrap_or_default()
    };
    let completed = status["completedIndexes"].as_str().unwrap_or_default();
    Counts {
        succeeded: number("succeeded"),
        failed: number("failed"),
        uncounted_succeeded: uids("succeeded"),
        uncounted_failed: uids("failed"),
        completed: limit
            .map(|limit| indexes::parse(completed, limit))
            .unwrap_or_default(),
        settled: Vec::new(),
    }
}

/// Uids whose pod has lost its finalizer go into the counters.
fn retire(counts: &mut Counts, owned: &[Arc<Object>]) {
    let tracked: BTreeSet<Uid> = owned
        .iter()
        .filter(|pod| is_tracked(pod))
        .map(|pod| pod.uid())
        .collect();
    let is_waiting = |uid: &String| tracked.contains(&Uid(uid.clone()));
    let before = (
        size(&counts.uncounted_succeeded),
        size(&counts.uncounted_failed),
    );
    counts.uncounted_succeeded.retain(is_waiting);
    counts.uncounted_failed.retain(is_waiting);
    counts.succeeded += before.0 - size(&counts.uncounted_succeeded);
    counts.failed += before.1 - size(&counts.uncounted_failed);
}

fn complete(counts: &mut Counts, pod: &Object, limit: i64) {
    if let Some(index) = indexes::index(pod).filter(|index| *index < limit) {
        counts.completed.insert(index);
    }
}

pub(super) fn is_tracked(pod: &Object) -> bool {
    pod.finalizers().any(|finalizer| finalizer == TRACKING)
}

/// The pod without the tracking finalizer.
pub(super) fn untracked(pod: &Object) -> Action {
    let mut object = pod.clone();
    let rest: Vec<&str> = pod
        .finalizers()
        .filter(|finalizer| *finalizer != TRACKING)
        .collect();
    if rest.is_empty() {
        object.metadata_mut().shift_remove("finalizers");
    } else {
        object
            .metadata_mut()
            .insert("finalizers".into(), json!(rest));
    }
    Action::Replace {
        collection: pods(),
        object,
    }
}

fn size<T>(set: &BTreeSet<T>) -> i64 {
    i64::try_from(set.len()).unwrap_or(i64::MAX)
}
