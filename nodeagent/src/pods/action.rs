//! What can be done for a pod, as values.

use std::time::Duration;

use jiff::Timestamp;

use crate::runtime::{ContainerId, SandboxId};

/// Why a running container is stopped: the reason and text of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StopReason {
    PodEnds,
    SpecChanged,
    LivenessFailed,
    StartupFailed,
    PostStartFailed(String),
    /// The runtime lost track of it.
    Unknown,
}

/// One step towards what the pod wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RuntimeAction {
    /// Makes directories, volumes and the pod's cgroup.
    Prepare,
    RunSandbox {
        attempt: u32,
    },
    StopSandbox(SandboxId),
    RemoveSandbox(SandboxId),
    StartContainer {
        name: String,
        attempt: u32,
        /// What was waited before it; `None` for a first attempt.
        delay: Option<Duration>,
    },
    StopContainer {
        id: ContainerId,
        name: String,
        /// For hook and signal together.
        grace: Duration,
        reason: StopReason,
        /// Whether its `preStop` hook still has to run.
        hook: bool,
    },
    RemoveContainer(ContainerId),
    /// Unmounts volumes, removes cgroups and the pod's directory.
    Release,
    /// Tells the API server that the pod is gone.
    DeleteObject,
}

impl RuntimeAction {
    /// Whether it destroys what the status is made from: the status has to be out before.
    pub(super) fn destroys_evidence(&self) -> bool {
        matches!(
            self,
            Self::RemoveSandbox(_) | Self::RemoveContainer(_) | Self::DeleteObject
        )
    }
}

/// What to do now, and when to look again if nothing happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Decision {
    pub actions: Vec<RuntimeAction>,
    pub look_again: Option<Timestamp>,
}

impl Decision {
    pub(super) fn actions(actions: Vec<RuntimeAction>) -> Self {
        Self {
            actions,
            look_again: None,
        }
    }

    pub(super) fn push(&mut self, action: RuntimeAction) {
        self.actions.push(action);
    }

    /// Looks again at `at`, or earlier if something else wants that.
    pub(super) fn wait_until(&mut self, at: Timestamp) {
        self.look_again = Some(self.look_again.map_or(at, |before| before.min(at)));
    }
}
