//! What the agent knows of a pod that no runtime records: what failed before there was a
//! container, what probes said, which hooks ran. Losing it costs a retry, never a container.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::admission::Refusal;
use super::spec::later;
use crate::probes::Results;
use crate::runtime::ContainerId;

/// Something that failed and will be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setback {
    /// What the status says: `ErrImagePull`, `CreateContainerConfigError`, …
    pub reason: String,
    pub message: String,
    pub failures: u32,
    pub at: Timestamp,
    pub retry_at: Timestamp,
}

/// How soon a failure is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// 10 s, doubling to 5 minutes: registries.
    Slowly,
    /// 1 s, doubling to 10 s: what a user is about to create.
    Soon,
}

impl Retry {
    fn delay(self, failures: u32) -> Duration {
        let (first, most) = match self {
            Self::Slowly => (Duration::from_secs(10), Duration::from_mins(5)),
            Self::Soon => (Duration::from_secs(1), Duration::from_secs(10)),
        };
        let doublings = failures.saturating_sub(1).min(16);
        first.saturating_mul(1 << doublings).min(most)
    }
}

/// Whether this node takes the pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Admission {
    /// Not known yet: nothing may start.
    #[default]
    Open,
    Taken,
    Refused(Refusal),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub admission: Admission,
    /// The pod's directories and volumes are there.
    pub prepared: bool,
    pub preparing: Option<Setback>,
    pub sandbox: Option<Setback>,
    /// By container name: why its next attempt did not start.
    pub starts: BTreeMap<String, Setback>,
    pub probes: BTreeMap<ContainerId, Results>,
    /// Their `postStart` hook is not over.
    pub post_starting: BTreeSet<ContainerId>,
    /// Their `postStart` hook failed, and how.
    pub post_start_failed: BTreeMap<ContainerId, String>,
    /// Their `preStop` hook ran.
    pub pre_stopped: BTreeSet<ContainerId>,
    /// When this agent began to end the pod.
    pub ending_since: Option<Timestamp>,
    /// Volumes and cgroups of the pod are gone.
    pub released: bool,
    /// The API server was told that the pod is gone.
    pub object_deleted: bool,
}

/// What an action learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    Prepared,
    PrepareFailed(String),
    SandboxUp,
    SandboxFailed(String),
    StartFailed {
        container: String,
        reason: &'static str,
        message: String,
        retry: Retry,
    },
    Started {
        container: String,
    },
    PostStarting(ContainerId),
    PostStarted(ContainerId),
    PostStartFailed(ContainerId, String),
    PreStopped(ContainerId),
    Released,
    ObjectDeleted,
}

impl Memory {
    pub(crate) fn apply(&mut self, note: Note, now: Timestamp) {
        match note {
            Note::Prepared => {
                self.prepared = true;
                self.released = false;
                self.preparing = None;
            }
            Note::PrepareFailed(message) => {
                let before = self.preparing.take();
                self.preparing = Some(setback(
                    before.as_ref(),
                    "FailedMount",
                    message,
                    Retry::Soon,
                    now,
                ));
            }
            Note::SandboxUp => self.sandbox = None,
            Note::SandboxFailed(message) => {
                let before = self.sandbox.take();
                let reason = "FailedCreatePodSandBox";
                self.sandbox = Some(setback(before.as_ref(), reason, message, Retry::Soon, now));
            }
            Note::StartFailed {
                container,
                reason,
                message,
                retry,
            } => {
                let before = self.starts.get(&container).filter(|s| s.reason == reason);
                let next = setback(before, reason, message, retry, now);
                self.starts.insert(container, next);
            }
            Note::Started { container } => {
                self.starts.remove(&container);
            }
            Note::PostStarting(id) => {
                self.post_starting.insert(id);
            }
            Note::PostStarted(id) => {
                self.post_starting.remove(&id);
            }
            Note::PostStartFailed(id, message) => {
                self.post_starting.remove(&id);
                self.post_start_failed.insert(id, message);
            }
            Note::PreStopped(id) => {
                self.pre_stopped.insert(id);
            }
            Note::ObjectDeleted => self.object_deleted = true,
            Note::Released => {
                self.released = true;
                self.prepared = false;
            }
        }
    }

    /// Forgets containers that are no more.
    pub(crate) fn retain(&mut self, exists: impl Fn(&ContainerId) -> bool) {
        self.probes.retain(|id, _| exists(id));
        self.post_starting.retain(&exists);
        self.post_start_failed.retain(|id, _| exists(id));
        self.pre_stopped.retain(&exists);
    }
}

fn setback(
    before: Option<&Setback>,
    reason: &str,
    message: String,
    retry: Retry,
    now: Timestamp,
) -> Setback {
    let failures = before.map_or(1, |setback| setback.failures.saturating_add(1));
    Setback {
        reason: reason.to_owned(),
        message,
        failures,
        at: now,
        retry_at: later(now, retry.delay(failures)),
    }
}
