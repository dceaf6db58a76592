//! What a decision about a pod is made from.

use api::k8s::core::v1 as core;
use jiff::Timestamp;

use super::memory::Memory;
use super::spec;
use crate::runtime::{Container, PodRecord, SandboxState};

/// One pod at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Observed<'a> {
    /// `None` once the API server knows it no more.
    pub pod: Option<&'a core::Pod>,
    pub record: &'a PodRecord,
    pub memory: &'a Memory,
    pub now: Timestamp,
}

impl<'a> Observed<'a> {
    /// Whether a container counts as started: up, its `postStart` hook over, its startup probe
    /// content.
    pub(crate) fn is_started(&self, container: &Container, spec: &core::Container) -> bool {
        let startup = self
            .memory
            .probes
            .get(&container.id)
            .and_then(|results| results.startup);
        container.is_running()
            && !self.memory.post_starting.contains(&container.id)
            && (spec.startup_probe.is_none() || startup == Some(true))
    }

    /// The newest container of this name, if it lives in the sandbox that works.
    pub(crate) fn current(&self, name: &str) -> Option<&'a Container> {
        let sandbox = self.record.ready_sandbox()?;
        self.record
            .newest(name)
            .filter(|container| container.sandbox == sandbox.id)
    }

    /// Whether init containers are behind this pod: a main container exists where they ran.
    pub(crate) fn has_begun(&self, pod: &core::Pod) -> bool {
        spec::main_containers(pod)
            .iter()
            .any(|container| self.current(&container.name).is_some())
    }

    pub(crate) fn has_ready_sandbox(&self) -> bool {
        self.record
            .sandboxes
            .iter()
            .any(|sandbox| sandbox.state == SandboxState::Ready)
    }
}
