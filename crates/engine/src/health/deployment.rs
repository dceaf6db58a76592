//! Deployment: every pod is of the new version, and available.

use api::Object;

use super::Health;
use super::workload::{count, lags};

/// The reason of the condition `Progressing` once all pods of a version are available.
const COMPLETE: &str = "NewReplicaSetAvailable";

pub(super) fn assess(object: &Object) -> Health {
    if object.body["spec"]["paused"] == true {
        return Health::suspended("is paused");
    }
    if let Some(lag) = lags(object) {
        return lag;
    }
    let progressing = object.condition("Progressing");
    if let Some(condition) = &progressing
        && condition.reason == "ProgressDeadlineExceeded"
    {
        let since = condition.last_transition_time.as_deref();
        return Health::degraded("made no progress within its progress deadline")
            .since(since.and_then(api::parse_time));
    }
    let wanted = count(object, "/spec/replicas", 1);
    let total = count(object, "/status/replicas", 0);
    let updated = count(object, "/status/updatedReplicas", 0);
    let ready = count(object, "/status/readyReplicas", 0);
    let available = count(object, "/status/availableReplicas", 0);
    if let Some(failure) = object.condition("ReplicaFailure")
        && failure.status == "True"
        && updated < wanted
    {
        return Health::degraded(format!("cannot create pods: {}", failure.message));
    }
    if updated < wanted {
        return Health::progressing(format!("{updated} of {wanted} pods are of the new version"));
    }
    if total > updated {
        let old = total - updated;
        return Health::progressing(format!(
            "{old} old {} to end",
            plural(old, "pod has", "pods have")
        ));
    }
    if available < wanted {
        return Health::progressing(unfinished(object, wanted, ready, available));
    }
    let unavailable = object
        .condition("Available")
        .filter(|condition| condition.status != "True");
    if let Some(condition) = unavailable {
        return Health::progressing(condition.message);
    }
    if let Some(condition) = progressing
        && condition.reason != COMPLETE
    {
        return Health::progressing("the new version is not yet reported complete");
    }
    Health::healthy()
}

/// Whether its newest version was up at some time: what is missing since then is no part of bringing
/// it up.
pub(super) fn is_complete(object: &Object) -> bool {
    let progressing = object.condition("Progressing");
    progressing.is_some_and(|it| it.reason == COMPLETE)
}

/// What the pods of the new version still lack.
fn unfinished(object: &Object, wanted: i64, ready: i64, available: i64) -> String {
    let least = count(object, "/spec/minReadySeconds", 0);
    if ready < wanted {
        format!("{ready} of {wanted} pods are ready")
    } else if least > 0 {
        format!(
            "all pods are ready, {available} of {wanted} for the {least} s that count them as \
             available (minReadySeconds)"
        )
    } else {
        format!("{available} of {wanted} pods are available")
    }
}

pub(super) fn plural(number: i64, one: &'static str, many: &'static str) -> &'static str {
    if number == 1 { one } else { many }
}
