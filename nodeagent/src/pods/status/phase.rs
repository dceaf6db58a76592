//! The one word for a pod.

use api::k8s::core::v1 as core;

use crate::pods::observed::Observed;
use crate::pods::spec::{self, Role};
use crate::pods::verdict::verdict;

pub(super) fn phase(
    observed: &Observed,
    pod: &core::Pod,
    inits: &[core::ContainerStatus],
    mains: &[core::ContainerStatus],
) -> &'static str {
    let over = |succeeded| if succeeded { "Succeeded" } else { "Failed" };
    let is_up = observed.record.running().next().is_some();
    if !is_up {
        if let Some(verdict) = verdict(observed, pod) {
            return over(verdict.succeeded);
        }
        // A deleted pod will not run again, whatever its policy.
        if spec::is_deleting(pod)
            && let Some(codes) = exit_codes(mains)
        {
            return over(codes.iter().all(|code| *code == 0));
        }
    }
    if !is_initialized(observed, pod, inits) || mains.iter().any(never_started) {
        "Pending"
    } else {
        "Running"
    }
}

/// Whether nothing stands between the pod and its main containers.
pub(super) fn is_initialized(
    observed: &Observed,
    pod: &core::Pod,
    inits: &[core::ContainerStatus],
) -> bool {
    observed.has_begun(pod) || unfinished(pod, inits).next().is_none()
}

/// The init containers that are not done.
pub(super) fn unfinished<'a>(
    pod: &'a core::Pod,
    inits: &'a [core::ContainerStatus],
) -> impl Iterator<Item = &'a str> {
    spec::init_containers(pod)
        .zip(inits)
        .filter(|((role, _), status)| match role {
            Role::Sidecar => status.started != Some(true),
            _ => !status.ready,
        })
        .map(|(_, status)| status.name.as_str())
}

fn never_started(status: &core::ContainerStatus) -> bool {
    let is_waiting = status
        .state
        .as_ref()
        .is_none_or(|state| state.waiting.is_some());
    let ran = status
        .last_state
        .as_ref()
        .is_some_and(|state| state.terminated.is_some());
    is_waiting && !ran
}

fn exit_codes(mains: &[core::ContainerStatus]) -> Option<Vec<i32>> {
    mains
        .iter()
        .map(|status| Some(status.state.as_ref()?.terminated.as_ref()?.exit_code))
        .collect()
}
