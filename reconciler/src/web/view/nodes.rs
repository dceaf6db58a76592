//! The nodes: whether they are there, and how much of them is promised away.

use askama::Template;
use engine::why::node::{Others, next, silence};
use jiff::Timestamp;
use serde_json::Value;

use api::placement::requests;
use api::{Object, Quantity};

use super::component::{Icon, State, Tone};
use super::node_map::By;
use super::used::Meter;
use crate::usage::{Amount, Used};
use crate::web::json::Amounts;

/// All nodes, by name.
#[derive(Debug, Template)]
#[template(path = "nodes/table.html")]
pub(crate) struct Table {
    pub rows: Vec<Row>,
    pub error: String,
    /// What is to be said of the figures; empty where nothing is.
    pub note: String,
}

/// One node.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: String,
    pub address: String,
    pub state: State,
    /// Since when it is not ready, and what becomes of its pods; empty where it is.
    pub trouble: String,
    pub cpu: Meter,
    pub memory: Meter,
    /// Memory that nothing has requested.
    pub free: String,
    pub pods: String,
    pub version: String,
    /// `None` where it is not measured.
    pub used: Option<Amount>,
}

/// `pods` are those of the whole cluster.
pub(crate) fn table(nodes: &[&Object], pods: &[&Object], used: &Used, now: Timestamp) -> Table {
    let row = |node: &&Object| Row {
        trouble: trouble(node, nodes, pods, now)
            .map_or_else(String::new, |(is, next)| format!("{is}. {next}")),
        ..row(node, pods, used)
    };
    Table {
        rows: nodes.iter().map(row).collect(),
        error: String::new(),
        note: String::new(),
    }
}

/// Since when a node is not ready, and what becomes of its pods; `None` where it is.
pub(crate) fn trouble(
    node: &Object,
    nodes: &[&Object],
    pods: &[&Object],
    now: Timestamp,
) -> Option<(String, String)> {
    let is = silence(node, now)?;
    let others = Others::than(node.name(), nodes.iter().copied());
    Some((is, next(pods, node, others, now)))
}

/// Whether a pod has what it requested: one that is over has given it back.
pub(super) fn holds(pod: &Object) -> bool {
    !matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}

pub(super) fn row(node: &Object, pods: &[&Object], used: &Used) -> Row {
    let own: Vec<&&Object> = pods
        .iter()
        .filter(|pod| pod.text("/spec/nodeName") == node.name())
        .filter(|pod| holds(pod))
        .collect();
    let all = |resource: &str| -> i128 { own.iter().map(|pod| requested(pod, resource)).sum() };
    let has = |resource: &str| quantity(node.pointer("/status/allocatable"), resource);
    let used = used.nodes.get(node.name()).copied();
    let cpu_used = used.map(|it| it.cpu_nanos.into());
    let memory_used = used.map(|it| i128::from(it.memory_bytes) * NANOS);
    Row {
        name: node.name().into(),
        address: address(node),
        state: state(node),
        trouble: String::new(),
        cpu: Meter::of_whole(all("cpu"), cpu_used, has("cpu"), (cores, " cores")),
        memory: Meter::of_whole(all("memory"), memory_used, has("memory"), (memory_text, "")),
        free: memory_text((has("memory") - all("memory")).max(0)),
        pods: format!("{} of {}", own.len(), has("pods") / NANOS),
        version: node.text("/status/nodeInfo/kubeletVersion").into(),
        used,
    }
}

pub(super) const NANOS: i128 = 1_000_000_000;

fn quantity(resources: Option<&Value>, resource: &str) -> i128 {
    resources
        .map(|resources| &resources[resource])
        .filter(|value| !value.is_null())
        .and_then(|value| Quantity::from_json(value).ok())
        .map_or(0, Quantity::nanos)
}

/// What a pod asks for as the scheduler counts it, in billionths.
pub(super) fn requested(pod: &Object, resource: &str) -> i128 {
    let all = requests(&pod.body["spec"]).exact;
    match resource {
        "cpu" => i128::from(all.milli_cpu) * (NANOS / 1_000),
        _ => i128::from(all.memory) * NANOS,
    }
}

/// What a node says that it has, at this place of its status.
pub(crate) fn amounts_of(node: &Object, path: &str) -> Amounts {
    let has = node.pointer(path);
    let whole = |nanos: i128| i64::try_from(nanos / NANOS).unwrap_or(i64::MAX);
    Amounts {
        milli_cpu: whole(quantity(has, "cpu") * 1_000),
        memory: whole(quantity(has, "memory")),
        pods: whole(quantity(has, "pods")),
    }
}

/// What the pods on a node asked for, those that are over apart.
pub(crate) fn amounts_asked(node: &str, pods: &[&Object]) -> Amounts {
    let mut asked = Amounts {
        milli_cpu: 0,
        memory: 0,
        pods: 0,
    };
    let is_over = |pod: &Object| matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
    let own = pods.iter().filter(|pod| pod.text("/spec/nodeName") == node);
    for pod in own.filter(|pod| !is_over(pod)) {
        let all = requests(&pod.body["spec"]).exact;
        asked.milli_cpu += all.milli_cpu;
        asked.memory += all.memory;
        asked.pods += 1;
    }
    asked
}

/// What all nodes have, and what of it is promised away.
#[derive(Debug, Template)]
#[template(path = "nodes/head.html")]
pub(crate) struct Head {
    pub nodes: usize,
    pub ready: usize,
    pub has: String,
    pub requested: String,
    /// Pods that no node can take.
    pub waiting: usize,
    /// What the map could be about instead.
    pub other: By,
}

pub(crate) fn head(nodes: &[&Object], pods: &[&Object], waiting: usize, by: By) -> Head {
    let sum = |resource: &str| -> i128 {
        let all = nodes.iter().map(|node| node.pointer("/status/allocatable"));
        all.map(|has| quantity(has, resource)).sum()
    };
    let placed = || {
        let there = pods
            .iter()
            .filter(|pod| !pod.text("/spec/nodeName").is_empty());
        there.filter(|pod| !matches!(pod.text("/status/phase"), "Succeeded" | "Failed"))
    };
    let asked = |resource: &str| -> i128 { placed().map(|pod| requested(pod, resource)).sum() };
    let both = |cpu: i128, memory: i128| format!("{} CPU and {}", cores(cpu), memory_text(memory));
    Head {
        nodes: nodes.len(),
        ready: nodes
            .iter()
            .filter(|node| state(node).word == "Ready")
            .count(),
        has: both(sum("cpu"), sum("memory")),
        requested: both(asked("cpu"), asked("memory")),
        waiting,
        other: match by {
            By::Memory => By::Cpu,
            By::Cpu => By::Memory,
        },
    }
}

pub(super) fn cores(nanos: i128) -> String {
    let hundredths = nanos / (NANOS / 100);
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, part) => format!("{whole}.{part:02}"),
    }
}

/// Bytes, in billionths, to the tenth of a GiB; below one GiB to the MiB, as nothing is promised
/// away only where nothing is.
pub(super) fn memory_text(nanos: i128) -> String {
    let bytes = nanos / NANOS;
    if bytes > 0 && bytes < 1 << 30 {
        return format!("{} MiB", (bytes + (1 << 20) - 1) >> 20);
    }
    let tenths = bytes * 10 / (1 << 30);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} GiB"),
        (whole, part) => format!("{whole}.{part} GiB"),
    }
}

fn address(node: &Object) -> String {
    let addresses = node.pointer("/status/addresses").and_then(Value::as_array);
    addresses
        .into_iter()
        .flatten()
        .find(|address| address["type"] == "InternalIP")
        .and_then(|address| address["address"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn state(node: &Object) -> State {
    let ready = node.condition("Ready");
    let cordoned = node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true);
    match ready.as_ref().map(|ready| ready.status.as_str()) {
        Some("True") if cordoned => State::new(Tone::Hold, "hold", "Cordoned"),
        Some("True") => State::new(Tone::Ok, "ok", "Ready"),
        Some("False") => State::new(Tone::Bad, "bad", "NotReady"),
        _ => State::new(Tone::Unknown, "unk", "Unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_never_told_as_nothing_where_there_is_some() {
        let told = |bytes: i128| memory_text(bytes * NANOS);
        assert_eq!(told(0), "0 GiB");
        assert_eq!(told(1), "1 MiB");
        assert_eq!(told(96 << 20), "96 MiB");
        assert_eq!(told(1 << 30), "1 GiB");
        assert_eq!(told((5 << 30) / 2), "2.5 GiB");
    }
}
