//! Clusters in a few lines, and what becomes of pods in them.

mod decide;
mod service;
mod speed;
mod state;
mod volumes;

use std::sync::Arc;

use api::Object;
use serde_json::{Value, json};

use super::*;

/// `base` with the members of `extra` put in, deeply.
pub(super) fn merge(base: &mut Value, extra: &Value) {
    match (base, extra) {
        (Value::Object(base), Value::Object(extra)) => {
            for (key, value) in extra {
                merge(base.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (base, extra) => *base = extra.clone(),
    }
}

/// A node with 4 cores, 8 Gi and room for 10 pods, and its name as `kubernetes.io/hostname`.
fn node(name: &str, extra: &Value) -> NodeFacts {
    let mut body = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
    });
    merge(&mut body, extra);
    NodeFacts::from_object(&Object::from(body))
}

fn pod(name: &str, extra: &Value) -> Arc<Pod> {
    let mut body = json!({
        "metadata": {
            "name": name, "namespace": "default", "uid": format!("uid-{name}"),
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"containers": [{"name": "main", "image": "app:1"}]},
    });
    merge(&mut body, extra);
    Arc::new(Pod::from_object(&Object::from(body)))
}

fn asking(name: &str, cpu: &str) -> Arc<Pod> {
    let container = json!({"image": "app:1", "resources": {"requests": {"cpu": cpu}}});
    pod(name, &json!({"spec": {"containers": [container]}}))
}

fn cluster(nodes: Vec<NodeFacts>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for facts in nodes {
        snapshot.set_node(facts);
    }
    snapshot
}

/// Where each pod goes: a node's name, or the message.
fn places(snapshot: &mut Snapshot, pods: &[Arc<Pod>]) -> Vec<String> {
    decide(snapshot, pods)
        .into_iter()
        .map(|verdict| match verdict {
            Ok(placement) => placement.node,
            Err(misfit) => misfit.to_string(),
        })
        .collect()
}
