//! Whether a Job is at its end, and why. Pure.

use api::{Object, parse_time};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::count::Counts;
use super::decide::{Spec, number};
use crate::controllers::conditions;
use crate::controllers::pod;

/// How a Job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) is_success: bool,
    pub(super) reason: String,
    pub(super) message: String,
}

impl End {
    fn failure(reason: &str, message: &str) -> Self {
        Self {
            is_success: false,
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }

    fn success(message: &str) -> Self {
        Self {
            is_success: true,
            reason: "CompletionsReached".to_owned(),
            message: message.to_owned(),
        }
    }
}

/// `Complete` or `Failed` is true: nothing is left to do.
pub(super) fn is_finished(status: &Value) -> bool {
    conditions::is_true(status, "Complete") || conditions::is_true(status, "Failed")
}

/// The end that an earlier step has written down, or the one that is reached now. What is
/// written down stays: a Job that failed does not succeed later.
pub(super) fn end(
    job: &Object,
    spec: &Spec,
    counts: &Counts,
    active: &[&Object],
    now: Timestamp,
) -> Option<End> {
    let status = &job.body["status"];
    for (kind, is_success) in [("FailureTarget", false), ("SuccessCriteriaMet", true)] {
        if let Some(condition) = conditions::find(status, kind)
            && condition["status"] == "True"
        {
            let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
            return Some(End {
                is_success,
                reason: text("reason"),
                message: text("message"),
            });
        }
    }
    if deadline_in(job, now).is_some_and(|left| !left.is_positive()) {
        let message = "Job was active longer than specified deadline";
        return Some(End::failure("DeadlineExceeded", message));
    }
    if counts.all_failed() > spec.backoff_limit || has_restarted_too_often(spec, active) {
        let message = "Job has reached the specified backoff limit";
        return Some(End::failure("BackoffLimitExceeded", message));
    }
    let succeeded = counts.all_succeeded();
    let is_complete = match spec.completions {
        Some(completions) => succeeded >= completions,
        None => succeeded > 0 && active.is_empty(),
    };
    is_complete.then(|| End::success("Reached expected number of succeeded pods"))
}

/// Containers that restart in place count as failures of their own.
fn has_restarted_too_often(spec: &Spec, active: &[&Object]) -> bool {
    if !spec.restarts_in_place {
        return false;
    }
    let restarts: i64 = active.iter().flat_map(|pod| pod::restarts(pod)).sum();
    if spec.backoff_limit == 0 {
        restarts > 0
    } else {
        restarts >= spec.backoff_limit
    }
}

/// How long the Job may still be active; a suspended one has no clock.
pub(super) fn deadline_in(job: &Object, now: Timestamp) -> Option<SignedDuration> {
    let seconds = number(job, "activeDeadlineSeconds")?;
    let start = parse_time(job.text("/status/startTime"))?;
    if job.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return None;
    }
    Some(SignedDuration::from_secs(seconds) - now.duration_since(start))
}

/// How long a finished Job is kept.
pub(super) fn expires_in(job: &Object, now: Timestamp) -> Option<SignedDuration> {
    let seconds = number(job, "ttlSecondsAfterFinished")?;
    let status = &job.body["status"];
    let finished = ["Complete", "Failed"].into_iter().find_map(|kind| {
        let condition = conditions::find(status, kind)?;
        (condition["status"] == "True").then_some(condition)
    })?;
    let at = parse_time(finished["lastTransitionTime"].as_str()?)?;
    Some(SignedDuration::from_secs(seconds) - now.duration_since(at))
}
