//! Which Job is due, which runs stand in its way, and which old ones go.

use std::sync::Arc;

use api::{Object, parse_time, time};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::schedule::{Error, MANY, Schedule};
use crate::controllers::action::Action;
use crate::controllers::collections::{cron_jobs, jobs};
use crate::controllers::conditions;

const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// What the caches hold for one `CronJob`.
pub(super) struct Observed {
    pub(super) cron_job: Arc<Object>,
    pub(super) schedule: Result<Schedule, Error>,
    /// The Jobs it controls.
    pub(super) jobs: Vec<Arc<Object>>,
    pub(super) now: Timestamp,
}

pub(super) struct Decision {
    pub(super) actions: Vec<Action>,
    pub(super) again: Option<SignedDuration>,
}

pub(super) fn decide(observed: &Observed) -> Decision {
    let cron_job = &observed.cron_job;
    let mut draft = cron_job.body["status"].clone();
    if !draft.is_object() {
        draft = json!({});
    }
    note_jobs(&mut draft, &observed.jobs);
    let mut actions = history(cron_job, &observed.jobs);
    let is_suspended = cron_job.pointer("/spec/suspend") == Some(&Value::Bool(true));
    if cron_job.is_deleting() || is_suspended {
        actions.extend(status(cron_job, draft));
        return Decision {
            actions,
            again: None,
        };
    }
    let schedule = match &observed.schedule {
        Ok(schedule) => schedule,
        Err(error) => {
            let reason = match error {
                Error::Schedule { .. } => "UnparseableSchedule",
                Error::TimeZone(_) => "UnknownTimeZone",
            };
            actions.push(Action::warning(cron_job, reason, error.to_string()));
            actions.extend(status(cron_job, draft));
            return Decision {
                actions,
                again: None,
            };
        }
    };
    actions.extend(start(observed, schedule, &mut draft));
    let last = last_time(cron_job, &draft);
    let again = schedule
        .next(last, observed.now)
        .map(|next| next.duration_since(observed.now));
    actions.extend(status(cron_job, draft));
    Decision { actions, again }
}

/// Starts what is due. The Job's name follows from its time, so that no time starts twice.
fn start(observed: &Observed, schedule: &Schedule, draft: &mut Value) -> Vec<Action> {
    let cron_job = &observed.cron_job;
    let after = window(cron_job, draft, observed.now);
    let Some(due) = schedule.due(after, observed.now) else {
        return Vec::new();
    };
    let mut actions = Vec::new();
    if due.count > MANY {
        let message = "too many missed start times. Set or decrease \
                       .spec.startingDeadlineSeconds or check clock skew";
        actions.push(Action::warning(
            cron_job,
            "TooManyMissedTimes",
            message.to_owned(),
        ));
    }
    let name = format!("{}-{}", cron_job.name(), due.latest.as_second() / 60);
    if observed.jobs.iter().any(|job| job.name() == name) {
        draft["lastScheduleTime"] = json!(time(due.latest));
        return actions;
    }
    let running: Vec<&Arc<Object>> = observed.jobs.iter().filter(|job| !is_over(job)).collect();
    match cron_job.text("/spec/concurrencyPolicy") {
        "Forbid" if !running.is_empty() => {
            let message = "Not starting job because prior execution is running and concurrency \
                           policy is Forbid";
            actions.push(Action::normal(
                cron_job,
                "JobAlreadyActive",
                message.to_owned(),
            ));
            return actions;
        }
        "Replace" => {
            for job in running {
                actions.push(Action::delete(&jobs(), job));
                let message = format!("Deleted job {}", job.name());
                actions.push(Action::normal(cron_job, "SuccessfulDelete", message));
            }
        }
        _ => {}
    }
    actions.push(Action::Create {
        collection: jobs(),
        object: job(cron_job, &name, &schedule.format(due.latest)),
    });
    actions.push(Action::normal(
        cron_job,
        "SuccessfulCreate",
        format!("Created job {name}"),
    ));
    draft["lastScheduleTime"] = json!(time(due.latest));
    actions
}

/// From when on times count: after the last one, and no further back than the starting deadline.
fn window(cron_job: &Object, draft: &Value, now: Timestamp) -> Timestamp {
    let last = last_time(cron_job, draft);
    let deadline = cron_job
        .pointer("/spec/startingDeadlineSeconds")
        .and_then(Value::as_i64);
    let bound =
        deadline.and_then(|seconds| now.checked_sub(SignedDuration::from_secs(seconds)).ok());
    bound.map_or(last, |bound| last.max(bound))
}

fn last_time(cron_job: &Object, draft: &Value) -> Timestamp {
    draft["lastScheduleTime"]
        .as_str()
        .and_then(parse_time)
        .or_else(|| parse_time(cron_job.creation_timestamp()))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn job(cron_job: &Object, name: &str, scheduled: &str) -> Object {
    let template = &cron_job.body["spec"]["jobTemplate"];
    let mut job = Object::from(json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "namespace": cron_job.namespace()},
        "spec": template["spec"],
    }));
    for field in ["labels", "annotations"] {
        let value = &template["metadata"][field];
        if !value.is_null() {
            job.metadata_mut().insert(field.into(), value.clone());
        }
    }
    job.set_annotation(SCHEDULED, scheduled);
    let owners = json!([cron_job.controller_reference()]);
    job.metadata_mut().insert("ownerReferences".into(), owners);
    job
}

/// Which Jobs run, and when one last succeeded.
fn note_jobs(draft: &mut Value, jobs: &[Arc<Object>]) {
    let active: Vec<Value> = jobs
        .iter()
        .filter(|job| !is_over(job))
        .map(|job| {
            json!({
                "apiVersion": "batch/v1", "kind": "Job", "namespace": job.namespace(),
                "name": job.name(), "uid": job.uid(),
            })
        })
        .collect();
    if !active.is_empty() {
        draft["active"] = json!(active);
    } else if let Some(fields) = draft.as_object_mut() {
        fields.shift_remove("active");
    }
    let succeeded = jobs
        .iter()
        .filter(|job| has(job, "Complete"))
        .filter_map(|job| parse_time(job.text("/status/completionTime")))
        .max();
    let before = draft["lastSuccessfulTime"].as_str().and_then(parse_time);
    if succeeded > before {
        draft["lastSuccessfulTime"] = json!(succeeded.map(time));
    }
}

fn status(cron_job: &Object, draft: Value) -> Option<Action> {
    let before = cron_job
        .pointer("/status")
        .cloned()
        .unwrap_or_else(|| json!({}));
    (before != draft).then(|| {
        let mut object = cron_job.clone();
        object.body["status"] = draft;
        Action::ReplaceStatus {
            collection: cron_jobs(),
            object,
        }
    })
}

/// The oldest finished Jobs beyond the limits go.
fn history(cron_job: &Object, owned: &[Arc<Object>]) -> Vec<Action> {
    let limit = |field: &str, otherwise: usize| {
        let limit = cron_job.body["spec"][field].as_u64();
        limit.map_or(otherwise, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        })
    };
    let surplus = |condition: &str, limit: usize| {
        let mut finished: Vec<&Arc<Object>> = owned
            .iter()
            .filter(|job| has(job, condition) && !job.is_deleting())
            .collect();
        finished.sort_by_key(|job| (start_time(job).to_owned(), job.name().to_owned()));
        finished.truncate(finished.len().saturating_sub(limit));
        finished
    };
    surplus("Complete", limit("successfulJobsHistoryLimit", 3))
        .into_iter()
        .chain(surplus("Failed", limit("failedJobsHistoryLimit", 1)))
        .map(|job| Action::delete(&jobs(), job))
        .collect()
}

fn start_time(job: &Object) -> &str {
    match job.text("/status/startTime") {
        "" => job.creation_timestamp(),
        start => start,
    }
}

fn is_over(job: &Object) -> bool {
    has(job, "Complete") || has(job, "Failed")
}

fn has(job: &Object, condition: &str) -> bool {
    conditions::is_true(&job.body["status"], condition)
}
