//! Pods: bound once, ended only by those who may.

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

/// What the containers of a pod ask for, in thousandths.
pub(super) fn requested(pod: &Object, resource: &str) -> i128 {
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
pub(super) fn quantity(text: &str) -> Option<i128> {
    text.parse::<Quantity>()
        .ok()
        .map(|quantity| i128::from(quantity.milli_value()))
}
