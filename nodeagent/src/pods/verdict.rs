//! Whether a pod is over, and how it ended. Pure.

use api::k8s::core::v1 as core;

use super::memory::Admission;
use super::observed::Observed;
use super::spec::{self, RestartPolicy, Role};
use crate::runtime::{Container, ContainerState};

/// How a pod ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Or failed.
    pub succeeded: bool,
    /// Empty where the containers speak for themselves.
    pub reason: String,
    pub message: String,
}

impl Verdict {
    fn plain(succeeded: bool) -> Self {
        Self {
            succeeded,
            reason: String::new(),
            message: String::new(),
        }
    }
}

/// `None` while there is something left to do. A pod that is over stays over: what the API
/// server says is final.
pub(super) fn verdict(observed: &Observed, pod: &core::Pod) -> Option<Verdict> {
    let status = pod.status.as_ref();
    let phase = status.and_then(|status| status.phase.as_deref());
    if let Some(phase @ ("Succeeded" | "Failed")) = phase {
        let text = |field: Option<&String>| field.cloned().unwrap_or_default();
        return Some(Verdict {
            succeeded: phase == "Succeeded",
            reason: text(status.and_then(|status| status.reason.as_ref())),
            message: text(status.and_then(|status| status.message.as_ref())),
        });
    }
    if let Admission::Refused(refusal) = &observed.memory.admission {
        return Some(Verdict {
            succeeded: false,
            reason: refusal.reason.clone(),
            message: refusal.message.clone(),
        });
    }
    if spec::deadline(pod).is_some_and(|deadline| deadline <= observed.now) {
        return Some(Verdict {
            succeeded: false,
            reason: "DeadlineExceeded".into(),
            message: "Pod was active on the node longer than the specified deadline".into(),
        });
    }
    if init_failed(observed, pod) {
        return Some(Verdict::plain(false));
    }
    mains_ended(observed, pod)
}

/// An init container that failed and does not run again.
fn init_failed(observed: &Observed, pod: &core::Pod) -> bool {
    spec::restart_policy(pod) == RestartPolicy::Never
        && !observed.has_begun(pod)
        && spec::init_containers(pod)
            .filter(|(role, _)| *role == Role::Init)
            .filter_map(|(_, container)| observed.record.newest(&container.name))
            .any(failed)
}

fn mains_ended(observed: &Observed, pod: &core::Pod) -> Option<Verdict> {
    let policy = spec::restart_policy(pod);
    let mut succeeded = true;
    for container in spec::main_containers(pod) {
        let code = observed.record.newest(&container.name)?.exit_code()?;
        if policy.restarts(code) {
            return None;
        }
        succeeded &= code == 0;
    }
    Some(Verdict::plain(succeeded))
}

fn failed(container: &Container) -> bool {
    matches!(container.state, ContainerState::Exited { exit_code, .. } if exit_code != 0)
}
