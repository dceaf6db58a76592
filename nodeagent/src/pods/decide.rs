//! Decides what moves one pod toward its spec. Same input, same output: no clock, no I/O.

use std::time::Duration;

use api::k8s::core::v1 as core;

use super::action::{Decision, RuntimeAction};
use super::containers::containers;
use super::memory::Admission;
use super::observed::Observed;
use super::spec::later;
use super::verdict::verdict;
use super::{ending, spec};
use crate::runtime::{Container, SandboxState};

/// How many ended containers of one name are kept for their logs, besides the newest.
const KEPT_ATTEMPTS: usize = 1;
/// Between two looks for room.
const ROOM_CHECK: Duration = Duration::from_secs(1);

pub(super) fn decide(observed: &Observed) -> Decision {
    let Some(pod) = observed.pod else {
        return ending::orphan(observed);
    };
    if spec::is_deleting(pod) {
        return ending::deleting(observed, pod);
    }
    if verdict(observed, pod).is_some() {
        return ending::finished(observed, pod);
    }
    let mut decision = keep_running(observed, pod);
    if let Some(deadline) = spec::deadline(pod) {
        decision.wait_until(deadline);
    }
    decision
}

fn keep_running(observed: &Observed, pod: &core::Pod) -> Decision {
    if observed.memory.admission == Admission::Open {
        return Decision {
            actions: Vec::new(),
            look_again: Some(later(observed.now, ROOM_CHECK)),
        };
    }
    if !observed.memory.prepared {
        return prepare(observed);
    }
    if observed.record.ready_sandbox().is_none() {
        return new_sandbox(observed);
    }
    let mut decision = containers(observed, pod);
    decision.actions.splice(0..0, garbage(observed));
    decision
}

fn prepare(observed: &Observed) -> Decision {
    match &observed.memory.preparing {
        Some(setback) if setback.retry_at > observed.now => Decision {
            actions: Vec::new(),
            look_again: Some(setback.retry_at),
        },
        _ => Decision::actions(vec![RuntimeAction::Prepare]),
    }
}

/// Ends the sandboxes that do not work and makes one that does. A sandbox whose start failed
/// keeps its name reserved until it is removed; one with containers is kept for their records.
fn new_sandbox(observed: &Observed) -> Decision {
    let mut decision = Decision::default();
    for sandbox in &observed.record.sandboxes {
        let mut inside = observed.record.containers.iter();
        let is_empty = inside.all(|container| container.sandbox != sandbox.id);
        let is_alive = sandbox.state == SandboxState::Ready
            || observed.record.running().any(|c| c.sandbox == sandbox.id);
        if is_empty || is_alive {
            decision.push(RuntimeAction::StopSandbox(sandbox.id.clone()));
        }
        if is_empty {
            decision.push(RuntimeAction::RemoveSandbox(sandbox.id.clone()));
        }
    }
    match &observed.memory.sandbox {
        Some(setback) if setback.retry_at > observed.now => {
            decision.wait_until(setback.retry_at);
        }
        _ => {
            let attempts = observed.record.sandboxes.iter().map(|s| s.attempt + 1);
            decision.push(RuntimeAction::RunSandbox {
                attempt: attempts.max().unwrap_or(0),
            });
        }
    }
    decision
}

/// Attempts nobody will ask about, and sandboxes that hold none.
fn garbage(observed: &Observed) -> Vec<RuntimeAction> {
    let record = observed.record;
    let is_garbage = |container: &Container| {
        let position = record
            .attempts(&container.name)
            .position(|other| other.id == container.id);
        container.exit_code().is_some() && position > Some(KEPT_ATTEMPTS)
    };
    let mut actions: Vec<RuntimeAction> = record
        .containers
        .iter()
        .filter(|container| is_garbage(container))
        .map(|container| RuntimeAction::RemoveContainer(container.id.clone()))
        .collect();
    for sandbox in record.sandboxes.iter().skip(1) {
        let mut inside = record.containers.iter().filter(|c| c.sandbox == sandbox.id);
        if inside.all(is_garbage) {
            actions.push(RuntimeAction::StopSandbox(sandbox.id.clone()));
            actions.push(RuntimeAction::RemoveSandbox(sandbox.id.clone()));
        }
    }
    actions
}
