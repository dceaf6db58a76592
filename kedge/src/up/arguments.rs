//! What `kedge up` can be told.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::data_dir::DataDir;
use crate::role::reconciler::Signed;
use crate::role::{front, sign_in};

#[derive(Args, Clone)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) data_dir: DataDir,
    /// Serve the Kubernetes-compatible API here (TLS); port 0 picks a free one
    #[arg(
        long,
        env = "KEDGE_API_LISTEN",
        default_value = "127.0.0.1:6443",
        value_parser = crate::listen::address,
        value_name = "ADDRESS"
    )]
    pub(crate) api_listen: SocketAddr,
    /// Serve web UI, JSON API, Git and webhooks here, without TLS, so loopback only; port 0 picks a
    /// free one
    #[arg(
        long,
        env = "KEDGE_WEB_LISTEN",
        default_value = "127.0.0.1:8080",
        value_parser = crate::listen::address,
        value_name = "ADDRESS"
    )]
    pub(crate) web_listen: SocketAddr,
    /// Use this PostgreSQL instead of the embedded one
    #[arg(
        long,
        env = "KEDGE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database_url: Option<String>,
    /// Node agents to start; more than one get a network namespace each
    #[arg(long, env = "KEDGE_NODES", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) nodes: u8,
    /// What runs the pods
    #[arg(long, env = "KEDGE_RUNTIME", value_enum, default_value_t = Runtime::Containerd)]
    pub(crate) runtime: Runtime,
    /// First content of the hosted cluster repository [default: examples-repo where it exists]
    #[arg(long, env = "KEDGE_SEED", value_name = "DIR")]
    pub(crate) seed: Option<PathBuf>,
    /// Watch this Git repository instead of the hosted one (https, ssh, path or bare repository)
    #[arg(long, env = "KEDGE_REPO", value_name = "URL", hide_env_values = true)]
    pub(crate) repo: Option<String>,
    /// How to sign in to it: a directory with files as in a Secret (username and password,
    /// bearerToken, ca.crt, tls.crt and tls.key, identity, and `known_hosts`)
    #[arg(long, env = "KEDGE_REPO_CREDENTIALS", value_name = "DIR")]
    pub(crate) repo_credentials: Option<PathBuf>,
    /// What opens files encrypted with SOPS: a file of age keys, one a line, or a directory
    /// of such files; only their owner may read them
    #[arg(long, env = "KEDGE_SOPS_AGE_KEY_FILE", value_name = "PATH")]
    pub(crate) sops_age_key_file: Option<PathBuf>,
    /// Follow only commits that are signed with one of the keys in this directory: armored OpenPGP
    /// keys, and lines of allowed signers as of OpenSSH
    #[arg(long, env = "KEDGE_TRUSTED_KEYS", value_name = "DIR")]
    pub(crate) trusted_keys: Option<PathBuf>,
    /// Which commits must be signed, with --trusted-keys
    #[arg(long, env = "KEDGE_VERIFY", value_enum, default_value_t = Signed::Head)]
    pub(crate) verify: Signed,
    /// Sign Kedge's own commits, rollbacks, with this SSH private key, which has no passphrase and
    /// which only its owner may read
    #[arg(long, env = "KEDGE_SIGNING_KEY", value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,
    /// The branch to follow
    #[arg(
        long,
        env = "KEDGE_BRANCH",
        default_value = "main",
        value_name = "BRANCH"
    )]
    pub(crate) branch: String,
    /// The directory of the repository that holds `apps/`
    #[arg(long, env = "KEDGE_PATH", default_value = ".", value_name = "PATH")]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) front: front::Arguments,
    #[command(flatten)]
    pub(crate) sign_in: sign_in::Arguments,
    /// Return once every Application is Synced and Healthy, and leave the services running
    // Takes a value, so that the supervisor in the background can be told not to wait, whatever
    // its environment and configuration file say.
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = false,
        default_missing_value = "true",
        action = clap::ArgAction::Set,
        hide_possible_values = true,
        value_name = "BOOL"
    )]
    pub(crate) wait: bool,
    /// What every role is told besides.
    #[arg(skip)]
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

impl Arguments {
    pub(crate) fn with(self, environment: Vec<(&'static str, OsString)>) -> Self {
        Self {
            environment,
            ..self
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// Real containers
    Containerd,
    /// No containers: pods become Running and Ready by a clock
    Simulated,
}

impl Runtime {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Simulated => "simulated",
        }
    }
}
