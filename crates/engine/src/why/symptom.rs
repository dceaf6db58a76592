//! What people see first: the object's own word on how it is.

use api::Object;
use jiff::{SignedDuration, Timestamp};

use super::chain::{Step, Tone};
use super::facts::{Facts, message, title};
use super::rules::Container;
use crate::{Health, HealthStatus, health};

/// The first step.
pub(super) fn symptom(facts: &Facts, health: &Health, source: &str) -> Step {
    told(&facts.object, health, source)
}

/// How an object says that it is, without the reason: for what has the one that is explained, and is as
/// bad as what it `made` has it.
pub fn symptom_of(object: &Object, made: &[Object], now: Timestamp) -> Step {
    let own = health::assess(object, now).unwrap_or_default();
    let explained = health::explain(object, made, now).unwrap_or_else(|| own.clone());
    let source = format!("{} status", object.kind().to_lowercase());
    let fails = explained.status == HealthStatus::Degraded;
    // What it lacks while it is rolled out is no fault of it: a pod of it is.
    if fails && own.status == HealthStatus::Progressing && is_rolling_out(object) {
        let heading = format!(
            "{} is being rolled out, and a pod of it fails",
            title(object)
        );
        return Step::new(Tone::Bad, source, heading).text(sentence(&own.message));
    }
    let message = match health::silent_node(&explained.message) {
        Some(node) if !own.message.is_empty() => {
            format!("{}: node {node} does not report", own.message)
        }
        // It says nothing by itself: its last run does.
        _ if own.message.is_empty() => explained.message.clone(),
        _ => own.message.clone(),
    };
    let health = Health {
        status: explained.status,
        message,
        ..own
    };
    told(object, &health, &source)
}

/// Whether a Deployment has not all of its pods of its newest version, and no others.
fn is_rolling_out(object: &Object) -> bool {
    let count = |path: &str| object.pointer(path).and_then(serde_json::Value::as_i64);
    let updated = count("/status/updatedReplicas").unwrap_or(0);
    let total = count("/status/replicas").unwrap_or(0);
    object.kind() == "Deployment"
        && (updated < count("/spec/replicas").unwrap_or(1) || total > updated)
}

fn told(object: &Object, health: &Health, source: &str) -> Step {
    let word = match health.status {
        HealthStatus::Progressing => "progressing",
        HealthStatus::Missing => "missing",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Healthy | HealthStatus::Suspended | HealthStatus::Unknown => "not well",
    };
    let tone = match health.status {
        HealthStatus::Progressing => Tone::Run,
        _ => Tone::Bad,
    };
    let step = Step::new(tone, source, format!("{} is {word}", title(object)));
    step.text(sentence(&health.message))
}

/// A clause as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    match clause {
        "" => String::new(),
        clause => format!("{}.", super::text::capital(clause.trim_end_matches('.'))),
    }
}

/// How the container's last run ended.
pub(super) fn exit(container: &Container) -> Option<Step> {
    let ended = container.failure()?;
    let code = ended["exitCode"].as_i64().unwrap_or(0);
    let ran = container
        .ran()
        .map_or_else(String::new, |ran| format!(" after {}", took(ran)));
    let heading = format!("Container {} exited with code {code}{ran}", container.name);
    Some(Step::new(Tone::Bad, "container status", heading))
}

/// The newest thing that was reported, where nothing tells more.
pub(super) fn warning(facts: &Facts) -> Option<Step> {
    let event = facts.newest_warning()?;
    let step = Step::new(Tone::Warn, "newest warning", event.text("/reason"));
    Some(step.text(message(event)))
}

fn took(ran: SignedDuration) -> String {
    match ran.as_secs().max(0) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn workload(kind: &str, status: &Value) -> Object {
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"replicas": 2}, "status": status})
        .into()
    }

    fn pod(status: &Value) -> Object {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1", "namespace": "shop"},
            "spec": {"nodeName": "north-b"}, "status": status})
        .into()
    }

    #[test]
    fn what_is_being_rolled_out_is_not_called_degraded_for_that() {
        let crashed = pod(
            &json!({"phase": "Running", "containerStatuses": [{"name": "api",
            "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}),
        );
        let told = |status: Value| {
            symptom_of(
                &workload("Deployment", &status),
                std::slice::from_ref(&crashed),
                now(),
            )
        };
        let step = told(json!({"replicas": 3, "updatedReplicas": 2, "availableReplicas": 1}));
        assert_eq!(
            (step.heading.as_str(), step.text.as_str()),
            (
                "Deployment shop/web is being rolled out, and a pod of it fails",
                "1 old pod has to end."
            )
        );
        let step = told(json!({"replicas": 2, "updatedReplicas": 2, "readyReplicas": 1}));
        assert_eq!(
            (step.heading.as_str(), step.text.as_str()),
            ("Deployment shop/web is degraded", "1 of 2 pods are ready.")
        );
    }

    #[test]
    fn a_cron_job_is_as_bad_as_its_last_run() {
        let cron: Object = json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {},
            "metadata": {"name": "clean", "namespace": "shop"}})
        .into();
        let run: Object = json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "clean-1", "namespace": "shop"}, "status": {"conditions":
            [{"type": "Failed", "status": "True", "message": "too often"}]}})
        .into();
        let step = symptom_of(&cron, &[run, pod(&json!({"phase": "Failed"}))], now());
        assert_eq!(
            (step.heading.as_str(), step.text.as_str()),
            (
                "CronJob shop/clean is degraded",
                "Last run clean-1 failed: too often."
            )
        );
    }

    #[test]
    fn what_makes_pods_names_the_node_that_was_lost() {
        let lost = pod(&json!({"phase": "Running",
            "conditions": [{"type": "Ready", "status": "False", "reason": "NodeNotReady"}]}));
        let set = workload("ReplicaSet", &json!({"replicas": 2}));
        let step = symptom_of(&set, &[lost], now());
        assert_eq!(
            (step.heading.as_str(), step.text.as_str()),
            (
                "ReplicaSet shop/web is degraded",
                "0 of 2 pods are available: node north-b does not report."
            )
        );
    }
}
