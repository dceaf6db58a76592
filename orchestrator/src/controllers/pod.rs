//! What controllers read from pods and make of templates. Pure.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use api::{Object, parse_time};

/// Pods that finished keep no slot; neither do those that are going.
pub(crate) fn is_active(pod: &Object) -> bool {
    !is_finished(pod) && !pod.is_deleting()
}

pub(crate) fn is_finished(pod: &Object) -> bool {
    is_succeeded(pod) || is_failed(pod)
}

pub(crate) fn is_succeeded(pod: &Object) -> bool {
    phase(pod) == "Succeeded"
}

pub(crate) fn is_failed(pod: &Object) -> bool {
    phase(pod) == "Failed"
}

/// A pod without a phase is as good as Pending.
pub(crate) fn phase(pod: &Object) -> &str {
    match pod.text("/status/phase") {
        "" => "Pending",
        phase => phase,
    }
}

/// Since when the pod is ready.
pub(crate) fn ready_since(pod: &Object) -> Option<Timestamp> {
    let ready = ready_condition(pod)?;
    parse_time(ready["lastTransitionTime"].as_str()?)
}

pub(crate) fn is_ready(pod: &Object) -> bool {
    ready_condition(pod).is_some()
}

fn ready_condition(pod: &Object) -> Option<&Value> {
    pod.pointer("/status/conditions")?
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// How long until the ready pod has been so for `min_ready` seconds: zero is available now,
/// `None` is not ready.
pub(crate) fn available_in(pod: &Object, min_ready: i32, now: Timestamp) -> Option<SignedDuration> {
    if !is_ready(pod) {
        return None;
    }
    if min_ready == 0 {
        return Some(SignedDuration::ZERO);
    }
    let since = ready_since(pod)?;
    let left = SignedDuration::from_secs(i64::from(min_ready)) - now.duration_since(since);
    Some(left.max(SignedDuration::ZERO))
}

/// Restarts of the container that restarted most.
pub(crate) fn most_restarts(pod: &Object) -> i64 {
    restarts(pod).max().unwrap_or(0)
}

/// Restarts of all containers.
pub(crate) fn restarts(pod: &Object) -> impl Iterator<Item = i64> {
    ["/status/containerStatuses", "/status/initContainerStatuses"]
        .into_iter()
        .filter_map(|pointer| pod.pointer(pointer)?.as_array())
        .flatten()
        .filter_map(|status| status["restartCount"].as_i64())
}

/// A pod from a template, controlled by `owner`.
pub(crate) fn from_template(template: &Value, owner: &Object, prefix: &str, name: &str) -> Object {
    let mut metadata = serde_json::Map::new();
    metadata.insert("name".into(), json!(name));
    metadata.insert("generateName".into(), json!(format!("{prefix}-")));
    metadata.insert("namespace".into(), json!(owner.namespace()));
    for field in ["labels", "annotations", "finalizers"] {
        let value = &template["metadata"][field];
        if !value.is_null() {
            metadata.insert(field.into(), value.clone());
        }
    }
    metadata.insert(
        "ownerReferences".into(),
        json!([owner.controller_reference()]),
    );
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"],
    })
    .into()
}
