//! Pods: bound once, within what a node has, ended only by those who may.

use api::{Object, Quantity};

use super::Commit;
use super::state::{State, is_finished, node_of};

/// What can be said before the commit counts.
pub(super) fn check(state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
    let resource = commit.change.key.collection.resource.as_str();
    if resource == "pods" {
        bound_once(commit, found);
    }
    if matches!(resource, "pods" | "replicasets" | "configmaps") && commit.begins_to_go() {
        ended_by_right(state, commit, found);
    }
}

/// What can be said of the state it leads to.
pub(super) fn check_after(state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
    if commit.change.key.collection.resource != "pods" || commit.is_deletion() {
        return;
    }
    let node = node_of(commit.object);
    let was = commit.before.map(node_of).unwrap_or_default();
    if !node.is_empty() && was.is_empty() {
        within_allocatable(state, node, found);
    }
}

fn bound_once(commit: &Commit<'_>, found: &mut Vec<String>) {
    let Some(before) = commit.before else {
        return;
    };
    let key = &commit.change.key;
    if before.uid() != commit.object.uid() {
        found.push(format!(
            "{key} became another pod without having been deleted"
        ));
        return;
    }
    let (was, is) = (node_of(before), node_of(commit.object));
    if !was.is_empty() && was != is {
        found.push(format!("{key} was bound to {was}, then to {is:?}"));
    }
    if is_finished(before) && !is_finished(commit.object) {
        found.push(format!("{key} was over and lives again"));
    }
}

/// Controllers end only what has an owner, what lost its node or its namespace, or what is over.
fn ended_by_right(state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
    if !commit.is_by_controllers() {
        return;
    }
    let object = commit.object;
    let node = node_of(object);
    let lost_node = !node.is_empty() && !state.is_node_well(node);
    let may_go = object.controller().is_some()
        || lost_node
        || is_finished(object)
        || !state.is_namespace_well(object.namespace());
    if !may_go {
        let key = &commit.change.key;
        found.push(format!(
            "{key} belongs to nobody and was deleted by a controller"
        ));
    }
}

fn within_allocatable(state: &State, node: &str, found: &mut Vec<String>) {
    let Some(object) = state.find("", "nodes", "", node) else {
        return;
    };
    let pods: Vec<&Object> = state
        .pods()
        .filter(|pod| node_of(pod) == node && !is_finished(pod))
        .collect();
    for resource in ["cpu", "memory"] {
        let pointer = format!("/status/allocatable/{resource}");
        let Some(room) = quantity(object.text(&pointer)) else {
            continue;
        };
        let wanted: i128 = pods.iter().map(|pod| requested(pod, resource)).sum();
        if wanted > room {
            found.push(format!(
                "{node} has {room}m {resource}, its pods ask for {wanted}m"
            ));
        }
    }
    let most = quantity(object.text("/status/allocatable/pods"));
    let count = i128::try_from(pods.len()).unwrap_or(i128::MAX) * 1000;
    if most.is_some_and(|most| count > most) {
        found.push(format!("{node} has more pods than it may have"));
    }
}

fn requested(pod: &Object, resource: &str) -> i128 {
    let containers = pod.pointer("/spec/containers");
    let containers = containers.and_then(serde_json::Value::as_array);
    let request = |container: &serde_json::Value| {
        let pointer = format!("/resources/requests/{resource}");
        container
            .pointer(&pointer)
            .and_then(serde_json::Value::as_str)
            .and_then(quantity)
            .unwrap_or(0)
    };
    containers.into_iter().flatten().map(request).sum()
}

/// In thousandths.
fn quantity(text: &str) -> Option<i128> {
    text.parse::<Quantity>()
        .ok()
        .map(|quantity| i128::from(quantity.milli_value()))
}
