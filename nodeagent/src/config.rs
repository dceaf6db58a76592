//! What one node agent is told before it starts. Plain data, checked by whoever parses it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Everything a node agent needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    pub node: NodeConfig,
    /// State of this agent: `pods/` (volumes, hosts files, termination messages) and `logs/`.
    pub data_dir: PathBuf,
    pub runtime: RuntimeConfig,
    pub dns: DnsConfig,
    pub server: ServerConfig,
    pub timing: Timing,
}

/// How the node presents itself.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    pub name: String,
    /// Its address in the cluster: `InternalIP`, and the host address of its pods.
    pub address: IpAddr,
    /// On top of the labels every node has.
    pub labels: BTreeMap<String, String>,
    /// The range its pods get their addresses from, `10.244.1.0/24`.
    pub pod_cidr: String,
    pub max_pods: u32,
    /// Kept from pods: allocatable is capacity minus this. Millicores and bytes.
    pub reserved_cpu_millis: i64,
    pub reserved_memory_bytes: i64,
    /// Other nodes have the same machine: what that uses as a whole is not this node's.
    pub shares_machine: bool,
}

impl NodeConfig {
    /// A node with this name and address, and defaults for the rest.
    pub fn new(name: impl Into<String>, address: IpAddr, pod_cidr: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address,
            labels: BTreeMap::new(),
            pod_cidr: pod_cidr.into(),
            max_pods: 110,
            reserved_cpu_millis: 0,
            reserved_memory_bytes: 0,
            shares_machine: false,
        }
    }
}

/// What runs the pods.
#[derive(Debug, Clone)]
pub enum RuntimeConfig {
    /// A container runtime that speaks CRI v1.
    Cri {
        /// Path of its Unix socket.
        socket: PathBuf,
        /// Pods' cgroups are made below this path of every hierarchy, `/kedge-1a2b/pods`.
        cgroup_root: String,
    },
    /// Nothing runs: pods become Running and Ready by the clock.
    Simulated(Simulation),
}

/// How fast simulated pods are, and how large their node is.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// From the creation of a container to Running.
    pub start: Duration,
    /// From Running until its probes succeed.
    pub ready: Duration,
    /// From Running to exit code 0, for init containers and for pods that are meant to end.
    pub run: Duration,
    pub cpu_millis: i64,
    pub memory_bytes: i64,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            start: Duration::from_millis(100),
            ready: Duration::from_millis(200),
            run: Duration::from_secs(1),
            cpu_millis: 32_000,
            memory_bytes: 256 << 30,
        }
    }
}

/// What pods resolve names with.
#[derive(Debug, Clone)]
pub struct DnsConfig {
    /// The cluster's name server; without one, `ClusterFirst` pods resolve like the machine.
    pub server: Option<IpAddr>,
    /// `cluster.local`
    pub domain: String,
    /// What `dnsPolicy: Default` copies.
    pub host_resolv_conf: PathBuf,
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self {
            server: None,
            domain: "cluster.local".into(),
            host_resolv_conf: "/etc/resolv.conf".into(),
        }
    }
}

/// The agent's own HTTPS server: logs and exec, for the API server alone.
#[derive(Clone)]
pub struct ServerConfig {
    /// Port 0 picks a free one; the Node object says which.
    pub listen: SocketAddr,
    pub transport: tls::Transport,
    /// Common names of the client certificates that may call it.
    pub allowed_clients: Vec<String>,
}

impl std::fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerConfig")
            .field("listen", &self.listen)
            .field("allowed_clients", &self.allowed_clients)
            .finish_non_exhaustive()
    }
}

/// How often things are looked at.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Between two lists of what the runtime has.
    pub relist: Duration,
    pub lease_renewal: Duration,
    /// Between two reports of a node that did not change.
    pub node_report: Duration,
    /// Between two looks at the node's own condition.
    pub node_check: Duration,
    /// Between two looks at the sources of a pod's configuration volumes.
    pub volume_refresh: Duration,
    /// Between two looks at the size of the logs.
    pub log_check: Duration,
    /// Bytes after which a log is rotated, and how many files one container keeps.
    pub log_bytes: u64,
    pub log_files: usize,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            relist: Duration::from_secs(1),
            lease_renewal: Duration::from_secs(10),
            node_report: Duration::from_mins(5),
            node_check: Duration::from_secs(10),
            volume_refresh: Duration::from_secs(30),
            log_check: Duration::from_secs(10),
            log_bytes: 10 << 20,
            log_files: 5,
        }
    }
}
