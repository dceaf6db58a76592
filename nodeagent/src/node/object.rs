//! The Node object. Pure.

use std::collections::BTreeMap;

use api::{Object, Quantity, time};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::facts::{Capacity, Machine, Pressure};
use crate::config::NodeConfig;
use crate::environment::Allocatable;
use crate::runtime::{Image, RuntimeStatus, Version};

/// Kubernetes reports no more than this many images.
const MAX_IMAGES: usize = 50;

/// Everything a report is made from.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub node: NodeConfig,
    /// Of the agent's own server.
    pub port: u16,
    pub machine: Machine,
    pub capacity: Capacity,
    pub version: Version,
    pub is_simulated: bool,
}

/// What pods may use.
pub(crate) fn allocatable(node: &NodeConfig, capacity: Capacity) -> Allocatable {
    Allocatable {
        cpu_millis: (capacity.cpu_millis - node.reserved_cpu_millis).max(0),
        memory_bytes: (capacity.memory_bytes - node.reserved_memory_bytes).max(0),
        ephemeral_storage_bytes: capacity.storage_bytes,
    }
}

/// Every node's labels, and this one's own.
pub(crate) fn labels(description: &Description) -> BTreeMap<String, String> {
    let mut labels = description.node.labels.clone();
    for (name, value) in [
        ("kubernetes.io/hostname", description.node.name.as_str()),
        ("kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", architecture()),
        ("beta.kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/arch", architecture()),
    ] {
        labels.insert(name.into(), value.into());
    }
    if description.is_simulated {
        labels.insert("kedge.dev/runtime".into(), "simulated".into());
    }
    labels
}

/// As the Go tool chain names it, which is what people select on.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The object as the agent makes it, status apart.
pub(crate) fn registration(description: &Description) -> Object {
    let node = &description.node;
    let mut body = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": labels(description)},
        "spec": {},
    });
    if !node.pod_cidr.is_empty() {
        body["spec"] = json!({"podCIDR": node.pod_cidr, "podCIDRs": [node.pod_cidr]});
    }
    body.into()
}

/// `node` is the object as the API server has it: a condition that did not change keeps its time.
pub(crate) fn status(
    description: &Description,
    runtime: &RuntimeStatus,
    pressure: &Pressure,
    images: &[Image],
    node: &Object,
    now: Timestamp,
) -> Value {
    let config = &description.node;
    let capacity = description.capacity;
    let usable = allocatable(config, capacity);
    json!({
        "capacity": amounts(
            capacity.cpu_millis, capacity.memory_bytes, capacity.storage_bytes, config.max_pods,
        ),
        "allocatable": amounts(
            usable.cpu_millis, usable.memory_bytes, usable.ephemeral_storage_bytes, config.max_pods,
        ),
        "addresses": [
            {"type": "InternalIP", "address": config.address},
            {"type": "Hostname", "address": config.name},
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": description.port}},
        "nodeInfo": {
            "machineID": description.machine.id,
            "systemUUID": description.machine.id,
            "bootID": description.machine.boot_id,
            "kernelVersion": description.machine.kernel,
            "osImage": description.machine.os_image,
            "containerRuntimeVersion": format!(
                "{}://{}", description.version.name, description.version.version
            ),
            "kubeletVersion": kubelet_version(description),
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": architecture(),
        },
        "images": image_list(images),
        "conditions": conditions(runtime, pressure, node, now),
    })
}

/// `kubectl get nodes` shows it, and so says of a node that it runs no containers.
fn kubelet_version(description: &Description) -> String {
    let suffix = if description.is_simulated {
        ".simulated"
    } else {
        ""
    };
    format!("v1.36.0+kedge-{}{suffix}", env!("CARGO_PKG_VERSION"))
}

fn amounts(cpu_millis: i64, memory: i64, storage: i64, pods: u32) -> Value {
    json!({
        "cpu": Quantity::millis(cpu_millis).to_string(),
        "memory": Quantity::bytes(memory).to_string(),
        "ephemeral-storage": Quantity::bytes(storage).to_string(),
        "pods": pods.to_string(),
    })
}

fn image_list(images: &[Image]) -> Value {
    let mut images: Vec<&Image> = images.iter().filter(|i| !i.tags.is_empty()).collect();
    images.sort_by_key(|image| (std::cmp::Reverse(image.size), image.id.clone()));
    images
        .iter()
        .take(MAX_IMAGES)
        .map(|image| {
            let names: Vec<&String> = image.digests.iter().chain(&image.tags).collect();
            json!({"names": names, "sizeBytes": image.size})
        })
        .collect()
}

fn conditions(
    runtime: &RuntimeStatus,
    pressure: &Pressure,
    node: &Object,
    now: Timestamp,
) -> Value {
    let is_ready = runtime.runtime_ready && runtime.network_ready;
    let ready = if is_ready {
        (
            "KubeletReady",
            "the node agent is posting ready status".to_owned(),
        )
    } else {
        (
            "KubeletNotReady",
            format!("container runtime is not ready: {}", runtime.message),
        )
    };
    let pressed = |has: bool, yes: &'static str, no: &'static str, what: &str| {
        let (reason, verb) = if has {
            (yes, "has insufficient")
        } else {
            (no, "has sufficient")
        };
        (reason, format!("the node {verb} {what}"))
    };
    let memory = pressed(
        pressure.memory(),
        "KubeletHasInsufficientMemory",
        "KubeletHasSufficientMemory",
        "memory available",
    );
    let disk = pressed(
        pressure.disk(),
        "KubeletHasDiskPressure",
        "KubeletHasNoDiskPressure",
        "disk space",
    );
    let processes = pressed(
        pressure.processes(),
        "KubeletHasInsufficientPID",
        "KubeletHasSufficientPID",
        "process ids available",
    );
    [
        ("MemoryPressure", pressure.memory(), memory),
        ("DiskPressure", pressure.disk(), disk),
        ("PIDPressure", pressure.processes(), processes),
        ("Ready", is_ready, ready),
    ]
    .into_iter()
    .map(|(kind, is_true, (reason, message))| {
        let status = if is_true { "True" } else { "False" };
        let before = node
            .condition(kind)
            .filter(|before| before.status == status);
        let since = before.and_then(|before| before.last_transition_time);
        json!({
            "type": kind,
            "status": status,
            "lastHeartbeatTime": time(now),
            "lastTransitionTime": since.unwrap_or_else(|| time(now)),
            "reason": reason,
            "message": message,
        })
    })
    .collect()
}

/// A status without what only says when it was sent.
pub(super) fn essence(status: &Value) -> Value {
    let mut status = status.clone();
    for condition in status["conditions"].as_array_mut().into_iter().flatten() {
        if let Some(condition) = condition.as_object_mut() {
            condition.remove("lastHeartbeatTime");
        }
    }
    status
}
