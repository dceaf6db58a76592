//! What `kedge up` can be told.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::data_dir::DataDir;
use crate::passed::Passed;
use crate::role::{following, front, sign_in};

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
    #[command(flatten)]
    pub(crate) following: Passed<following::Arguments>,
    #[command(flatten)]
    pub(crate) front: Passed<front::Arguments>,
    #[command(flatten)]
    pub(crate) sign_in: Passed<sign_in::Arguments>,
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
