//! What each container of a living pod needs next. Pure.

use std::time::Duration;

use api::k8s::core::v1 as core;

use super::action::{Decision, RuntimeAction, StopReason};
use super::observed::Observed;
use super::spec::{self, Role};
use super::{names, restart};
use crate::runtime::{Container, ContainerState};

/// Starts, restarts and stops containers of a pod whose sandbox works.
pub(super) fn containers(observed: &Observed, pod: &core::Pod) -> Decision {
    let mut decision = Decision::default();
    let begun = observed.has_begun(pod);
    let mut waiting_for_init = false;
    for (role, container) in spec::init_containers(pod) {
        if waiting_for_init || (begun && role == Role::Init) {
            continue;
        }
        let current = observed.current(&container.name);
        let ended_well = current.and_then(Container::exit_code) == Some(0);
        if role == Role::Init && ended_well {
            continue;
        }
        step(observed, pod, role, container, &mut decision);
        let is_up = current.is_some_and(|current| observed.is_started(current, container));
        let lets_go_on = begun || (role == Role::Sidecar && is_up);
        waiting_for_init = !lets_go_on;
    }
    if !waiting_for_init {
        for container in spec::main_containers(pod) {
            step(observed, pod, Role::Main, container, &mut decision);
        }
    }
    decision
}

fn step(
    observed: &Observed,
    pod: &core::Pod,
    role: Role,
    container: &core::Container,
    decision: &mut Decision,
) {
    let name = &container.name;
    let Some(newest) = observed.record.newest(name) else {
        start(observed, name, first_attempt(pod, name), None, decision);
        return;
    };
    let is_current = observed.current(name).is_some();
    match &newest.state {
        ContainerState::Created => {
            // Left behind between create and start: nothing ran, so the attempt is not used up.
            decision.push(RuntimeAction::RemoveContainer(newest.id.clone()));
            let delay = newest.annotations.get(names::RESTART_DELAY);
            let delay = delay.and_then(|seconds| seconds.parse().ok());
            let delay = delay.map(Duration::from_secs);
            start(observed, name, newest.attempt, delay, decision);
        }
        ContainerState::Running { .. } if !is_current => {}
        ContainerState::Running { .. } => {
            if let Some(reason) = reason_to_stop(observed, newest, container) {
                decision.push(stop(observed, pod, newest, reason));
            }
        }
        ContainerState::Unknown => {
            decision.push(stop(observed, pod, newest, StopReason::Unknown));
        }
        ContainerState::Exited { exit_code, .. } => {
            let runs_again = match role {
                Role::Sidecar => true,
                // In a new sandbox every init container runs again.
                Role::Init if !is_current => true,
                Role::Init | Role::Main => spec::restart_policy(pod).restarts(*exit_code),
            };
            if runs_again {
                again(observed, newest, decision);
            }
        }
    }
}

/// The next attempt of what has ended, once its back-off is over.
fn again(observed: &Observed, ended: &Container, decision: &mut Decision) {
    let due = restart::due(ended).unwrap_or(observed.now);
    if due > observed.now {
        decision.wait_until(due);
        return;
    }
    let delay = Some(restart::delay(ended));
    start(observed, &ended.name, ended.attempt + 1, delay, decision);
}

/// Starts unless an earlier failure to start still has to be waited for.
fn start(
    observed: &Observed,
    name: &str,
    attempt: u32,
    delay: Option<Duration>,
    decision: &mut Decision,
) {
    if let Some(setback) = observed.memory.starts.get(name)
        && setback.retry_at > observed.now
    {
        decision.wait_until(setback.retry_at);
        return;
    }
    decision.push(RuntimeAction::StartContainer {
        name: name.to_owned(),
        attempt,
        delay,
    });
}

/// Goes on counting where the API server has seen an earlier attempt that the runtime lost.
fn first_attempt(pod: &core::Pod, name: &str) -> u32 {
    spec::reported(pod, name).map_or(0, |reported| {
        let count = u32::try_from(reported.restart_count).unwrap_or(0);
        let ran = reported
            .container_id
            .as_ref()
            .is_some_and(|id| !id.is_empty());
        count + u32::from(ran)
    })
}

fn reason_to_stop(
    observed: &Observed,
    running: &Container,
    container: &core::Container,
) -> Option<StopReason> {
    if let Some(message) = observed.memory.post_start_failed.get(&running.id) {
        return Some(StopReason::PostStartFailed(message.clone()));
    }
    let hash = running.annotations.get(names::SPEC_HASH);
    if hash.is_some_and(|hash| *hash != spec::hash(container)) {
        return Some(StopReason::SpecChanged);
    }
    let results = observed.memory.probes.get(&running.id)?;
    if results.startup == Some(false) {
        return Some(StopReason::StartupFailed);
    }
    (results.liveness == Some(false)).then_some(StopReason::LivenessFailed)
}

fn stop(
    observed: &Observed,
    pod: &core::Pod,
    container: &Container,
    reason: StopReason,
) -> RuntimeAction {
    RuntimeAction::StopContainer {
        id: container.id.clone(),
        name: container.name.clone(),
        grace: probe_grace(pod, &container.name, &reason).unwrap_or_else(|| spec::grace(pod)),
        hook: !observed.memory.pre_stopped.contains(&container.id)
            && !matches!(reason, StopReason::Unknown),
        reason,
    }
}

/// A probe may bring a grace period of its own.
fn probe_grace(pod: &core::Pod, name: &str, reason: &StopReason) -> Option<Duration> {
    let (_, container) = spec::container(pod, name)?;
    let probe = match reason {
        StopReason::LivenessFailed => container.liveness_probe.as_ref()?,
        StopReason::StartupFailed => container.startup_probe.as_ref()?,
        _ => return None,
    };
    let seconds = u64::try_from(probe.termination_grace_period_seconds?).ok()?;
    Some(Duration::from_secs(seconds))
}
