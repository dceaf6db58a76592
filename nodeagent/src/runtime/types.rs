//! What sandboxes, containers and images are to the pod loop.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use api::Uid;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The runtime's name of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SandboxId(pub String);

/// The runtime's name of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerId(pub String);

impl fmt::Display for SandboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `containerd`, `1.6.20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub name: String,
    pub version: String,
}

/// Whether the runtime can run pods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuntimeStatus {
    pub runtime_ready: bool,
    pub network_ready: bool,
    /// Why not, in the runtime's words; empty when all is well.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SandboxState {
    Ready,
    NotReady,
}

/// A pod's namespaces and network, as the runtime sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    pub id: SandboxId,
    pub pod: Uid,
    pub namespace: String,
    pub name: String,
    pub attempt: u32,
    pub state: SandboxState,
    pub created_at: Timestamp,
    /// Empty in a listing, and for a pod in the host's network.
    pub addresses: Vec<IpAddr>,
    pub annotations: BTreeMap<String, String>,
}

/// Where a container is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContainerState {
    Created,
    Running {
        started_at: Timestamp,
    },
    /// `started_at` is `None` where the start itself failed.
    Exited {
        started_at: Option<Timestamp>,
        finished_at: Timestamp,
        exit_code: i32,
        /// `Completed`, `Error`, `OOMKilled`, `StartError`, …
        reason: String,
        message: String,
    },
    Unknown,
}

/// One container, as the runtime sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    pub id: ContainerId,
    pub sandbox: SandboxId,
    pub pod: Uid,
    pub name: String,
    pub attempt: u32,
    pub created_at: Timestamp,
    /// In a listing only the kind of state is right, times and codes are not known.
    pub state: ContainerState,
    /// As the pod names it.
    pub image: String,
    /// The image's identity: a digest.
    pub image_id: String,
    pub annotations: BTreeMap<String, String>,
    pub log_path: PathBuf,
}

impl Container {
    pub fn is_running(&self) -> bool {
        matches!(self.state, ContainerState::Running { .. })
    }

    pub fn started_at(&self) -> Option<Timestamp> {
        match &self.state {
            ContainerState::Running { started_at } => Some(*started_at),
            ContainerState::Exited { started_at, .. } => *started_at,
            ContainerState::Created | ContainerState::Unknown => None,
        }
    }

    pub fn exit_code(&self) -> Option<i32> {
        match self.state {
            ContainerState::Exited { exit_code, .. } => Some(exit_code),
            _ => None,
        }
    }
}

/// Whose namespace a process lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NamespaceMode {
    /// Shared by the pod's containers.
    #[default]
    Pod,
    /// Its own.
    Container,
    /// The machine's.
    Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespaces {
    pub network: NamespaceMode,
    pub pid: NamespaceMode,
    pub ipc: NamespaceMode,
}

impl Default for Namespaces {
    fn default() -> Self {
        Self {
            network: NamespaceMode::Pod,
            pid: NamespaceMode::Container,
            ipc: NamespaceMode::Pod,
        }
    }
}

/// `resolv.conf` of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolverConfig {
    pub servers: Vec<String>,
    pub searches: Vec<String>,
    pub options: Vec<String>,
}

/// A port of the pod that the machine answers on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortMapping {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    pub container_port: i32,
    pub host_port: i32,
    /// Empty: every address.
    pub host_address: String,
}

/// What is asked for a pod as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SandboxConfig {
    pub pod: Uid,
    pub namespace: String,
    pub name: String,
    pub attempt: u32,
    /// Empty for a pod in the host's network: the runtime refuses to rename the machine.
    pub hostname: String,
    pub log_directory: PathBuf,
    pub resolver: Option<ResolverConfig>,
    pub ports: Vec<PortMapping>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub cgroup_parent: String,
    pub namespaces: Namespaces,
    pub sysctls: BTreeMap<String, String>,
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub supplemental_groups: Vec<i64>,
    pub privileged: bool,
}

/// How mounts made inside and outside see each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    #[default]
    Private,
    HostToContainer,
    Bidirectional,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    pub container_path: String,
    pub host_path: PathBuf,
    pub read_only: bool,
    pub propagation: Propagation,
}

/// Limits in the kernel's units. Zero: not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Relative weight; 1024 is one core.
    pub cpu_shares: i64,
    /// Microseconds of CPU time per `cpu_period`.
    pub cpu_quota: i64,
    /// Microseconds.
    pub cpu_period: i64,
    /// Bytes.
    pub memory_limit: i64,
    /// −1000 (never kill) to 1000 (kill first).
    pub oom_score_adj: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SeccompProfile {
    #[default]
    Unconfined,
    RuntimeDefault,
    /// An absolute path.
    Localhost(String),
}

/// Who a container is and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub supplemental_groups: Vec<i64>,
    pub privileged: bool,
    pub read_only_root: bool,
    pub no_new_privileges: bool,
    pub add_capabilities: Vec<String>,
    pub drop_capabilities: Vec<String>,
    pub seccomp: SeccompProfile,
    /// `/proc` as it is, nothing hidden.
    pub unmasked_proc: bool,
}

/// What is asked for one container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerConfig {
    pub name: String,
    pub attempt: u32,
    /// What the image store finds it under.
    pub image: String,
    /// As the pod names it.
    pub image_as_written: String,
    /// Empty: the image's.
    pub command: Vec<String>,
    pub arguments: Vec<String>,
    pub working_directory: String,
    pub environment: Vec<(String, String)>,
    pub mounts: Vec<Mount>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// Below the sandbox's log directory.
    pub log_path: PathBuf,
    pub stdin: bool,
    pub stdin_once: bool,
    pub tty: bool,
    pub resources: Resources,
    pub namespaces: Namespaces,
    pub security: Security,
}

/// An image of the local store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    pub id: String,
    pub tags: Vec<String>,
    pub digests: Vec<String>,
    /// Bytes.
    pub size: u64,
    /// The user it runs as where it names a number.
    pub uid: Option<i64>,
    /// The user it runs as where it names a name.
    pub user: String,
}

/// Registry credentials.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    pub user: String,
    pub password: String,
    pub identity_token: String,
}

/// Never the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutput {
    pub exit_code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// An interactive command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecRequest {
    pub command: Vec<String>,
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
}

/// Where the runtime waits for an interactive command's streams: `http://…`, SPDY/3.1,
/// subprotocol `v4.channel.k8s.io`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecEndpoint {
    pub url: String,
}
