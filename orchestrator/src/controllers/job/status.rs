//! What a Job's status says. Pure.

use serde_json::{Value, json};

use api::{Object, parse_time, time};
use jiff::Timestamp;

use super::count::{Counts, put};
use super::decide::{Observed, Spec};
use super::end::{End, is_finished};
use crate::controllers::action::Action;
use crate::controllers::collections::jobs;
use crate::controllers::conditions::{self, Wanted};
use crate::controllers::pod;

/// The condition's second time stamp.
const PROBED: &str = "lastProbeTime";

/// What a step knows when it writes the status.
pub(super) struct Facts<'a> {
    pub(super) observed: &'a Observed,
    pub(super) spec: &'a Spec,
    pub(super) counts: &'a Counts,
    pub(super) end: Option<&'a End>,
    /// Pods this step removes: active no longer.
    pub(super) stops: usize,
}

/// The write, if the status is another one, and the event of an end or a suspension.
pub(super) fn status(facts: &Facts<'_>) -> Vec<Action> {
    let job = &facts.observed.job;
    let now = facts.observed.now;
    let mut status = match &job.body["status"] {
        status @ Value::Object(_) => status.clone(),
        _ => json!({}),
    };
    facts.counts.write(&mut status, facts.spec.is_indexed);
    let running = running(&mut status, facts);
    let mut events = Vec::new();
    if !is_finished(&status) {
        events.extend(suspension(&mut status, facts.spec.is_suspended, job, now));
        if let Some(end) = facts.end {
            let left = running > 0 || !facts.counts.is_settled();
            events.extend(finish(&mut status, end, left, job, now));
        }
    }
    let changed = Some(&status) != job.pointer("/status");
    let mut actions = Vec::new();
    if changed {
        let mut object = job.as_ref().clone();
        object.body["status"] = status;
        actions.push(Action::ReplaceStatus {
            collection: jobs(),
            object,
        });
    }
    actions.extend(events);
    actions
}

/// Counts pods that have not finished; answers how many there are.
fn running(status: &mut Value, facts: &Facts<'_>) -> usize {
    let active = facts.observed.active();
    let terminating = facts.observed.terminating().count() + facts.stops;
    let ready = active.iter().filter(|pod| pod::is_ready(pod)).count();
    let active = active.len().saturating_sub(facts.stops);
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    put(status, "active", number(active));
    status["ready"] = json!(ready.min(active));
    status["terminating"] = json!(terminating);
    active + terminating
}

fn suspension(
    status: &mut Value,
    is_suspended: bool,
    job: &Object,
    now: Timestamp,
) -> Option<Action> {
    if is_suspended {
        status.as_object_mut()?.shift_remove("startTime");
    } else if parse_time(status["startTime"].as_str().unwrap_or_default()).is_none() {
        status["startTime"] = json!(time(now));
    }
    let was_suspended = conditions::is_true(status, "Suspended");
    let (value, reason, message, event) = match (is_suspended, was_suspended) {
        (true, false) => ("True", "JobSuspended", "Job suspended", "Suspended"),
        (false, true) => ("False", "JobResumed", "Job resumed", "Resumed"),
        _ => return None,
    };
    set(status, "Suspended", value, reason, message, now);
    Some(Action::normal(job, event, message.to_owned()))
}

/// Writes down the intended end at once, and the end itself when no pod is left to matter.
fn finish(
    status: &mut Value,
    end: &End,
    left: bool,
    job: &Object,
    now: Timestamp,
) -> Option<Action> {
    let (intended, reached) = if end.is_success {
        ("SuccessCriteriaMet", "Complete")
    } else {
        ("FailureTarget", "Failed")
    };
    set(status, intended, "True", &end.reason, &end.message, now);
    if left {
        return None;
    }
    set(status, reached, "True", &end.reason, &end.message, now);
    if end.is_success {
        status["completionTime"] = json!(time(now));
        Some(Action::normal(job, "Completed", "Job completed".to_owned()))
    } else {
        let reason = match end.reason.as_str() {
            "DeadlineExceeded" => "DeadlineExceeded",
            "BackoffLimitExceeded" => "BackoffLimitExceeded",
            _ => "Failed",
        };
        Some(Action::warning(job, reason, end.message.clone()))
    }
}

fn set(status: &mut Value, kind: &str, value: &str, reason: &str, message: &str, now: Timestamp) {
    let wanted = Wanted {
        kind,
        status: value,
        reason,
        message,
    };
    conditions::set(status, wanted, Some(PROBED), now);
}
