//! Job: done is healthy; a rollout waits for it.

use api::Object;

use super::Health;
use super::workload::count;

pub(super) fn assess(object: &Object) -> Health {
    let is = |kind: &str| {
        object
            .condition(kind)
            .filter(|condition| condition.status == "True")
    };
    if let Some(failed) = is("Failed") {
        let since = failed.last_transition_time.as_deref();
        let why = if failed.message.is_empty() {
            failed.reason
        } else {
            failed.message
        };
        return Health::degraded(format!("failed: {why}"))
            .since(since.and_then(api::parse_time))
            .terminal();
    }
    if is("Complete").is_some() {
        return Health::healthy();
    }
    if is("Suspended").is_some() || object.body["spec"]["suspend"] == true {
        return Health::suspended("is suspended");
    }
    let wanted = count(object, "/spec/completions", 1);
    let (done, failed) = (
        count(object, "/status/succeeded", 0),
        count(object, "/status/failed", 0),
    );
    let message = if failed > 0 {
        format!("{done} of {wanted} completions, {failed} failed")
    } else {
        format!("{done} of {wanted} completions")
    };
    let started = object.text("/status/startTime");
    Health::progressing(message).since(api::parse_time(started))
}
