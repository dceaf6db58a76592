//! The five conditions of a pod. Others, which somebody else sets, stay as they are.

use api::k8s::core::v1 as core;
use serde_json::{Value, json};

use super::phase::{is_initialized, unfinished};
use crate::pods::observed::Observed;
use crate::pods::spec::{self, items};

/// A condition before it is compared with what is known.
struct Verdict {
    kind: &'static str,
    is_true: bool,
    reason: &'static str,
    message: String,
}

pub(super) fn conditions(
    observed: &Observed,
    pod: &core::Pod,
    phase: &str,
    inits: &[core::ContainerStatus],
    mains: &[core::ContainerStatus],
) -> Value {
    let containers_ready = containers_ready(phase, mains);
    let ready = ready(pod, &containers_ready);
    let all = [
        plain("PodReadyToStartContainers", has_network(observed, pod)),
        initialized(observed, pod, phase, inits),
        ready,
        containers_ready,
        plain("PodScheduled", true),
    ];
    all.iter()
        .map(|verdict| written(observed, pod, verdict))
        .collect()
}

fn plain(kind: &'static str, is_true: bool) -> Verdict {
    Verdict {
        kind,
        is_true,
        reason: "",
        message: String::new(),
    }
}

fn has_network(observed: &Observed, pod: &core::Pod) -> bool {
    observed
        .record
        .ready_sandbox()
        .is_some_and(|sandbox| spec::is_host_network(pod) || !sandbox.addresses.is_empty())
}

fn initialized(
    observed: &Observed,
    pod: &core::Pod,
    phase: &str,
    inits: &[core::ContainerStatus],
) -> Verdict {
    let mut verdict = plain("Initialized", true);
    if phase == "Succeeded" {
        verdict.reason = "PodCompleted";
    } else if !is_initialized(observed, pod, inits) {
        verdict.is_true = false;
        verdict.reason = "ContainersNotInitialized";
        let names: Vec<&str> = unfinished(pod, inits).collect();
        verdict.message = format!("containers with incomplete status: [{}]", names.join(" "));
    }
    verdict
}

fn containers_ready(phase: &str, mains: &[core::ContainerStatus]) -> Verdict {
    let names: Vec<&str> = mains
        .iter()
        .filter(|status| !status.ready)
        .map(|status| status.name.as_str())
        .collect();
    let mut verdict = plain("ContainersReady", names.is_empty());
    match phase {
        "Succeeded" => {
            verdict.is_true = false;
            verdict.reason = "PodCompleted";
        }
        "Failed" => {
            verdict.is_true = false;
            verdict.reason = "PodFailed";
        }
        _ if !verdict.is_true => {
            verdict.reason = "ContainersNotReady";
            verdict.message = format!("containers with unready status: [{}]", names.join(" "));
        }
        _ => {}
    }
    verdict
}

fn ready(pod: &core::Pod, containers: &Verdict) -> Verdict {
    let mut verdict = Verdict {
        kind: "Ready",
        is_true: containers.is_true,
        reason: containers.reason,
        message: containers.message.clone(),
    };
    let gates = pod.spec.as_ref().map(|spec| items(&spec.readiness_gates));
    let closed: Vec<String> = gates
        .unwrap_or_default()
        .iter()
        .filter(|gate| existing(pod, &gate.condition_type).is_none_or(|c| c.status != "True"))
        .map(|gate| format!("corresponding condition of pod readiness gate \"{}\" does not exist or is not true.", gate.condition_type))
        .collect();
    if verdict.is_true && !closed.is_empty() {
        verdict.is_true = false;
        verdict.reason = "ReadinessGatesNotReady";
        verdict.message = closed.join(", ");
    }
    verdict
}

fn existing<'a>(pod: &'a core::Pod, kind: &str) -> Option<&'a core::PodCondition> {
    let conditions = pod
        .status
        .as_ref()
        .map(|status| items(&status.conditions))?;
    conditions.iter().find(|condition| condition.type_ == kind)
}

/// As it is sent: the time of the last transition stays while the status does.
fn written(observed: &Observed, pod: &core::Pod, verdict: &Verdict) -> Value {
    let status = if verdict.is_true { "True" } else { "False" };
    let since = existing(pod, verdict.kind)
        .filter(|before| before.status == status)
        .and_then(|before| before.last_transition_time.as_ref())
        .map_or(observed.now, |time| time.0);
    let mut condition = json!({
        "type": verdict.kind,
        "status": status,
        "lastTransitionTime": api::time(since),
    });
    if let Some(generation) = pod.metadata.generation {
        condition["observedGeneration"] = json!(generation);
    }
    if !verdict.reason.is_empty() {
        condition["reason"] = json!(verdict.reason);
    }
    if !verdict.message.is_empty() {
        condition["message"] = json!(verdict.message);
    }
    condition
}
