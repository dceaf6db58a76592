//! What all workers of one node have in common.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use api::k8s::core::v1 as core;
use client::{Cache, Client, Env, EventRecorder, Tasks};
use tokio::sync::Semaphore;

use super::admission::{Ledger, Room};
use super::status::Facts;
use crate::config::{DnsConfig, Timing};
use crate::environment::{Allocatable, Downward};
use crate::host::Host;
use crate::runtime::{PodRecord, ResolverConfig, Runtime};
use crate::usage::{Meter, Whole};
use crate::volumes::{Collector, PodPaths};

/// How many sandboxes start at a time: each one is a burst of processes and mounts.
const SANDBOXES: usize = 4;
/// Registries are asked for one image at a time, so that one pod does not slow all others.
const PULLS: usize = 1;

/// Facts about the node that pods depend on.
#[derive(Debug, Clone)]
pub(crate) struct NodeFacts {
    pub address: IpAddr,
    pub allocatable: Allocatable,
    /// The same, and what else decides whether a pod fits.
    pub room: Room,
    /// What its use is.
    pub whole: Whole,
    /// Bytes.
    pub memory_capacity: i64,
    /// `containerd`: the scheme of container ids.
    pub runtime_name: String,
    /// The machine's own `resolv.conf`.
    pub resolver: ResolverConfig,
    /// The parent of pods' cgroups.
    pub cgroup_root: String,
}

/// Collaborators and limits.
pub(crate) struct Shared {
    pub runtime: Arc<dyn Runtime>,
    pub host: Arc<dyn Host>,
    pub client: Arc<dyn Client>,
    pub collector: Collector,
    /// The pods of this node.
    pub pods: Cache,
    /// All services, for the environment of containers.
    pub services: Cache,
    pub events: EventRecorder,
    pub env: Env,
    pub tasks: Tasks,
    pub node: NodeFacts,
    pub ledger: Ledger,
    pub dns: DnsConfig,
    pub paths: PodPaths,
    pub timing: Timing,
    pub meter: Meter,
    pub sandboxes: Semaphore,
    pub pulls: Semaphore,
}

impl Shared {
    pub(crate) fn sandbox_limit() -> Semaphore {
        Semaphore::new(SANDBOXES)
    }

    pub(crate) fn pull_limit() -> Semaphore {
        Semaphore::new(PULLS)
    }

    pub(crate) fn facts(&self) -> Facts {
        Facts {
            host: self.node.address,
            runtime: self.node.runtime_name.clone(),
        }
    }

    /// What the pod is told of itself.
    pub(crate) fn downward(&self, pod: &core::Pod, record: &PodRecord) -> Downward {
        Downward {
            host_address: self.node.address.to_string(),
            pod_addresses: self
                .addresses(pod, record)
                .iter()
                .map(ToString::to_string)
                .collect(),
            allocatable: self.node.allocatable,
        }
    }

    pub(crate) fn addresses(&self, pod: &core::Pod, record: &PodRecord) -> Vec<IpAddr> {
        if super::spec::is_host_network(pod) {
            return vec![self.node.address];
        }
        let sandbox = record.ready_sandbox();
        sandbox
            .map(|sandbox| sandbox.addresses.clone())
            .unwrap_or_default()
    }

    /// Sleeps by the clock that everything here goes by.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.env.clock.sleep(duration).await;
    }
}
