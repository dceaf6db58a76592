//! `status.conditions[]` as controllers keep them. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use api::time;

/// A condition as a controller wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub(crate) status: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) message: &'a str,
}

pub(crate) fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == kind)
}

pub(crate) fn is_true(status: &Value, kind: &str) -> bool {
    find(status, kind).is_some_and(|condition| condition["status"] == "True")
}

/// Sets a condition. The transition time moves only with the status; nothing moves where status,
/// reason and message are the same. `extra` names a second time stamp that moves with any change
/// (`lastUpdateTime` of Deployments, `lastProbeTime` of Jobs).
pub(crate) fn set(status: &mut Value, wanted: Wanted<'_>, extra: Option<&str>, now: Timestamp) {
    let conditions = list(status);
    let at = time(now);
    let position = conditions
        .iter()
        .position(|condition| condition["type"] == wanted.kind);
    let Some(position) = position else {
        let mut fresh = json!({"type": wanted.kind, "lastTransitionTime": at});
        fill(&mut fresh, wanted, extra, &at);
        conditions.push(fresh);
        return;
    };
    let condition = &mut conditions[position];
    let same = |field: &str, value: &str| condition[field].as_str().unwrap_or_default() == value;
    if !same("status", wanted.status) {
        condition["lastTransitionTime"] = json!(at);
    } else if same("reason", wanted.reason) && same("message", wanted.message) {
        return;
    }
    fill(condition, wanted, extra, &at);
}

fn fill(condition: &mut Value, wanted: Wanted<'_>, extra: Option<&str>, at: &str) {
    condition["status"] = json!(wanted.status);
    condition["reason"] = json!(wanted.reason);
    condition["message"] = json!(wanted.message);
    if let Some(field) = extra {
        condition[field] = json!(at);
    }
}

pub(crate) fn remove(status: &mut Value, kind: &str) {
    if let Some(conditions) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.retain(|condition| condition["type"] != kind);
    }
}

fn list(status: &mut Value) -> &mut Vec<Value> {
    if !status.is_object() {
        *status = Value::Object(Map::new());
    }
    let conditions = &mut status["conditions"];
    if !conditions.is_array() {
        *conditions = Value::Array(Vec::new());
    }
    conditions.as_array_mut().expect("made a list above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transition_time_moves_with_the_status_only() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let wanted = |status, message| Wanted {
            kind: "Ready",
            status,
            reason: "R",
            message,
        };
        let mut status = json!({});
        set(
            &mut status,
            wanted("True", "a"),
            Some("lastUpdateTime"),
            at(1),
        );
        set(
            &mut status,
            wanted("True", "a"),
            Some("lastUpdateTime"),
            at(2),
        );
        assert_eq!(
            find(&status, "Ready").unwrap()["lastUpdateTime"],
            "1970-01-01T00:00:01Z"
        );
        set(
            &mut status,
            wanted("True", "b"),
            Some("lastUpdateTime"),
            at(3),
        );
        let condition = find(&status, "Ready").unwrap();
        assert_eq!(condition["lastTransitionTime"], "1970-01-01T00:00:01Z");
        assert_eq!(condition["lastUpdateTime"], "1970-01-01T00:00:03Z");
        set(&mut status, wanted("False", "b"), None, at(4));
        assert!(!is_true(&status, "Ready"));
        assert_eq!(
            find(&status, "Ready").unwrap()["lastTransitionTime"],
            "1970-01-01T00:00:04Z"
        );
        remove(&mut status, "Ready");
        assert!(find(&status, "Ready").is_none());
    }
}
