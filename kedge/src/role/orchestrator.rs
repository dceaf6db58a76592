//! `kedge orchestrator`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use client::{Env, Tasks};
use nodeagent::network::Instance;
use orchestrator::registry::Pools;
use orchestrator::service::{Config, Orchestrator};
use orchestrator::store::postgres::Keys;
use orchestrator::store::{Retention, Router};

use super::until_asked_to_stop;
use crate::data_dir::DataDir;
use crate::secret;
use crate::up::{Layout, postgres};

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    /// PostgreSQL to keep everything in [default: an embedded one in the data directory]
    #[arg(
        long,
        env = "KEDGE_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
    /// Listen here for API requests (TLS); may be given several times
    #[arg(
        long,
        env = "KEDGE_API_LISTEN",
        default_value = "127.0.0.1:6443",
        value_parser = crate::listen::address,
        value_name = "ADDRESS"
    )]
    api_listen: Vec<SocketAddr>,
    /// Where pods and nodes reach the API [default: the first address it listens on]
    #[arg(long, env = "KEDGE_ADVERTISE", value_parser = crate::listen::address, value_name = "ADDRESS")]
    advertise: Option<SocketAddr>,
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
    /// Count a node as unreachable after this many seconds without a sign of life
    #[arg(
        long,
        env = "KEDGE_NODE_GRACE",
        default_value_t = 40,
        value_parser = clap::value_parser!(u64).range(5..=3600),
        value_name = "SECONDS"
    )]
    node_grace: u64,
    /// Remember changes for this many days, for watches and for looking back
    #[arg(
        long,
        env = "KEDGE_HISTORY_DAYS",
        default_value_t = 7,
        value_parser = clap::value_parser!(u64).range(1..=3650),
        value_name = "DAYS"
    )]
    history_days: u64,
    /// Remember no more changes than this; a change takes some 500 bytes of disk
    #[arg(
        long,
        env = "KEDGE_HISTORY_CHANGES",
        default_value_t = Retention::OBJECTS.changes,
        value_parser = clap::value_parser!(i64).range(100_000..),
        value_name = "COUNT"
    )]
    history_changes: i64,
    /// Nodes keep volumes of the storage class `local` here [default: volumes/ in the data directory]
    #[arg(long, env = "KEDGE_LOCAL_VOLUMES", value_name = "DIR")]
    local_volumes: Option<std::path::PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (env, tasks) = (Env::system(), Tasks::default());
    let layout = Layout::make(&arguments.data_dir)?;
    let url = match &arguments.database_url {
        Some(url) => url.clone(),
        None => postgres::start(&layout.postgres(), &Instance::of(&layout.root).id, &tasks).await?,
    };
    let keys = Keys::new("1", &secret::key(&layout.encryption_key())?);
    let stores = Router::postgres(&url, keys, &env, &tasks)
        .await
        .context("cannot open the store")?;
    let config = config(&arguments, &layout)?;
    let running = Orchestrator::start(config, stores, env, &tasks)
        .await
        .context("cannot start the orchestrator")?;
    tracing::info!(addresses = ?running.addresses, "the API server is ready");
    until_asked_to_stop(&tasks).await
}

fn config(arguments: &Arguments, layout: &Layout) -> anyhow::Result<Config> {
    let (addresses, names): (Vec<String>, Vec<String>) = arguments
        .api_names
        .iter()
        .cloned()
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
    let first = arguments
        .api_listen
        .first()
        .copied()
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 6443)));
    let volumes = arguments.local_volumes.clone();
    let volumes = volumes.unwrap_or_else(|| layout.root.join("volumes"));
    Ok(Config {
        pki: layout.pki(),
        admin_kubeconfig: layout.kubeconfig(),
        listen: arguments.api_listen.clone(),
        advertise: arguments.advertise.unwrap_or(first),
        names,
        addresses,
        pools: Pools {
            service_network: arguments.service_network,
            ..Pools::default()
        },
        cluster_domain: "cluster.local".into(),
        issuer: "https://kubernetes.default.svc.cluster.local".into(),
        admin_token: secret::text(&layout.admin_token())?,
        node_grace: Duration::from_secs(arguments.node_grace),
        history: Retention {
            age: Duration::from_hours(24 * arguments.history_days),
            changes: arguments.history_changes,
        },
        local_volumes: volumes.display().to_string(),
    })
}
