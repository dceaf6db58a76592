//! `kubectl get pods`: READY, STATUS and RESTARTS the way everybody reads them.

use api::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::cells;

/// `status.reason` of a pod whose node stopped answering.
const NODE_LOST: &str = "NodeLost";

pub(super) fn row(object: &Object, now: Timestamp) -> Vec<Value> {
    let summary = summary(object);
    let restarts = match summary.last_restart {
        Some(at) if summary.restarts > 0 => {
            let ago = cells::duration(now.as_second() - at.as_second());
            format!("{} ({ago} ago)", summary.restarts)
        }
        _ => summary.restarts.to_string(),
    };
    let ip = cells::list(object, "/status/podIPs")
        .first()
        .and_then(|ip| ip["ip"].as_str())
        .unwrap_or_else(|| object.text("/status/podIP"));
    vec![
        json!(object.name()),
        json!(format!("{}/{}", summary.ready, summary.total)),
        json!(summary.status),
        json!(restarts),
        cells::age(object, now),
        cells::or_none(ip),
        cells::or_none(object.text("/spec/nodeName")),
        cells::or_none(object.text("/status/nominatedNodeName")),
        gates(object),
    ]
}

struct Summary {
    ready: usize,
    total: usize,
    status: String,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

fn summary(object: &Object) -> Summary {
    let phase = object.text("/status/phase");
    let reason = object.text("/status/reason");
    let mut summary = Summary {
        ready: 0,
        total: cells::list(object, "/spec/containers").len(),
        status: if reason.is_empty() { phase } else { reason }.to_owned(),
        restarts: 0,
        last_restart: None,
    };
    if !initializing(object, &mut summary) || is_initialized(object) {
        running(object, &mut summary);
    }
    if object.is_deleting() {
        let is_over = ["Succeeded", "Failed"].contains(&phase);
        if reason == NODE_LOST {
            "Unknown".clone_into(&mut summary.status);
        } else if !is_over {
            "Terminating".clone_into(&mut summary.status);
        }
    }
    summary
}

/// Describes the first init container that is not done. Says whether there is one.
fn initializing(object: &Object, summary: &mut Summary) -> bool {
    let statuses = cells::list(object, "/status/initContainerStatuses");
    let total = cells::list(object, "/spec/initContainers").len();
    for (index, status) in statuses.iter().enumerate() {
        count_restarts(status, summary);
        let (terminated, waiting) = (&status["state"]["terminated"], &status["state"]["waiting"]);
        if terminated["exitCode"] == 0 {
            continue;
        }
        let text = |value: &Value| value["reason"].as_str().unwrap_or_default().to_owned();
        summary.status = if terminated.is_object() {
            format!("Init:{}", ended(terminated))
        } else if !text(waiting).is_empty() && text(waiting) != "PodInitializing" {
            format!("Init:{}", text(waiting))
        } else {
            format!("Init:{index}/{total}")
        };
        return true;
    }
    false
}

fn is_initialized(object: &Object) -> bool {
    object
        .condition("Initialized")
        .is_some_and(|condition| condition.status == "True")
}

fn running(object: &Object, summary: &mut Summary) {
    (summary.restarts, summary.last_restart) = (0, None);
    let mut has_running = false;
    let statuses = cells::list(object, "/status/containerStatuses");
    for status in statuses.iter().rev() {
        count_restarts(status, summary);
        let state = &status["state"];
        let waiting = state["waiting"]["reason"].as_str().unwrap_or_default();
        if !waiting.is_empty() {
            waiting.clone_into(&mut summary.status);
        } else if state["terminated"].is_object() {
            summary.status = ended(&state["terminated"]);
        } else if status["ready"] == true && state["running"].is_object() {
            has_running = true;
            summary.ready += 1;
        }
    }
    if summary.status == "Completed" && has_running {
        let is_ready = object
            .condition("Ready")
            .is_some_and(|c| c.status == "True");
        let status = if is_ready { "Running" } else { "NotReady" };
        status.clone_into(&mut summary.status);
    }
}

/// Why it ended: the reason, or else the signal or the exit code.
fn ended(terminated: &Value) -> String {
    let number = |field: &str| terminated[field].as_i64().unwrap_or_default();
    match terminated["reason"].as_str() {
        Some(reason) if !reason.is_empty() => reason.to_owned(),
        _ if number("signal") != 0 => format!("Signal:{}", number("signal")),
        _ => format!("ExitCode:{}", number("exitCode")),
    }
}

fn count_restarts(status: &Value, summary: &mut Summary) {
    summary.restarts += status["restartCount"].as_i64().unwrap_or_default();
    let finished = status["lastState"]["terminated"]["finishedAt"].as_str();
    let finished = finished.and_then(api::parse_time);
    summary.last_restart = summary.last_restart.max(finished);
}

/// `1/2`: how many of the readiness gates are true.
fn gates(object: &Object) -> Value {
    let gates = cells::list(object, "/spec/readinessGates");
    let is_true = |gate: &&Value| {
        let kind = gate["conditionType"].as_str().unwrap_or_default();
        object.condition(kind).is_some_and(|c| c.status == "True")
    };
    let passed = gates.iter().filter(is_true).count();
    match gates.len() {
        0 => cells::or_none(""),
        total => json!(format!("{passed}/{total}")),
    }
}
