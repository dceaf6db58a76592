//! Kinds that an Application has rules of its own for.

use jiff::Timestamp;

use api::Object;
use api::expression::{Expression, Failure};
use api::kinds::HealthCheck;

use super::workload::lags;
use super::{Health, conditions, deleting, explain};

/// The health of an object by the rule for its kind, or else as [`explain`] says.
pub fn judge(
    checks: &[HealthCheck],
    object: &Object,
    descendants: &[Object],
    now: Timestamp,
) -> Option<Health> {
    let gvk = object.gvk();
    let is_about =
        |check: &&HealthCheck| check.api_version == gvk.api_version() && check.kind == gvk.kind;
    match checks.iter().find(is_about) {
        Some(_) if object.is_deleting() => Some(deleting(object)),
        Some(check) => Some(by_rule(check, object)),
        None => explain(object, descendants, now),
    }
}

fn by_rule(check: &HealthCheck, object: &Object) -> Health {
    let observed = object.observed_generation().is_some();
    if observed && let Some(lag) = lags(object) {
        return lag;
    }
    // What the object says of itself is worth more than that a rule is so.
    let told = |fallback: &str| {
        let health = conditions::assess(object);
        let text = health.map(|it| it.message).filter(|text| !text.is_empty());
        text.unwrap_or_else(|| fallback.to_owned())
    };
    let mut broken = None;
    let mut holds = |text: &str| {
        let said = holds(text, object);
        let holds = matches!(said, Ok(true));
        broken = broken.take().or(said.err());
        holds
    };
    if holds(&check.in_progress) {
        return Health::progressing(told("is in progress, by its rule"));
    }
    if holds(&check.failed) {
        return Health::degraded(told("has failed, by its rule"));
    }
    if holds(&check.current) {
        return Health::healthy();
    }
    match broken {
        Some(failure) => Health::progressing(format!("its rule cannot be applied: {failure}")),
        None => Health::progressing(told("is not current yet, by its rule")),
    }
}

fn holds(text: &str, object: &Object) -> Result<bool, Failure> {
    // What cannot be read was refused when the Application was written.
    match Expression::parse(text) {
        Ok(expression) if !text.is_empty() => expression.holds(&object.body),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::HealthStatus::{self, Degraded, Healthy, Progressing};
    use super::*;

    #[test]
    fn the_first_rule_that_is_true_counts() {
        let checks = [HealthCheck {
            api_version: "example.org/v1".into(),
            kind: "Database".into(),
            in_progress: "status.phase == 'Starting'".into(),
            failed: "status.phase == 'Broken'".into(),
            current: "status.phase == 'Up'".into(),
        }];
        let check = |status: Value, expected: HealthStatus, message: &str| {
            let object: Object = json!({"apiVersion": "example.org/v1", "kind": "Database",
                "metadata": {"name": "db", "generation": 2}, "status": status})
            .into();
            let health = judge(&checks, &object, &[], Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(
                (health.status, health.message.as_str()),
                (expected, message)
            );
        };
        check(json!({"phase": "Up"}), Healthy, "");
        check(
            json!({"phase": "Starting"}),
            Progressing,
            "is in progress, by its rule",
        );
        check(
            json!({"phase": "Broken"}),
            Degraded,
            "has failed, by its rule",
        );
        let why = json!([{"type": "Ready", "status": "False", "message": "no disk"}]);
        check(
            json!({"phase": "Broken", "conditions": why}),
            Degraded,
            "no disk",
        );
        check(
            json!({"phase": "?"}),
            Progressing,
            "is not current yet, by its rule",
        );
        check(
            json!({}),
            Progressing,
            "its rule cannot be applied: there is no \"phase\"",
        );
        let behind = json!({"phase": "Up", "observedGeneration": 1});
        let object: Object = json!({"apiVersion": "example.org/v1", "kind": "Database",
            "metadata": {"name": "db", "generation": 2}, "status": behind})
        .into();
        let health = judge(&checks, &object, &[], Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(health.status, Progressing);
        let other: Object = json!({"apiVersion": "v1", "kind": "ConfigMap"}).into();
        assert_eq!(judge(&checks, &other, &[], Timestamp::UNIX_EPOCH), None);
    }
}
