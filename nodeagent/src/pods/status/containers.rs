//! The status of one container.

use std::time::Duration;

use api::k8s::core::v1 as core;
use api::meta::Time;
use jiff::Timestamp;

use super::Facts;
use crate::pods::memory::{Memory, Setback};
use crate::pods::observed::Observed;
use crate::pods::restart;
use crate::pods::spec::{self, RestartPolicy, Role, later};
use crate::pods::verdict::verdict;
use crate::runtime::{Container, ContainerState};

/// How long a failed pull is shown as itself, before it is shown as the wait for the next one.
const SHOWN: Duration = Duration::from_secs(2);
const PULL_FAILED: &str = "ErrImagePull";

pub(super) fn status(
    observed: &Observed,
    pod: &core::Pod,
    role: Role,
    container: &core::Container,
    facts: &Facts,
) -> core::ContainerStatus {
    let name = &container.name;
    let reported = spec::reported(pod, name);
    let Some(newest) = observed.record.newest(name) else {
        return without_record(observed, pod, role, container, reported);
    };
    let (state, last_state) = states(observed, pod, role, container, newest, facts);
    let is_started = observed.is_started(newest, container);
    core::ContainerStatus {
        name: name.clone(),
        ready: match role {
            Role::Init => newest.exit_code() == Some(0),
            Role::Sidecar | Role::Main => is_started && is_ready(observed, newest, container),
        },
        started: Some(is_started),
        restart_count: i32::try_from(newest.attempt).unwrap_or(i32::MAX),
        image: newest.image.clone(),
        image_id: newest.image_id.clone(),
        container_id: Some(format!("{}://{}", facts.runtime, newest.id)),
        state: Some(state),
        last_state: last_state.or_else(|| inherited(observed, newest, reported)),
        ..core::ContainerStatus::default()
    }
}

fn is_ready(observed: &Observed, running: &Container, container: &core::Container) -> bool {
    let readiness = observed.memory.probes.get(&running.id);
    container.readiness_probe.is_none()
        || readiness.and_then(|results| results.readiness) == Some(true)
}

/// The runtime knows no container of this name (any more).
fn without_record(
    observed: &Observed,
    pod: &core::Pod,
    role: Role,
    container: &core::Container,
    reported: Option<&core::ContainerStatus>,
) -> core::ContainerStatus {
    let is_past = spec::is_deleting(pod)
        || verdict(observed, pod).is_some()
        || (role == Role::Init && observed.has_begun(pod));
    let ran = reported.filter(|status| status.container_id.is_some());
    if let Some(reported) = ran
        && is_past
    {
        return core::ContainerStatus {
            ready: role == Role::Init && reported.ready,
            started: Some(false),
            ..reported.clone()
        };
    }
    core::ContainerStatus {
        name: container.name.clone(),
        ready: false,
        started: Some(false),
        restart_count: reported.map_or(0, |status| status.restart_count),
        image: container.image.clone().unwrap_or_default(),
        image_id: String::new(),
        state: Some(waiting(observed, pod, role, container)),
        last_state: reported.and_then(lost),
        ..core::ContainerStatus::default()
    }
}

/// The last state of a container that was reported and that the runtime has lost.
fn lost(reported: &core::ContainerStatus) -> Option<core::ContainerState> {
    let state = reported.state.as_ref()?;
    if state.running.is_some() {
        return Some(core::ContainerState {
            terminated: Some(core::ContainerStateTerminated {
                exit_code: 137,
                reason: Some("ContainerStatusUnknown".into()),
                message: Some(
                    "The container could not be located when the pod was terminated".into(),
                ),
                container_id: reported.container_id.clone(),
                ..core::ContainerStateTerminated::default()
            }),
            ..core::ContainerState::default()
        });
    }
    let ended = state.terminated.is_some().then(|| state.clone());
    ended.or_else(|| reported.last_state.clone())
}

/// The last state as it was reported, where the runtime has forgotten the attempt before.
fn inherited(
    observed: &Observed,
    newest: &Container,
    reported: Option<&core::ContainerStatus>,
) -> Option<core::ContainerState> {
    let reported = reported?;
    let is_same = reported.container_id.as_deref().map(spec::bare_id) == Some(&newest.id.0);
    if newest.attempt == 0 {
        return None;
    }
    if is_same {
        return reported.last_state.clone();
    }
    let is_known = observed.record.attempts(&newest.name).count() > 1;
    if is_known { None } else { lost(reported) }
}

fn states(
    observed: &Observed,
    pod: &core::Pod,
    role: Role,
    container: &core::Container,
    newest: &Container,
    facts: &Facts,
) -> (core::ContainerState, Option<core::ContainerState>) {
    let previous = observed
        .record
        .attempts(&newest.name)
        .nth(1)
        .and_then(|previous| terminated(previous, facts));
    let state = match &newest.state {
        ContainerState::Running { started_at } => core::ContainerState {
            running: Some(core::ContainerStateRunning {
                started_at: Some(Time(*started_at)),
            }),
            ..core::ContainerState::default()
        },
        ContainerState::Created | ContainerState::Unknown => {
            waiting(observed, pod, role, container)
        }
        ContainerState::Exited { .. } => {
            let ended = terminated(newest, facts).unwrap_or_default();
            return match wait_for_restart(observed, pod, role, newest) {
                Some(waiting) => (waiting, Some(ended)),
                None => (ended, previous),
            };
        }
    };
    (state, previous)
}

fn terminated(container: &Container, facts: &Facts) -> Option<core::ContainerState> {
    let ContainerState::Exited {
        started_at,
        finished_at,
        exit_code,
        reason,
        message,
    } = &container.state
    else {
        return None;
    };
    Some(core::ContainerState {
        terminated: Some(core::ContainerStateTerminated {
            exit_code: *exit_code,
            reason: (!reason.is_empty()).then(|| reason.clone()),
            message: (!message.is_empty()).then(|| message.clone()),
            started_at: started_at.map(Time),
            finished_at: Some(Time(*finished_at)),
            container_id: Some(format!("{}://{}", facts.runtime, container.id)),
            signal: None,
        }),
        ..core::ContainerState::default()
    })
}

/// How an ended container is shown that will run again but has to wait.
fn wait_for_restart(
    observed: &Observed,
    pod: &core::Pod,
    role: Role,
    ended: &Container,
) -> Option<core::ContainerState> {
    let policy = match role {
        Role::Sidecar => RestartPolicy::Always,
        Role::Init | Role::Main => spec::restart_policy(pod),
    };
    let is_done = role == Role::Init && ended.exit_code() == Some(0);
    let runs_again = policy.restarts(ended.exit_code()?) && !is_done;
    if !runs_again || spec::is_deleting(pod) || verdict(observed, pod).is_some() {
        return None;
    }
    if restart::due(ended)? > observed.now {
        let message = format!(
            "back-off {}s restarting failed container={} pod={}_{}({})",
            restart::delay(ended).as_secs(),
            ended.name,
            spec::name(pod),
            spec::namespace(pod),
            spec::uid(pod),
        );
        return Some(waiting_for("CrashLoopBackOff", message));
    }
    let setback = observed.memory.starts.get(&ended.name)?;
    Some(shown(setback, observed.now, &ended.image))
}

fn waiting(
    observed: &Observed,
    pod: &core::Pod,
    role: Role,
    container: &core::Container,
) -> core::ContainerState {
    if let Some(setback) = observed.memory.starts.get(&container.name) {
        let image = container.image.as_deref().unwrap_or_default();
        return shown(setback, observed.now, image);
    }
    let has_inits = spec::init_containers(pod).next().is_some();
    let waits_for_init = role == Role::Main && has_inits && !observed.has_begun(pod);
    let reason = if waits_for_init {
        "PodInitializing"
    } else {
        "ContainerCreating"
    };
    let cause = observed.memory.preparing.as_ref();
    let cause = cause.or(observed.memory.sandbox.as_ref());
    waiting_for(
        reason,
        cause
            .map(|setback| setback.message.clone())
            .unwrap_or_default(),
    )
}

/// A failed pull turns into the wait for the next one.
fn shown(setback: &Setback, now: Timestamp, image: &str) -> core::ContainerState {
    if setback.reason == PULL_FAILED && later(setback.at, SHOWN) <= now {
        let message = format!(
            "Back-off pulling image \"{image}\": {PULL_FAILED}: {}",
            setback.message
        );
        return waiting_for("ImagePullBackOff", message);
    }
    waiting_for(&setback.reason, setback.message.clone())
}

/// When the status changes though nothing happens.
pub(crate) fn next_change(memory: &Memory, now: Timestamp) -> Option<Timestamp> {
    memory
        .starts
        .values()
        .filter(|setback| setback.reason == PULL_FAILED)
        .map(|setback| later(setback.at, SHOWN))
        .filter(|at| *at > now)
        .min()
}

fn waiting_for(reason: &str, message: String) -> core::ContainerState {
    core::ContainerState {
        waiting: Some(core::ContainerStateWaiting {
            reason: Some(reason.to_owned()),
            message: (!message.is_empty()).then_some(message),
        }),
        ..core::ContainerState::default()
    }
}
