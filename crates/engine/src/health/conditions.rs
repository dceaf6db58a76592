//! Any other kind: by the conditions that most controllers report.

use api::{Condition, Object};

use super::Health;
use super::workload::lags;

/// `None` where the object reports nothing to go by.
pub(super) fn assess(object: &Object) -> Option<Health> {
    let observed = object.observed_generation().is_some();
    if observed && let Some(lag) = lags(object) {
        return Some(lag);
    }
    let is_true = |kind: &str| object.condition(kind).filter(|c| c.status == "True");
    if let Some(stalled) = is_true("Stalled") {
        return Some(told(&stalled, Health::degraded(text(&stalled))));
    }
    if let Some(reconciling) = is_true("Reconciling") {
        return Some(told(&reconciling, Health::progressing(text(&reconciling))));
    }
    let ready = object
        .condition("Ready")
        .or_else(|| object.condition("Available"))?;
    Some(if ready.status == "True" {
        Health::healthy()
    } else {
        told(&ready, Health::progressing(text(&ready)))
    })
}

fn text(condition: &Condition) -> String {
    match (condition.message.as_str(), condition.reason.as_str()) {
        ("", "") => format!("{} is {}", condition.kind, condition.status),
        ("", reason) => reason.to_owned(),
        (message, _) => message.to_owned(),
    }
}

fn told(condition: &Condition, health: Health) -> Health {
    health.since(
        condition
            .last_transition_time
            .as_deref()
            .and_then(api::parse_time),
    )
}
