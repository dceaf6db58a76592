//! What a pod can ask about itself: fields and resources.

use std::collections::BTreeMap;
use std::fmt::Write;

use api::Quantity;
use api::k8s::core::v1 as core;

use super::Downward;
use crate::pods::spec;

/// What pods of this node may use: stands in for limits that are not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Allocatable {
    pub cpu_millis: i64,
    pub memory_bytes: i64,
    pub ephemeral_storage_bytes: i64,
}

/// A field nobody can answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unknown {
    #[error("unsupported fieldPath: {0}")]
    Field(String),
    #[error("unsupported container resource: {0}")]
    Resource(String),
    #[error("container {0} not found")]
    Container(String),
}

/// The value of a `fieldRef`.
pub(crate) fn field(pod: &core::Pod, path: &str, downward: &Downward) -> Result<String, Unknown> {
    let metadata = &pod.metadata;
    let pod_spec = pod.spec.as_ref();
    if let Some((map, key)) = subscript(path) {
        let map = match map {
            "metadata.labels" => metadata.labels.as_ref(),
            "metadata.annotations" => metadata.annotations.as_ref(),
            _ => return Err(Unknown::Field(path.to_owned())),
        };
        return Ok(map
            .and_then(|map| map.get(key))
            .cloned()
            .unwrap_or_default());
    }
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    Ok(match path {
        "metadata.name" => spec::name(pod).to_owned(),
        "metadata.namespace" => spec::namespace(pod).to_owned(),
        "metadata.uid" => spec::uid(pod).0,
        "metadata.labels" => lines(metadata.labels.as_ref()),
        "metadata.annotations" => lines(metadata.annotations.as_ref()),
        "spec.nodeName" => text(pod_spec.and_then(|spec| spec.node_name.as_ref())),
        "spec.serviceAccountName" => {
            text(pod_spec.and_then(|spec| spec.service_account_name.as_ref()))
        }
        "status.hostIP" | "status.hostIPs" => downward.host_address.clone(),
        "status.podIP" => text(downward.pod_addresses.first()),
        "status.podIPs" => downward.pod_addresses.join(","),
        _ => return Err(Unknown::Field(path.to_owned())),
    })
}

/// `metadata.labels['app']` as (`metadata.labels`, `app`).
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (map, rest) = path.split_once("['")?;
    Some((map, rest.strip_suffix("']")?))
}

/// A map as a file: one quoted pair a line.
fn lines(map: Option<&BTreeMap<String, String>>) -> String {
    let mut text = String::new();
    for (key, value) in map.into_iter().flatten() {
        let separator = if text.is_empty() { "" } else { "\n" };
        write!(text, "{separator}{key}={value:?}").expect("writing to a string cannot fail");
    }
    text
}

/// The value of a `resourceFieldRef`, in units of its divisor, rounded up. `container` is the
/// one that asks, unless the reference names another.
pub(crate) fn resource(
    pod: &core::Pod,
    container: Option<&core::Container>,
    reference: &core::ResourceFieldSelector,
    allocatable: &Allocatable,
) -> Result<String, Unknown> {
    let named = reference
        .container_name
        .as_deref()
        .filter(|name| !name.is_empty());
    let container = match named {
        Some(name) => spec::container(pod, name).map(|(_, container)| container),
        None => container,
    };
    let container =
        container.ok_or_else(|| Unknown::Container(named.unwrap_or_default().to_owned()))?;
    let unknown = || Unknown::Resource(reference.resource.clone());
    let (side, name) = reference.resource.split_once('.').ok_or_else(unknown)?;
    let resources = container.resources.as_ref();
    let limits = resources.and_then(|resources| resources.limits.as_ref());
    let requests = resources.and_then(|resources| resources.requests.as_ref());
    let limit = limits.and_then(|map| map.get(name));
    let limit = limit.and_then(|amount| amount.0.parse::<Quantity>().ok());
    let request = requests.and_then(|map| map.get(name));
    let request = request.and_then(|amount| amount.0.parse::<Quantity>().ok());
    let fallback = match name {
        "cpu" => Quantity::millis(allocatable.cpu_millis),
        "memory" => Quantity::bytes(allocatable.memory_bytes),
        "ephemeral-storage" => Quantity::bytes(allocatable.ephemeral_storage_bytes),
        _ if name.starts_with("hugepages-") => Quantity::ZERO,
        _ => return Err(unknown()),
    };
    let amount = match side {
        "limits" => limit.unwrap_or(fallback),
        "requests" => request.or(limit).unwrap_or(Quantity::ZERO),
        _ => return Err(unknown()),
    };
    let divisor = reference
        .divisor
        .as_ref()
        .and_then(|q| q.0.parse::<Quantity>().ok());
    Ok(divided(amount, divisor).to_string())
}

fn divided(amount: Quantity, divisor: Option<Quantity>) -> i64 {
    // The server writes 0 where nothing was said, which stands for 1.
    let divisor = divisor.map_or(0, Quantity::milli_value);
    let divisor = if divisor > 0 { divisor } else { 1000 };
    let amount = amount.milli_value();
    amount / divisor + i64::from(amount % divisor > 0)
}
