//! What the agent does on its machine for a pod besides running containers.
//!
//! A seam, because simulated pods have no machine: [`Machine`] makes directories, mounts and
//! cgroups, the simulated runtime's host makes none.

mod cgroup;
mod last_words;
mod machine;
mod mounts;
mod resolver;
mod usage;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::Uid;
use api::k8s::core::v1 as core;
use async_trait::async_trait;

use crate::probes::{Check, HttpCheck, Outcome};
use crate::runtime::{Container, ContainerId, Mount};
use crate::usage::NodeUsage;
use crate::volumes::Plan;

pub(crate) use cgroup::Cgroups;
pub(crate) use machine::Machine;
pub(crate) use resolver::host_resolver;

/// The text of an error ends up in a pod's status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot {operation} {path}", path = path.display())]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{0} is not {1}")]
    WrongType(String, &'static str),
    #[error("volume \"{0}\" does not exist")]
    NoVolume(String),
}

/// The machine's side of a pod.
#[async_trait]
pub(crate) trait Host: Send + Sync + 'static {
    /// Makes the pod's directories, volumes and cgroup. Can be repeated.
    async fn prepare(&self, pod: &core::Pod, volumes: &[Plan]) -> Result<(), Error>;

    /// Brings the files of configuration volumes up to date.
    async fn refresh(&self, pod: &core::Pod, volumes: &[Plan]) -> Result<(), Error>;

    /// The mounts of one container. `variables` are its environment, for `subPathExpr`.
    async fn mounts(
        &self,
        pod: &core::Pod,
        container: &core::Container,
        request: &MountRequest<'_>,
    ) -> Result<Vec<Mount>, Error>;

    /// What a container that ended wanted to be remembered for.
    async fn last_words(&self, container: &Container) -> String;

    async fn probe(&self, id: &ContainerId, check: &Check, limit: Duration) -> Outcome;

    /// The request of a hook.
    async fn call(&self, check: &HttpCheck, limit: Duration) -> Result<(), String>;

    /// What the machine as a whole uses; `None` where it does not say.
    async fn usage(&self) -> Option<NodeUsage>;

    /// The most memory that a pod held so far, in bytes; `None` where the machine does not say.
    async fn memory_peak(&self, pod: &Uid) -> Option<u64>;

    /// Removes the log of one attempt.
    async fn forget_log(&self, container: &Container);

    /// Takes back everything [`Host::prepare`] made, logs included.
    async fn release(&self, pod: &Uid) -> Result<(), Error>;

    /// Removes the directory of a volume with everything in it, if it is there.
    async fn remove_volume(&self, path: &Path) -> Result<(), Error>;
}

/// What the mounts of a container depend on besides its spec.
pub(crate) struct MountRequest<'a> {
    pub volumes: &'a [Plan],
    pub attempt: u32,
    pub addresses: &'a [IpAddr],
    pub variables: &'a [(String, String)],
}
