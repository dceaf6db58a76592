//! The admission check that goes with the node authorizer: what an agent writes, it writes about
//! its own node and its own pods.

use std::collections::BTreeMap;

use api::local_volume::{FINALIZER, NODE};
use api::{Object, ObjectKey, Reason, Status};
use serde_json::Value;

use super::authorize::LEASES;
use super::{NodeGraph, references};

/// One write that is about to happen.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// `create`, `update`, `patch` or `delete`.
    pub verb: &'a str,
    pub key: &'a ObjectKey,
    /// Empty for the object itself.
    pub subresource: &'a str,
    /// The stored object; for a subresource that is created, its parent where known.
    pub old: Option<&'a Object>,
    /// What would be stored; for a subresource that is created, the request's body.
    pub new: Option<&'a Object>,
}

/// Refuses what the agent of `node` may not write.
pub fn restrict(graph: &dyn NodeGraph, node: &str, change: &Change<'_>) -> Result<(), Status> {
    let collection = &change.key.collection;
    let checked = match (collection.group.as_str(), collection.resource.as_str()) {
        ("", "pods") => pod(graph, node, change),
        ("", "nodes") => own_node(node, change),
        ("", "persistentvolumes") => volume(node, change),
        ("", "serviceaccounts") if change.subresource == "token" => token(graph, node, change),
        ("coordination.k8s.io", "leases") => lease(node, change),
        _ => Ok(()),
    };
    checked.map_err(|why| Status {
        group: collection.group.clone(),
        kind: collection.resource.clone(),
        name: change.key.name.clone(),
        ..Status::new(
            Reason::Forbidden,
            format!("{collection} \"{}\" is forbidden: {why}", change.key.name),
        )
    })
}

type Checked = Result<(), String>;

fn pod(graph: &dyn NodeGraph, node: &str, change: &Change<'_>) -> Checked {
    let (namespace, name) = (&change.key.namespace, &change.key.name);
    let runs_here = match change.old {
        Some(pod) if pod.kind() == "Pod" => pod.text("/spec/nodeName") == node,
        _ => graph.runs(node, namespace, name),
    };
    match (change.subresource, change.verb) {
        ("", "create") => mirror_pod(node, change),
        ("", "delete") | ("eviction", "create") if runs_here => Ok(()),
        ("status", "patch" | "update") if runs_here => {
            let labels = |object: Option<&Object>| {
                object.map(|object| object.body["metadata"]["labels"].clone())
            };
            if labels(change.old) == labels(change.new) {
                return Ok(());
            }
            Err(format!(
                "node {node:?} cannot update labels through pod status"
            ))
        }
        ("" | "status" | "eviction", "delete" | "create" | "patch" | "update") if !runs_here => {
            Err(format!(
                "node {node:?} can only change pods with spec.nodeName set to itself"
            ))
        }
        (subresource, verb) => Err(format!(
            "unexpected {verb} of {subresource:?} by node {node:?}"
        )),
    }
}

fn mirror_pod(node: &str, change: &Change<'_>) -> Checked {
    let Some(pod) = change.new else {
        return Err("there is no pod".to_owned());
    };
    if pod.annotation("kubernetes.io/config.mirror").is_none() {
        return Err(format!(
            "pod does not have \"kubernetes.io/config.mirror\" annotation, node {node:?} can only create mirror pods"
        ));
    }
    if pod.text("/spec/nodeName") != node {
        return Err(format!(
            "node {node:?} can only create pods with spec.nodeName set to itself"
        ));
    }
    if !references(pod).is_empty() {
        return Err(format!(
            "node {node:?} can not create pods that reference secrets, configmaps, claims or service accounts"
        ));
    }
    Ok(())
}

/// Labels that an agent sets on its own node, besides those below its own prefixes.
const OWN_LABELS: [&str; 9] = [
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];
const OWN_PREFIXES: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];

fn own_node(node: &str, change: &Change<'_>) -> Checked {
    if change.verb == "delete" {
        return Err(format!("node {node:?} cannot delete Node objects"));
    }
    let name = match change.new {
        Some(new) if change.key.name.is_empty() => new.name(),
        _ => &change.key.name,
    };
    if name != node {
        return Err(format!(
            "node {node:?} is not allowed to modify node {name:?}"
        ));
    }
    let Some(new) = change.new else {
        return Ok(());
    };
    let before: BTreeMap<&str, &str> = change.old.map(|o| o.labels().collect()).unwrap_or_default();
    let after: BTreeMap<&str, &str> = new.labels().collect();
    let reserved: Vec<&str> = before
        .keys()
        .chain(after.keys())
        .filter(|key| before.get(*key) != after.get(*key) && is_reserved(key))
        .copied()
        .collect();
    if !reserved.is_empty() {
        return Err(format!(
            "is not allowed to modify labels: {}",
            reserved.join(", ")
        ));
    }
    if let Some(old) = change.old {
        if old.body["spec"]["taints"] != new.body["spec"]["taints"] {
            return Err(format!("node {node:?} is not allowed to modify taints"));
        }
        if old.body["metadata"]["ownerReferences"] != new.body["metadata"]["ownerReferences"] {
            return Err(format!(
                "node {node:?} is not allowed to modify ownerReferences"
            ));
        }
    }
    Ok(())
}

/// A label in Kubernetes' own name space that is not the agent's to set.
fn is_reserved(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else {
        return false;
    };
    let within = |parent: &str| {
        domain == parent
            || domain
                .strip_suffix(parent)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    (within("kubernetes.io") || within("k8s.io"))
        && !OWN_LABELS.contains(&key)
        && !OWN_PREFIXES.iter().any(|prefix| within(prefix))
}

/// Of a volume that it has the directory of, and that is to go, it removes its finalizer.
fn volume(node: &str, change: &Change<'_>) -> Checked {
    let (Some(old), Some(new)) = (change.old, change.new) else {
        return Err(format!("node {node:?} cannot {} volumes", change.verb));
    };
    if old.label(NODE) != Some(node) {
        return Err(format!("the volume is not one of node {node:?}"));
    }
    let left = old.finalizers().filter(|name| *name != FINALIZER);
    if old.is_deleting() && left.eq(new.finalizers()) && essence(old) == essence(new) {
        return Ok(());
    }
    Err(format!(
        "node {node:?} can only remove the finalizer {FINALIZER} of a volume that is being deleted"
    ))
}

/// The object without its finalizers and what the server keeps about its versions.
fn essence(object: &Object) -> Value {
    let mut object = object.clone();
    for field in [
        "finalizers",
        "managedFields",
        "resourceVersion",
        "generation",
    ] {
        object.metadata_mut().shift_remove(field);
    }
    object.body
}

/// A token is for one pod on the node, and for the account that the pod runs as.
fn token(graph: &dyn NodeGraph, node: &str, change: &Change<'_>) -> Checked {
    let Some(request) = change.new else {
        return Err("there is no token request".to_owned());
    };
    let text = |field: &str| {
        request
            .text(&format!("/spec/boundObjectRef/{field}"))
            .to_owned()
    };
    if text("kind") != "Pod" || text("apiVersion") != "v1" {
        return Err("node requested token not bound to a pod".to_owned());
    }
    let pod = text("name");
    let account = &change.key.name;
    match graph.runs_as(node, &change.key.namespace, &pod, account) {
        None => Err(format!(
            "node requested token bound to a pod scheduled on a different node, or to another service account than {account:?}"
        )),
        Some(uid) if uid == text("uid") => Ok(()),
        Some(_) => Err("node requested token with a pod's uid that is not the pod's".to_owned()),
    }
}

fn lease(node: &str, change: &Change<'_>) -> Checked {
    let name = match change.new {
        Some(new) if change.key.name.is_empty() => new.name(),
        _ => &change.key.name,
    };
    if change.key.namespace == LEASES && name == node {
        return Ok(());
    }
    Err("can only access the node lease with the node's own name".to_owned())
}
