//! `kedge orchestrator`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use client::{Env, Tasks};
use orchestrator::registry::Pools;
use orchestrator::service::{Config, Orchestrator};
use orchestrator::store::Router;

use super::until_asked_to_stop;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Keep keys, certificates and the admin kubeconfig here
    #[arg(
        long,
        env = "KEDGE_DATA_DIR",
        default_value = ".kedge",
        value_name = "DIR"
    )]
    data_dir: PathBuf,
    /// Listen here for API requests (TLS); may be given several times
    #[arg(
        long,
        env = "KEDGE_API_LISTEN",
        default_value = "127.0.0.1:6443",
        value_name = "ADDRESS"
    )]
    api_listen: Vec<SocketAddr>,
    /// First address of the cluster's Services, a /16 network
    #[arg(
        long,
        env = "KEDGE_SERVICE_NETWORK",
        default_value = "10.96.0.0",
        value_name = "ADDRESS"
    )]
    service_network: Ipv4Addr,
    /// Other names and addresses that the API server's certificate answers to
    #[arg(
        long,
        env = "KEDGE_API_NAMES",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    api_names: Vec<String>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (env, tasks) = (Env::system(), Tasks::default());
    let stores = Router::memory(&env);
    let (addresses, names): (Vec<String>, Vec<String>) = arguments
        .api_names
        .into_iter()
        .partition(|name| name.parse::<IpAddr>().is_ok());
    let mut addresses: Vec<IpAddr> = addresses
        .iter()
        .filter_map(|address| address.parse().ok())
        .collect();
    addresses.extend(
        arguments
            .api_listen
            .iter()
            .map(SocketAddr::ip)
            .filter(|ip| !ip.is_unspecified()),
    );
    let config = Config {
        pki: arguments.data_dir.join("pki"),
        admin_kubeconfig: arguments.data_dir.join("kubeconfig"),
        listen: arguments.api_listen,
        names,
        addresses,
        pools: Pools {
            service_network: arguments.service_network,
            ..Pools::default()
        },
        cluster_domain: "cluster.local".into(),
        issuer: "https://kubernetes.default.svc.cluster.local".into(),
        admin_token: String::new(),
    };
    let running = Orchestrator::start(config, stores, env, &tasks)
        .await
        .context("cannot start the orchestrator")?;
    tracing::info!(addresses = ?running.addresses, "the API server is ready");
    until_asked_to_stop(&tasks).await
}
