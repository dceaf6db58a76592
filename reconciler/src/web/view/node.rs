//! One node: what it has, what is promised away, what runs there.

use askama::Template;
use jiff::Timestamp;
use serde_json::Value;

use api::Object;
use engine::health;

use super::app::{Summary, Truth};
use super::component::{Icon, State, Tone, encoded};
use super::nodes::{self, Row, requested};
use super::time::{When, took};
use super::used::stale;
use crate::usage::Used;

/// Name and state.
#[derive(Debug, Template)]
#[template(path = "node/head.html")]
pub(crate) struct Head {
    pub name: String,
    pub state: State,
    pub address: String,
    pub version: String,
    pub age: String,
}

/// What of it is promised away.
#[derive(Debug, Template)]
#[template(path = "node/capacity.html")]
pub(crate) struct Capacity {
    pub row: Row,
    /// What is to be said of the figures; empty where nothing is.
    pub note: String,
}

/// What runs there, the largest requests first.
#[derive(Debug, Template)]
#[template(path = "node/pods.html")]
pub(crate) struct Pods {
    pub rows: Vec<Pod>,
}

/// One pod.
#[derive(Debug)]
pub(crate) struct Pod {
    pub place: String,
    pub href: String,
    pub state: State,
    pub cpu: String,
    pub memory: String,
    pub since: Option<When>,
}

pub(crate) fn head(node: &Object, now: Timestamp) -> Head {
    let row = nodes::row(node, &[], &Used::default());
    Head {
        name: row.name,
        state: row.state,
        address: row.address,
        version: row.version,
        age: api::parse_time(node.creation_timestamp())
            .map(|born| took(born.duration_until(now)))
            .unwrap_or_default(),
    }
}

/// What is wrong with it, and what becomes of its pods; nothing where it is ready.
pub(crate) fn truth(node: &Object, nodes: &[&Object], pods: &[&Object], now: Timestamp) -> Truth {
    let trouble = nodes::trouble(node, nodes, pods, now);
    let tone = trouble.is_some().then_some(Tone::Bad);
    let (heading, then) = trouble.unwrap_or_default();
    Truth {
        tone,
        icon: Icon("bad"),
        heading,
        details: String::new(),
        since: None,
        until: None,
        then,
        actions: Vec::new(),
    }
}

/// `pods` are those of the whole cluster.
pub(crate) fn capacity(node: &Object, pods: &[&Object], used: &Used, now: Timestamp) -> Capacity {
    Capacity {
        note: stale(used, now),
        row: nodes::row(node, pods, used),
    }
}

pub(crate) fn pods(pods: &[&Object], now: Timestamp) -> Pods {
    let mut sorted: Vec<&&Object> = pods.iter().filter(|pod| nodes::holds(pod)).collect();
    sorted.sort_by_key(|pod| {
        let largest = std::cmp::Reverse(requested(pod, "memory"));
        (largest, pod.namespace(), pod.name())
    });
    Pods {
        rows: sorted.into_iter().map(|pod| row(pod, now)).collect(),
    }
}

fn row(pod: &Object, now: Timestamp) -> Pod {
    let health = health::assess(pod, now).unwrap_or_default();
    Pod {
        place: format!("{}/{}", pod.namespace(), pod.name()),
        href: format!("/pods/{}/{}", encoded(pod.namespace()), encoded(pod.name())),
        state: State::health(health.status),
        cpu: nodes::cores(requested(pod, "cpu")),
        memory: nodes::memory_text(requested(pod, "memory")),
        since: api::parse_time(pod.creation_timestamp()).map(|at| When::age(at, now)),
    }
}

pub(crate) fn summary(node: &Object) -> Summary {
    let info = |field: &str| node.text(&format!("/status/nodeInfo/{field}")).to_owned();
    let mut entries = vec![
        ("System", info("osImage")),
        ("Kernel", info("kernelVersion")),
        ("Runtime", info("containerRuntimeVersion")),
        ("Machine", info("architecture")),
        ("Pod network", node.text("/spec/podCIDR").to_owned()),
        ("Taints", taints(node)),
    ];
    let labels = node.labels().map(|(name, value)| format!("{name}={value}"));
    entries.push(("Labels", labels.collect::<Vec<_>>().join(", ")));
    entries.retain(|(_, value)| !value.is_empty());
    Summary::of(entries)
}

fn taints(node: &Object) -> String {
    let taints = node.pointer("/spec/taints").and_then(Value::as_array);
    let taints = taints.into_iter().flatten().map(|taint| {
        let text = |field: &str| taint[field].as_str().unwrap_or_default();
        format!("{}={}:{}", text("key"), text("value"), text("effect"))
    });
    taints.collect::<Vec<_>>().join(", ")
}
