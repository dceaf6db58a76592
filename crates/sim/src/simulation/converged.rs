//! What a cluster that is left alone must come to.

use std::collections::BTreeSet;

use api::{Object, Uid};
use futures::FutureExt;
use nodeagent::runtime::{ContainerState, Runtime};

use super::World;
use super::invariants::{State, is_active, is_finished, is_ready, node_of};

/// What is not yet as it should be, one line each.
pub fn unsettled(world: &World) -> Vec<String> {
    let state = world.invariants.state();
    let mut open = Vec::new();
    for deployment in state.all("apps", "deployments") {
        check_deployment(state, deployment, &mut open);
    }
    for set in state.all("apps", "replicasets") {
        check_replica_set(state, set, &mut open);
    }
    for job in state.all("batch", "jobs") {
        let is_over = ["Complete", "Failed"]
            .iter()
            .any(|kind| job.condition(kind).is_some_and(|it| it.status == "True"));
        if !is_over {
            open.push(format!("job {} is not over: {}", job.name(), status(job)));
        }
    }
    for pod in state.pods() {
        check_pod(world, pod, &mut open);
    }
    check_owners(state, &mut open);
    check_runtimes(world, state, &mut open);
    open
}

fn status(object: &Object) -> String {
    object
        .pointer("/status")
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn number(object: &Object, pointer: &str) -> i64 {
    object
        .pointer(pointer)
        .and_then(serde_json::Value::as_i64)
        .unwrap_or(0)
}

fn check_deployment(state: &State, deployment: &Object, open: &mut Vec<String>) {
    let name = format!(
        "deployment {}/{}",
        deployment.namespace(),
        deployment.name()
    );
    if deployment.is_deleting() {
        open.push(format!("{name} is still being deleted"));
        return;
    }
    let wanted = number(deployment, "/spec/replicas");
    let is_observed = deployment.observed_generation() == Some(deployment.generation());
    let fields = [
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
    ];
    let is_done = fields
        .iter()
        .all(|field| number(deployment, &format!("/status/{field}")) == wanted);
    if !is_observed || !is_done {
        open.push(format!("{name} wants {wanted}: {}", status(deployment)));
    }
    let uid = deployment.uid();
    let active = |set: &Object| {
        let uid = set.uid();
        let pods = state.children("", "pods", &uid);
        pods.filter(|pod| is_active(pod)).count()
    };
    let sets = state.children("apps", "replicasets", &uid);
    let pods: usize = sets.map(active).sum();
    if i64::try_from(pods) != Ok(wanted) {
        open.push(format!("{name} wants {wanted} and has {pods} pods"));
    }
}

fn check_replica_set(state: &State, set: &Object, open: &mut Vec<String>) {
    let name = format!("replica set {}/{}", set.namespace(), set.name());
    let uid = set.uid();
    let pods: Vec<&Object> = state.children("", "pods", &uid).collect();
    let count = |rule: fn(&Object) -> bool| pods.iter().filter(|pod| rule(pod)).count();
    let wanted = number(set, "/spec/replicas");
    for (field, actual) in [
        ("replicas", count(is_active)),
        ("readyReplicas", count(is_ready)),
    ] {
        let told = number(set, &format!("/status/{field}"));
        if i64::try_from(actual) != Ok(wanted) || told != wanted {
            open.push(format!(
                "{name} wants {wanted}, has {actual} and tells {told} {field}"
            ));
        }
    }
}

fn check_pod(world: &World, pod: &Object, open: &mut Vec<String>) {
    let name = format!("pod {}/{}", pod.namespace(), pod.name());
    if pod.is_deleting() {
        open.push(format!("{name} is still being deleted"));
    }
    // One that is over counts too: whoever collects pods takes those of lost nodes away.
    if !world.machines.contains_key(node_of(pod)) {
        open.push(format!(
            "{name} is on {:?}, which is no machine",
            node_of(pod)
        ));
    }
    if !is_finished(pod) && !is_ready(pod) && pod.label("kind") != Some("job") {
        open.push(format!("{name} is not ready: {}", status(pod)));
    }
}

/// Nothing that belonged to something outlives it.
fn check_owners(state: &State, open: &mut Vec<String>) {
    let uids: BTreeSet<Uid> = state.objects.values().map(|object| object.uid()).collect();
    for (key, object) in &state.objects {
        let owners = object.owner_references();
        for owner in owners
            .into_iter()
            .filter(|owner| !uids.contains(&owner.uid))
        {
            let (kind, name) = (&owner.kind, &owner.name);
            open.push(format!("{key} is an orphan of {kind} {name}"));
        }
    }
}

/// What runs is what is wanted: nothing is left over, nothing is missing.
fn check_runtimes(world: &World, state: &State, open: &mut Vec<String>) {
    for (node, machine) in &world.machines {
        let wanted: BTreeSet<String> = state
            .pods()
            .filter(|pod| node_of(pod) == node && !is_finished(pod))
            .map(|pod| pod.uid().0)
            .collect();
        let Some(Ok(listing)) = machine.node.list().now_or_never() else {
            continue;
        };
        let running: BTreeSet<String> = listing
            .containers
            .iter()
            .filter(|it| matches!(it.state, ContainerState::Running { .. }))
            .map(|it| it.pod.0.clone())
            .collect();
        if running != wanted {
            open.push(format!("{node} runs {running:?}, wanted are {wanted:?}"));
        }
    }
}
