//! `kedge agent`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use api::Collection;
use client::{Client, Env, HttpClient, Informers, Tasks};
use nodeagent::config::{
    Config, DnsConfig, NodeConfig, RuntimeConfig, ServerConfig, Simulation, Timing,
};
use nodeagent::containerd::{Containerd, Layout};
use nodeagent::dns::{Dns, Forwarder, follow, upstreams};
use nodeagent::network::{Instance, NodeNetwork, Own, Ranges, Routes, Topology};
use nodeagent::proxy::{Proxy, Ruleset};
use nodeagent::{Agent, Dependencies};
use tls::{Certificates, Pair, Transport};

use super::renewal::Renewal;
use super::until_asked_to_stop;
use crate::up::{PAUSE, Runtime};

const DOMAIN: &str = "cluster.local";
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// As whom the API server calls agents.
const API_SERVER: &str = "system:kedge:apiserver";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The node's name in the cluster
    #[arg(long, env = "KEDGE_NAME", value_name = "NAME")]
    name: String,
    /// Keep the agent's and its containerd's state here
    #[arg(long, env = "KEDGE_DATA_DIR", value_name = "DIR")]
    data_dir: PathBuf,
    /// How to reach the API server, with the node's own identity
    #[arg(long, env = "KEDGE_KUBECONFIG", value_name = "FILE")]
    kubeconfig: PathBuf,
    /// Certificate and key of the agent's own server, for logs and exec
    #[arg(long, env = "KEDGE_CERTIFICATE", value_name = "FILE")]
    certificate: PathBuf,
    /// The authority whose client certificates may call the agent
    #[arg(long, env = "KEDGE_AUTHORITY", value_name = "FILE")]
    authority: PathBuf,
    /// The node's address in the cluster
    #[arg(long, env = "KEDGE_ADDRESS", value_name = "ADDRESS")]
    address: IpAddr,
    /// What runs the pods
    #[arg(long, env = "KEDGE_RUNTIME", value_enum, default_value_t = Runtime::Containerd)]
    runtime: Runtime,
    /// The data directory of the instance: names of bridges and tables follow from it, and addresses
    /// are in its networks.json
    #[arg(long, env = "KEDGE_INSTANCE", value_name = "DIR")]
    instance: PathBuf,
    /// Which of the instance's nodes this is, from 1
    #[arg(long, env = "KEDGE_NODE", default_value_t = 1)]
    node: u8,
    /// How many nodes the instance has on this machine
    #[arg(long, env = "KEDGE_NODES", default_value_t = 1)]
    nodes: u8,
    /// Import the image archives of this directory before any pod starts; may be given several times
    #[arg(long, env = "KEDGE_IMAGES", value_name = "DIR")]
    images: Vec<PathBuf>,
    /// Listen on this port of the node's address for the API server: logs and exec; 0 picks a free one
    #[arg(
        long,
        env = "KEDGE_AGENT_PORT",
        default_value_t = 0,
        value_name = "PORT"
    )]
    agent_port: u16,
    /// On a machine that joined an instance: the address of the instance's own machine, through which
    /// its pods and the API server are reached
    #[arg(long, env = "KEDGE_VIA", value_name = "ADDRESS")]
    via: Option<Ipv4Addr>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (env, tasks) = (Env::system(), Tasks::default());
    let topology = Topology {
        instance: Instance::of(&arguments.instance),
        ranges: Ranges::read(&arguments.instance)
            .context("--instance names the data directory of an instance that was started")?,
        nodes: arguments.nodes,
    };
    let network = topology.node(arguments.node);
    let http = HttpClient::from_kubeconfig_file(&arguments.kubeconfig).await;
    let http = http.context("cannot set up the API client")?;
    let client: Arc<dyn Client> = Arc::new(http.clone());
    let (runtime, dns) = match arguments.runtime {
        Runtime::Simulated => (RuntimeConfig::Simulated(Simulation::default()), None),
        Runtime::Containerd => {
            let runtime = containerd(&arguments, &topology, &network, &env, &tasks).await?;
            let informers = Informers::new(Arc::clone(&client), &env, &tasks);
            if network.namespace.is_none() {
                let own = Own {
                    name: arguments.name.clone(),
                    ranges: topology.ranges,
                    pods: network.pods,
                    via: arguments.via,
                };
                Routes::new(own, &informers).start(&env, &tasks);
            }
            services(&topology, &network, &informers, &env, &tasks).await?;
            (runtime, Some(network.gateway.into()))
        }
    };
    let (server, certificates) = server(&arguments)?;
    renewal(&arguments, http, certificates).start(&env, &tasks);
    let config = Config {
        node: NodeConfig {
            shares_machine: arguments.nodes > 1,
            ..NodeConfig::new(&arguments.name, arguments.address, network.pods.to_string())
        },
        data_dir: arguments.data_dir.clone(),
        runtime,
        dns: DnsConfig {
            server: dns,
            domain: DOMAIN.into(),
            host_resolv_conf: RESOLV_CONF.into(),
        },
        server,
        timing: Timing::default(),
    };
    let dependencies = Dependencies {
        client,
        env,
        tasks: tasks.clone(),
    };
    let agent = Agent::build(config, dependencies)
        .await
        .context("cannot start the node agent")?;
    agent.start();
    until_asked_to_stop(&tasks).await
}

/// A containerd of the node's own, with everything it needs to start pods without a registry.
async fn containerd(
    arguments: &Arguments,
    topology: &Topology,
    network: &NodeNetwork,
    env: &Env,
    tasks: &Tasks,
) -> anyhow::Result<RuntimeConfig> {
    let layout = Layout::new(&arguments.data_dir.join("containerd"));
    let socket = layout.socket();
    let containerd = Containerd::start(layout, network, PAUSE, env.clock.clone(), tasks)
        .await
        .context("cannot start containerd")?;
    for directory in &arguments.images {
        let entries = std::fs::read_dir(directory)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        let mut archives: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        archives.retain(|path| path.extension().is_some_and(|extension| extension == "tar"));
        archives.sort();
        for archive in archives {
            containerd
                .import(&archive)
                .await
                .context("cannot import an image")?;
        }
    }
    let cgroup_root = topology.instance.cgroup(arguments.node);
    Ok(RuntimeConfig::Cri {
        socket,
        cgroup_root,
    })
}

/// What makes Services reachable by address and by name.
async fn services(
    topology: &Topology,
    network: &NodeNetwork,
    informers: &Informers,
    env: &Env,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let services = informers.cache(&Collection::new("", "services"));
    let slices = informers.cache(&Collection::new("discovery.k8s.io", "endpointslices"));
    let instance = &topology.instance;
    let (pods, cluster) = (topology.ranges.pods, topology.ranges.services);
    let ruleset = Ruleset {
        table: instance.nft_table(),
        pod_network: (pods.address, pods.prefix),
        service_network: (cluster.address, cluster.prefix),
    };
    Proxy::new(ruleset, services.clone(), slices.clone()).start(env, tasks);
    let resolvers = std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
    let forwarder = Forwarder::new(upstreams(&resolvers, network.gateway.into()));
    let dns = Dns::start(network.gateway, forwarder, tasks)
        .await
        .context("cannot start cluster DNS")?;
    follow(dns, DOMAIN.into(), services, slices, tasks);
    Ok(())
}

fn renewal(arguments: &Arguments, http: HttpClient, certificates: Arc<Certificates>) -> Renewal {
    Renewal {
        name: arguments.name.clone(),
        http,
        certificates,
        kubeconfig: arguments.kubeconfig.clone(),
        serving: arguments.certificate.clone(),
        instance: arguments.instance.clone(),
    }
}

fn server(arguments: &Arguments) -> anyhow::Result<(ServerConfig, Arc<Certificates>)> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let pair = Pair::from_pem(&read(&arguments.certificate)?)
        .context("the agent's certificate is unusable")?;
    let certificates =
        Arc::new(Certificates::new(&pair).context("the agent's certificate is unusable")?);
    let transport = Transport::mutual(certificates.clone(), &read(&arguments.authority)?)
        .context("cannot set up TLS")?;
    let config = ServerConfig {
        listen: SocketAddr::new(arguments.address, arguments.agent_port),
        transport,
        allowed_clients: vec![API_SERVER.into()],
    };
    Ok((config, certificates))
}
