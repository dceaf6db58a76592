//! What the API server is told of a pod. Pure: from the same observation always the same text.

mod conditions;
mod containers;
mod phase;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use api::k8s::core::v1 as core;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::observed::Observed;
use super::spec::{self, Role};
use super::verdict::verdict;

pub(super) use containers::next_change;

/// What is the same for all pods of a node.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// The node's address.
    pub host: IpAddr,
    /// `containerd`: the scheme of container ids.
    pub runtime: String,
}

/// The fields of `status` this agent owns, as they should be.
pub(super) fn status(observed: &Observed, pod: &core::Pod, facts: &Facts) -> Value {
    let of = |wanted: fn(Role) -> bool| -> Vec<core::ContainerStatus> {
        spec::containers(pod)
            .filter(|(role, _)| wanted(*role))
            .map(|(role, container)| containers::status(observed, pod, role, container, facts))
            .collect()
    };
    let inits = of(|role| role != Role::Main);
    let mains = of(|role| role == Role::Main);
    let phase = phase::phase(observed, pod, &inits, &mains);

    let mut status = Map::new();
    status.insert("phase".into(), json!(phase));
    if let Some(generation) = pod.metadata.generation {
        status.insert("observedGeneration".into(), json!(generation));
    }
    if matches!(phase, "Succeeded" | "Failed")
        && let Some(verdict) = verdict(observed, pod)
    {
        for (field, text) in [("reason", verdict.reason), ("message", verdict.message)] {
            if !text.is_empty() {
                status.insert(field.into(), json!(text));
            }
        }
    }
    let conditions = conditions::conditions(observed, pod, phase, &inits, &mains);
    status.insert("conditions".into(), conditions);
    status.insert("hostIP".into(), json!(facts.host));
    status.insert("hostIPs".into(), json!([{"ip": facts.host}]));
    let addresses = addresses(observed, pod, facts);
    if let Some(first) = addresses.first() {
        status.insert("podIP".into(), json!(first));
        let list: Vec<Value> = addresses.iter().map(|ip| json!({"ip": ip})).collect();
        status.insert("podIPs".into(), list.into());
    }
    status.insert(
        "startTime".into(),
        json!(api::time(start_time(observed, pod))),
    );
    if !inits.is_empty() && (phase != "Failed" || ran(observed, pod)) {
        status.insert("initContainerStatuses".into(), json!(inits));
    }
    // A pod that was refused never had any.
    if phase != "Failed" || ran(observed, pod) {
        status.insert("containerStatuses".into(), json!(mains));
    }
    status.into()
}

/// Whether there is, or was, anything to tell of its containers.
fn ran(observed: &Observed, pod: &core::Pod) -> bool {
    let mut containers = spec::containers(pod);
    !observed.record.containers.is_empty()
        || containers.any(|(_, container)| spec::reported(pod, &container.name).is_some())
}

/// When the agent first saw the pod.
fn start_time(observed: &Observed, pod: &core::Pod) -> Timestamp {
    pod.status
        .as_ref()
        .and_then(|status| status.start_time.as_ref())
        .map_or(observed.now, |time| time.0)
}

fn addresses(observed: &Observed, pod: &core::Pod, facts: &Facts) -> Vec<IpAddr> {
    match observed.record.ready_sandbox() {
        Some(_) if spec::is_host_network(pod) => vec![facts.host],
        Some(sandbox) => sandbox.addresses.clone(),
        None => Vec::new(),
    }
}

/// Whether `current`, the status the API server holds, already says all of `wanted`.
pub(super) fn is_said(wanted: &Value, current: Option<&Value>) -> bool {
    let (Some(wanted), Some(current)) = (wanted.as_object(), current.and_then(Value::as_object))
    else {
        return false;
    };
    wanted.iter().all(|(field, value)| {
        if field == "conditions" {
            let said = current.get(field).and_then(Value::as_array);
            let mut all = value.as_array().into_iter().flatten();
            all.all(|condition| said.is_some_and(|said| said.contains(condition)))
        } else {
            current.get(field) == Some(value)
        }
    })
}

/// The patch that makes the API server say `wanted`, for exactly this pod.
pub(super) fn patch(wanted: &Value, current: Option<&Value>, uid: &str) -> Value {
    let mut status = wanted.clone();
    // Lists of addresses merge by address: without this, an old one would stay.
    for field in ["podIPs", "hostIPs"] {
        let before = current.and_then(|current| current.get(field));
        if let Some(list) = status.get_mut(field).and_then(Value::as_array_mut)
            && before.is_some_and(|before| *before != wanted[field])
        {
            list.insert(0, json!({"$patch": "replace"}));
        }
    }
    // Conditions merge field by field: a reason that no longer holds goes only where told to.
    for condition in list_mut(&mut status, "conditions") {
        let kind = condition.get("type").cloned();
        let said = current.and_then(|current| current.get("conditions"));
        let said = said.and_then(Value::as_array).into_iter().flatten();
        let said = said.filter(|said| said.get("type") == kind.as_ref());
        for field in said.filter_map(Value::as_object).flat_map(Map::keys) {
            if condition.get(field).is_none() {
                condition[field] = Value::Null;
            }
        }
    }
    json!({"metadata": {"uid": uid}, "status": status})
}

fn list_mut<'a>(status: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    let list = status.get_mut(field).and_then(Value::as_array_mut);
    list.into_iter().flatten()
}
