//! The seam between what pods need and what runs them.
//!
//! [`Runtime`] speaks of sandboxes, containers and images and keeps the truth about them: the
//! pod loop asks it every time and trusts nothing it remembers. It never knows the Kubernetes API.

mod error;
mod record;
mod types;
mod usage;

use std::time::Duration;

use api::Uid;
use async_trait::async_trait;
use futures::stream::BoxStream;

pub use error::{Error, Failure};
pub use record::{Listing, PodRecord};
pub use types::{
    Container, ContainerConfig, ContainerId, ContainerState, Credentials, ExecEndpoint, ExecOutput,
    ExecRequest, Image, Mount, NamespaceMode, Namespaces, PortMapping, Propagation, ResolverConfig,
    Resources, RuntimeStatus, Sandbox, SandboxConfig, SandboxId, SandboxState, SeccompProfile,
    Security, Version,
};
pub use usage::{CpuTime, Memory, Usage};

/// Runs pods. Every call has a time limit of its own and may be repeated: stopping what is
/// stopped and removing what is gone succeed.
#[async_trait]
pub trait Runtime: Send + Sync + 'static {
    /// Name and version, for `nodeInfo.containerRuntimeVersion`.
    async fn version(&self) -> Result<Version, Error>;

    /// Whether it can run pods now.
    async fn status(&self) -> Result<RuntimeStatus, Error>;

    /// Every sandbox and container of this node, in brief.
    async fn list(&self) -> Result<Listing, Error>;

    /// All there is of one pod, in full, newest first.
    async fn inspect(&self, pod: &Uid) -> Result<PodRecord, Error>;

    /// What every running container uses.
    async fn usage(&self) -> Result<Vec<Usage>, Error>;

    /// Creates and starts the sandbox of a pod: its namespaces and its network.
    async fn run_sandbox(&self, config: &SandboxConfig) -> Result<SandboxId, Error>;

    /// Takes the network down and kills what still runs inside.
    async fn stop_sandbox(&self, id: &SandboxId) -> Result<(), Error>;

    /// Forgets a stopped sandbox together with its containers.
    async fn remove_sandbox(&self, id: &SandboxId) -> Result<(), Error>;

    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        sandbox_config: &SandboxConfig,
    ) -> Result<ContainerId, Error>;

    async fn start_container(&self, id: &ContainerId) -> Result<(), Error>;

    /// Asks the container to stop, and kills it once `grace` is over. Returns when it is down.
    async fn stop_container(&self, id: &ContainerId, grace: Duration) -> Result<(), Error>;

    /// Forgets a stopped container.
    async fn remove_container(&self, id: &ContainerId) -> Result<(), Error>;

    /// Makes the runtime write to the log's path again after the file was moved away.
    async fn reopen_log(&self, id: &ContainerId) -> Result<(), Error>;

    /// Runs a command in a container and waits for it.
    async fn exec_sync(
        &self,
        id: &ContainerId,
        command: &[String],
        timeout: Duration,
    ) -> Result<ExecOutput, Error>;

    /// Prepares an interactive command; the caller connects to the answer.
    async fn exec(&self, id: &ContainerId, request: &ExecRequest) -> Result<ExecEndpoint, Error>;

    /// What the image store knows under `reference`.
    async fn image(&self, reference: &str) -> Result<Option<Image>, Error>;

    async fn images(&self) -> Result<Vec<Image>, Error>;

    /// Fetches an image from its registry.
    async fn pull_image(
        &self,
        reference: &str,
        credentials: Option<&Credentials>,
        sandbox: &SandboxConfig,
    ) -> Result<(), Error>;

    /// Yields whenever something changed: a hint to list again, never data. May end at any time.
    async fn events(&self) -> Result<BoxStream<'static, ()>, Error>;
}
