//! What was seen.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;

use crate::up::Runtime;

/// Everything that is judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(super) now: Timestamp,
    pub(super) is_root: bool,
    /// Whether real containers are meant to run.
    pub(super) containers: bool,
    /// Programs by name, and where they are.
    pub(super) programs: Vec<Program>,
    pub(super) cgroups: Cgroups,
    /// Settings of the kernel by name; `None` where it has no such setting.
    pub(super) settings: Vec<(String, Option<String>)>,
    /// Whether the kernel has overlayfs loaded.
    pub(super) overlay: bool,
    /// CNI plugins by name, and whether they are where containerd looks for them.
    pub(super) plugins: Vec<(String, bool)>,
    /// What `nft` says when it is asked for its tables; `None` where it was not asked.
    pub(super) nftables: Option<Result<(), String>>,
    pub(super) clock: Clock,
    /// File systems by what is on them.
    pub(super) disks: Vec<(String, Disk)>,
    pub(super) ports: Vec<Port>,
    /// Who listens in the range of node ports, as port and name.
    pub(super) node_ports: Vec<(u16, String)>,
    /// `None` where there is none in the data directory.
    pub(super) instance: Option<Instance>,
    /// Whether it is a node of one on another machine: of that, only the API server is asked.
    pub(super) joined: bool,
    pub(super) data_dir: String,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    pub(super) name: String,
    /// Empty where it is in none of the usual places.
    pub(super) path: String,
    /// The first line of what it says of its version.
    pub(super) version: String,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Cgroups {
    /// Whether the unified hierarchy is what is mounted, which is version 2.
    pub(super) unified: bool,
    /// As version 2 names them; none where nothing is mounted.
    pub(super) controllers: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// Whether the kernel's clock is kept right by somebody; `None` where nobody says.
    pub(super) synchronised: Option<bool>,
    /// What answers of the instance say the time is, minus this machine's, in seconds, by the address
    /// that was asked.
    pub(super) ahead: Vec<(String, i64)>,
}

/// In bytes, and in files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Disk {
    pub(super) size: u64,
    pub(super) free: u64,
    pub(super) inodes: u64,
    pub(super) free_inodes: u64,
}

/// An address that an instance listens on.
#[derive(Debug, Clone, Default)]
pub(super) struct Port {
    pub(super) address: String,
    /// `--api-listen`
    pub(super) flag: &'static str,
    pub(super) bind: Bind,
}

/// What came of listening at an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Bind {
    #[default]
    Free,
    /// Somebody listens there already; who, where that can be told.
    Taken(String),
    /// This user may not.
    Forbidden,
    /// This machine has no such address.
    Elsewhere,
    /// In the system's own words.
    Failed(String),
}

/// What is in the data directory.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    /// The addresses it wrote down, or why they cannot be read.
    pub(super) endpoints: Result<Vec<(String, String)>, String>,
    /// Whether a `kedge up` holds it.
    pub(super) running: bool,
    /// What each service answers to `/readyz`.
    pub(super) ready: Vec<(String, Result<(), String>)>,
    pub(super) certificates: Vec<Certificate>,
    /// Whether the embedded PostgreSQL runs; `None` where there is none.
    pub(super) postgres: Option<bool>,
    /// The addresses of pods and Services, or who else uses them; `None` where nobody looked.
    pub(super) ranges: Option<Result<String, String>>,
    /// Those with real containers.
    pub(super) nodes: Vec<Node>,
    /// What is followed, or why that is not known; `None` where nobody was asked.
    pub(super) repositories: Option<Result<Vec<Repository>, String>>,
    /// Files that others than their owner may read.
    pub(super) open_files: Vec<String>,
}

/// A repository that is followed, or hosted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Repository {
    pub(super) name: String,
    /// Where it is; empty for one that is hosted.
    pub(super) url: String,
    /// Why it cannot be followed; empty where it can.
    pub(super) error: String,
    /// Those that take their manifests from it.
    pub(super) applications: Vec<String>,
}

/// How an instance says that it was started.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Started {
    /// Empty where it does not say.
    pub(super) runtime: String,
    pub(super) web_tls: Option<WebTls>,
}

impl Started {
    /// What is wanted counts, then what the instance says, then what is usual.
    pub(super) fn has_containers(&self, wanted: Option<Runtime>) -> bool {
        wanted.map_or_else(
            || self.runtime != Runtime::Simulated.name(),
            |runtime| runtime == Runtime::Containerd,
        )
    }
}

/// The pages for other machines.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct WebTls {
    pub(super) listen: String,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) holds: Holds,
}

/// When a certificate holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    Between(Timestamp, Timestamp),
    /// It is none, or none that can be used: why.
    Never(String),
    /// This user may not look.
    Hidden,
}

/// Where a certificate comes from, and so who makes it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The instance makes it, at every start where it is needed.
    Leaf,
    /// The authority that signs those: it is made once.
    Authority,
    /// Its certificate alone, for those who are to trust it.
    Copy,
    /// Somebody gave it for the pages.
    Given,
    /// The instance on another machine made it, for this one to join.
    Joined,
}

/// A node's container runtime.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) socket: String,
    pub(super) log: String,
    /// What it says of itself, or why it says nothing.
    pub(super) containerd: Result<Containerd, String>,
}

#[derive(Debug, Clone)]
pub(super) struct Containerd {
    /// With its name.
    pub(super) version: String,
    /// What it lacks, in its own words; empty when it is ready.
    pub(super) not_ready: String,
}
