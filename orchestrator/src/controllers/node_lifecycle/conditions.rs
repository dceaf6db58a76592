//! What a node's conditions mean for its taints.

use api::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::controllers::conditions::{Wanted, find, set};

pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Conditions that keep pods away while they hold, and the taint for each.
const PRESSURES: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
    (
        "NetworkUnavailable",
        "node.kubernetes.io/network-unavailable",
    ),
];
/// What an agent reports; nobody knows any of it once the agent is silent.
const REPORTED: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// The status of a node that is silent; `None` where it says so already.
pub(super) fn silent(node: &Object, now: Timestamp) -> Option<Value> {
    let mut status = node.body["status"].clone();
    for kind in REPORTED {
        let known = find(&status, kind);
        if known.is_some_and(|condition| condition["status"] == "Unknown") {
            continue;
        }
        let (reason, message) = if known.is_some() {
            ("NodeStatusUnknown", "Kubelet stopped posting node status.")
        } else {
            (
                "NodeStatusNeverUpdated",
                "Kubelet never posted node status.",
            )
        };
        let wanted = Wanted {
            kind,
            status: "Unknown",
            reason,
            message,
        };
        set(&mut status, wanted, None, now);
    }
    (status != node.body["status"]).then_some(status)
}

/// The taints the node should have: those that follow from its conditions in place of those that
/// no longer do, everybody else's as they are. `None` where it has them.
pub(super) fn taints(node: &Object, now: Timestamp) -> Option<Value> {
    let present = node.pointer("/spec/taints").and_then(Value::as_array);
    let present: &[Value] = present.map_or(&[], Vec::as_slice);
    let wanted = wanted(node);
    let is_ours = |taint: &Value| {
        let key = taint["key"].as_str().unwrap_or_default();
        let is_condition = [NOT_READY, UNREACHABLE].contains(&key)
            && ["NoSchedule", "NoExecute"].contains(&taint["effect"].as_str().unwrap_or_default());
        let keeps_away =
            key == UNSCHEDULABLE || PRESSURES.iter().any(|(_, pressure)| *pressure == key);
        is_condition || (keeps_away && taint["effect"] == "NoSchedule")
    };
    let is_wanted = |taint: &Value| {
        wanted
            .iter()
            .any(|(key, effect)| taint["key"] == *key && taint["effect"] == *effect)
    };
    let mut taints: Vec<Value> = present
        .iter()
        .filter(|taint| !is_ours(taint) || is_wanted(taint))
        .cloned()
        .collect();
    for (key, effect) in &wanted {
        let has = |taint: &Value| taint["key"] == *key && taint["effect"] == *effect;
        if !taints.iter().any(has) {
            taints.push(json!({"key": key, "effect": effect, "timeAdded": api::time(now)}));
        }
    }
    (taints != present).then(|| json!(taints))
}

fn wanted(node: &Object) -> Vec<(&'static str, &'static str)> {
    let status = &node.body["status"];
    let mut wanted = Vec::new();
    let ready = find(status, "Ready").and_then(|condition| condition["status"].as_str());
    match ready {
        Some("True") => {}
        // One that has not spoken yet takes no pods, but need not lose any.
        None => wanted.push((NOT_READY, "NoSchedule")),
        Some("False") => wanted.extend([(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]),
        Some(_) => wanted.extend([(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]),
    }
    for (kind, key) in PRESSURES {
        if find(status, kind).is_some_and(|condition| condition["status"] == "True") {
            wanted.push((key, "NoSchedule"));
        }
    }
    if node.pointer("/spec/unschedulable") == Some(&json!(true)) {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    wanted
}
