//! A measure in the form of the kubelet's summary, as far as it is known. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use api::Uid;
use serde_json::{Map, Value, json};

use super::reading::{Measured, Rate};
use crate::runtime::{CpuTime, Memory, Usage};

/// What the use of a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// That of its machine, with what runs beside the pods.
    Machine,
    /// That of its containers together: the rest of the machine is no single node's.
    Containers,
}

/// What is not known is left out. Kubernetes' summary has no windows: what a rate is over.
pub(crate) fn summary(node: &str, whole: Whole, measured: &Measured) -> Value {
    let mut about = json!({"nodeName": node});
    match (whole, measured.now.node) {
        (Whole::Machine, Some(own)) => {
            about["cpu"] = cpu(own.cpu, measured.node_rate());
            about["memory"] = memory(own.memory);
            about["memory"]["availableBytes"] = json!(own.available);
        }
        (Whole::Machine, None) => {}
        (Whole::Containers, _) => together(&mut about, measured),
    }
    let mut pods: BTreeMap<&Uid, Vec<&Usage>> = BTreeMap::new();
    for usage in &measured.now.containers {
        pods.entry(&usage.pod).or_default().push(usage);
    }
    let pods: Vec<Value> = pods
        .values()
        .map(|containers| pod(containers, measured))
        .collect();
    json!({"node": about, "pods": pods})
}

/// Without what counts up for ever: a container that is gone takes its part of that with it.
fn together(about: &mut Value, measured: &Measured) {
    let (at, all) = (measured.now.at, &measured.now.containers);
    let rates: Vec<Rate> = all.iter().filter_map(|it| measured.rate(it)).collect();
    let window = rates.iter().map(|rate| rate.window).max();
    let held = all.iter().filter_map(|it| it.memory);
    about["cpu"] = json!({
        "time": at,
        "usageNanoCores": rates.iter().map(|rate| rate.nanocores).sum::<u64>(),
        "window": seconds(window.unwrap_or(Duration::from_secs(1))),
    });
    about["memory"] = json!({
        "time": at,
        "workingSetBytes": held.map(|it| it.working_set).sum::<u64>(),
    });
}

fn seconds(window: Duration) -> String {
    format!("{:.3}s", window.as_secs_f64())
}

fn pod(containers: &[&Usage], measured: &Measured) -> Value {
    let first = containers.first();
    let text = |of: fn(&Usage) -> &str| first.map(|it| of(it)).unwrap_or_default();
    let containers: Vec<Value> = containers
        .iter()
        .map(|usage| container(usage, measured))
        .collect();
    json!({
        "podRef": {
            "name": text(|it| &it.pod_name),
            "namespace": text(|it| &it.namespace),
            "uid": text(|it| &it.pod.0),
        },
        "containers": containers,
    })
}

fn container(usage: &Usage, measured: &Measured) -> Value {
    let mut told = Map::new();
    told.insert("name".into(), json!(usage.name));
    if let Some(time) = usage.cpu {
        told.insert("cpu".into(), cpu(time, measured.rate(usage)));
    }
    if let Some(held) = usage.memory {
        told.insert("memory".into(), memory(held));
    }
    told.into()
}

fn cpu(time: CpuTime, rate: Option<Rate>) -> Value {
    let mut told = json!({"time": time.at, "usageCoreNanoSeconds": time.nanoseconds});
    if let Some(rate) = rate {
        told["usageNanoCores"] = json!(rate.nanocores);
        told["window"] = json!(seconds(rate.window));
    }
    told
}

fn memory(memory: Memory) -> Value {
    let mut told = json!({"time": memory.at, "workingSetBytes": memory.working_set});
    if let Some(usage) = memory.usage {
        told["usageBytes"] = json!(usage);
    }
    told
}
