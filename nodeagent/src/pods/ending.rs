//! How a pod comes down: hooks and signals on one clock, then the sandbox, then what is left.
//! Pure.

use std::time::Duration;

use api::k8s::core::v1 as core;

use super::action::{Decision, RuntimeAction, StopReason};
use super::observed::Observed;
use super::spec::{self, Role, between, later};
use crate::runtime::{Container, ContainerState, SandboxState};

/// Nobody is killed without a moment to notice.
const LEAST: Duration = Duration::from_secs(2);

/// The API server wants it gone.
pub(super) fn deleting(observed: &Observed, pod: &core::Pod) -> Decision {
    if let Some(decision) = stop_containers(observed, Some(pod), spec::grace(pod)) {
        return decision;
    }
    take_down(observed).unwrap_or_else(|| {
        // An object that is still there has finalizers: somebody else's turn.
        let told = observed.memory.object_deleted;
        Decision::actions(if told {
            Vec::new()
        } else {
            vec![RuntimeAction::DeleteObject]
        })
    })
}

/// The API server knows it no more, or never did.
pub(super) fn orphan(observed: &Observed) -> Decision {
    stop_containers(observed, None, LEAST)
        .or_else(|| take_down(observed))
        .unwrap_or_default()
}

/// It is over but stays, so that its logs and its status can be read.
pub(super) fn finished(observed: &Observed, pod: &core::Pod) -> Decision {
    if let Some(decision) = stop_containers(observed, Some(pod), spec::grace(pod)) {
        return decision;
    }
    let ready = observed
        .record
        .sandboxes
        .iter()
        .filter(|sandbox| sandbox.state == SandboxState::Ready);
    Decision::actions(
        ready
            .map(|sandbox| RuntimeAction::StopSandbox(sandbox.id.clone()))
            .collect(),
    )
}

/// Stops what runs: everything at once, sidecars after the last main, the last sidecar first.
/// `None` when nothing runs.
fn stop_containers(
    observed: &Observed,
    pod: Option<&core::Pod>,
    grace: Duration,
) -> Option<Decision> {
    let alive: Vec<&Container> = observed
        .record
        .containers
        .iter()
        .filter(|c| {
            matches!(
                c.state,
                ContainerState::Running { .. } | ContainerState::Unknown
            )
        })
        .collect();
    let (sidecars, mains): (Vec<&Container>, Vec<&Container>) =
        alive.into_iter().partition(|container| {
            let role = pod.and_then(|pod| spec::container(pod, &container.name));
            matches!(role, Some((Role::Sidecar, _)))
        });
    let next = if mains.is_empty() {
        let last = pod
            .into_iter()
            .flat_map(|pod| spec::init_containers(pod).rev());
        let last = last
            .filter_map(|(_, spec)| sidecars.iter().find(|c| c.name == spec.name))
            .take(1);
        last.copied().collect()
    } else {
        mains
    };
    if next.is_empty() {
        return None;
    }
    let since = observed.memory.ending_since.unwrap_or(observed.now);
    let left = between(observed.now, later(since, grace)).max(LEAST);
    Some(Decision::actions(
        next.into_iter()
            .map(|container| RuntimeAction::StopContainer {
                id: container.id.clone(),
                name: container.name.clone(),
                grace: left,
                reason: StopReason::PodEnds,
                hook: pod.is_some() && !observed.memory.pre_stopped.contains(&container.id),
            })
            .collect(),
    ))
}

/// Stops the sandbox, then removes everything. `None` when nothing is left.
fn take_down(observed: &Observed) -> Option<Decision> {
    if observed.has_ready_sandbox() {
        let sandboxes = observed.record.sandboxes.iter();
        return Some(Decision::actions(
            sandboxes
                .map(|sandbox| RuntimeAction::StopSandbox(sandbox.id.clone()))
                .collect(),
        ));
    }
    if observed.record.is_empty() && observed.memory.released {
        return None;
    }
    let mut actions: Vec<RuntimeAction> = Vec::new();
    for container in &observed.record.containers {
        actions.push(RuntimeAction::RemoveContainer(container.id.clone()));
    }
    for sandbox in &observed.record.sandboxes {
        // Stopping again is cheap and returns the network of one that died by itself.
        actions.push(RuntimeAction::StopSandbox(sandbox.id.clone()));
        actions.push(RuntimeAction::RemoveSandbox(sandbox.id.clone()));
    }
    actions.push(RuntimeAction::Release);
    Some(Decision::actions(actions))
}
