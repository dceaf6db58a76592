//! One node agent, put together.

use std::sync::Arc;

use api::Collection;
use api::placement::Resources;
use api::selector::FieldSelector;
use client::{Client, Env, EventRecorder, Informers, Tasks, WatchOptions};
use tokio::net::TcpListener;
use tracing::info;

use crate::config::{Config, RuntimeConfig, Simulation};
use crate::cri::Cri;
use crate::host::{Cgroups, Host, Machine, host_resolver};
use crate::node::{self, Capacity, Description, Reporter, allocatable};
use crate::pods::admission::{Ledger, Room};
use crate::pods::{Driver, NodeFacts, Shared};
use crate::probes::Prober;
use crate::reclaim::Reclaimer;
use crate::runtime::{self, ResolverConfig, Runtime};
use crate::server;
use crate::simulated::{Simulated, SimulatedHost};
use crate::usage::{Meter, Whole};
use crate::volumes::{Collector, PodPaths};

/// Why an agent does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot use the container runtime")]
    Runtime(#[source] runtime::Error),
    #[error("cannot listen for the API server")]
    Listen(#[source] tls::Error),
    #[error("cannot make an HTTP client for probes")]
    Probes(#[source] reqwest::Error),
    #[error("cannot find out the own port")]
    Port(#[source] std::io::Error),
}

/// What an agent is given.
#[derive(Clone)]
pub struct Dependencies {
    pub client: Arc<dyn Client>,
    pub env: Env,
    pub tasks: Tasks,
}

/// A node agent that can run.
pub struct Agent {
    config: Config,
    dependencies: Dependencies,
    shared: Arc<Shared>,
    description: Description,
    listener: TcpListener,
}

impl Agent {
    /// Reaches the runtime and opens the agent's port. Touches no pod.
    pub async fn build(config: Config, dependencies: Dependencies) -> Result<Self, Error> {
        let listener = tls::bind(config.server.listen)
            .await
            .map_err(Error::Listen)?;
        let port = listener.local_addr().map_err(Error::Port)?.port();
        let env = &dependencies.env;
        let paths = PodPaths::new(&config.data_dir);
        let parts = parts(&config, &paths, env, &dependencies.tasks)?;
        let version = parts.runtime.version().await.map_err(Error::Runtime)?;
        let capacity = match &parts.simulation {
            Some(simulation) => simulated_capacity(simulation),
            None => node::capacity(&config.data_dir).await,
        };
        let description = Description {
            node: config.node.clone(),
            port,
            machine: node::machine().await,
            capacity,
            version,
            is_simulated: parts.simulation.is_some(),
        };
        let resolver = tokio::fs::read_to_string(&config.dns.host_resolv_conf).await;
        let resolver = host_resolver(&resolver.unwrap_or_default());
        let shared = shared(&config, &dependencies, parts, &description, resolver);
        Ok(Self {
            config,
            dependencies,
            shared,
            description,
            listener,
        })
    }

    /// The port of the agent's own server.
    pub fn port(&self) -> u16 {
        self.description.port
    }

    /// Starts everything; it ends with the tasks it was given, and leaves the pods running.
    pub fn start(self) {
        let Dependencies { client, env, tasks } = self.dependencies;
        info!(
            node.name = self.config.node.name,
            agent.port = self.description.port,
            "starting"
        );
        let reporter = Reporter {
            client,
            runtime: self.shared.runtime.clone(),
            env,
            description: self.description,
            data_dir: self.config.data_dir,
            timing: self.config.timing,
        };
        tasks.spawn_until_cancelled(reporter.run());
        tasks.spawn_until_cancelled(server::rotate_logs(self.shared.clone()));
        let service = server::router(self.shared.clone(), &self.config.server.allowed_clients);
        let limits = tls::Limits::default();
        tls::serve(
            self.listener,
            self.config.server.transport,
            service,
            &limits,
            &tasks,
        );
        let reclaimer = Reclaimer::new(self.shared.clone(), &self.config.node.name);
        tasks.spawn_until_cancelled(reclaimer.run());
        tasks.spawn_until_cancelled(Driver::new(self.shared).run());
    }
}

/// Runs the agent of a simulated node beside many others in one process: it opens no port and
/// looks at nothing of the machine. `node` outlives it, as containers outlive their agent.
pub fn start_simulated(
    config: Config,
    simulation: &Simulation,
    node: &Simulated,
    dependencies: Dependencies,
) {
    let parts = Parts {
        runtime: Arc::new(node.clone()),
        host: Arc::new(SimulatedHost::new(node.clone())),
        cgroup_root: String::new(),
        simulation: Some(simulation.clone()),
    };
    let description = Description {
        node: config.node.clone(),
        port: 0,
        machine: node::Machine::default(),
        capacity: simulated_capacity(simulation),
        version: Simulated::identity(),
        is_simulated: true,
    };
    let resolver = ResolverConfig::default();
    let shared = shared(&config, &dependencies, parts, &description, resolver);
    let Dependencies { client, env, tasks } = dependencies;
    let reporter = Reporter {
        client,
        runtime: shared.runtime.clone(),
        env,
        description,
        data_dir: config.data_dir,
        timing: config.timing,
    };
    tasks.spawn_until_cancelled(reporter.run());
    let reclaimer = Reclaimer::new(shared.clone(), &config.node.name);
    tasks.spawn_until_cancelled(reclaimer.run());
    tasks.spawn_until_cancelled(Driver::new(shared).run());
}

/// What depends on the kind of runtime.
struct Parts {
    runtime: Arc<dyn Runtime>,
    host: Arc<dyn Host>,
    cgroup_root: String,
    simulation: Option<Simulation>,
}

fn parts(config: &Config, paths: &PodPaths, env: &Env, tasks: &Tasks) -> Result<Parts, Error> {
    match &config.runtime {
        RuntimeConfig::Simulated(simulation) => {
            let node = Simulated::new(simulation.clone(), &config.node.pod_cidr, env);
            Ok(Parts {
                runtime: Arc::new(node.clone()),
                host: Arc::new(SimulatedHost::new(node)),
                cgroup_root: String::new(),
                simulation: Some(simulation.clone()),
            })
        }
        RuntimeConfig::Cri {
            socket,
            cgroup_root,
        } => {
            let runtime: Arc<dyn Runtime> =
                Arc::new(Cri::connect(socket, tasks).map_err(Error::Runtime)?);
            let cgroups = Cgroups::new(cgroup_root);
            let prober = Prober::new(runtime.clone()).map_err(Error::Probes)?;
            let domain = &config.dns.domain;
            let machine = Machine::new(paths.clone(), cgroups, domain, prober, env.clone());
            Ok(Parts {
                runtime,
                host: Arc::new(machine),
                cgroup_root: format!("/{}", cgroup_root.trim_matches('/')),
                simulation: None,
            })
        }
    }
}

fn simulated_capacity(simulation: &Simulation) -> Capacity {
    Capacity {
        cpu_millis: simulation.cpu_millis,
        memory_bytes: simulation.memory_bytes,
        storage_bytes: 1 << 40,
    }
}

fn shared(
    config: &Config,
    dependencies: &Dependencies,
    parts: Parts,
    description: &Description,
    resolver: ResolverConfig,
) -> Arc<Shared> {
    let Dependencies { client, env, tasks } = dependencies;
    let informers = Informers::new(client.clone(), env, tasks);
    let name = &config.node.name;
    let own = WatchOptions {
        fields: FieldSelector::equals("spec.nodeName", name),
        ..WatchOptions::default()
    };
    Arc::new(Shared {
        runtime: parts.runtime,
        host: parts.host,
        client: client.clone(),
        collector: if description.is_simulated {
            Collector::simulated(client.clone(), env.clone())
        } else {
            Collector::new(client.clone(), env.clone())
        },
        pods: informers.selected(&Collection::new("", "pods"), &own),
        services: informers.cache(&Collection::new("", "services")),
        events: EventRecorder::start(client.clone(), env, "kubelet", name, tasks),
        env: env.clone(),
        tasks: tasks.clone(),
        node: NodeFacts {
            address: config.node.address,
            allocatable: allocatable(&config.node, description.capacity),
            room: room(description),
            whole: if config.node.shares_machine {
                Whole::Containers
            } else {
                Whole::Machine
            },
            memory_capacity: description.capacity.memory_bytes,
            runtime_name: description.version.name.clone(),
            resolver,
            cgroup_root: parts.cgroup_root,
        },
        ledger: Ledger::default(),
        dns: config.dns.clone(),
        paths: PodPaths::new(&config.data_dir),
        timing: config.timing.clone(),
        meter: Meter::default(),
        sandboxes: Shared::sandbox_limit(),
        pulls: Shared::pull_limit(),
    })
}

fn room(description: &Description) -> Room {
    let allocatable = allocatable(&description.node, description.capacity);
    Room {
        name: description.node.name.clone(),
        labels: node::labels(description),
        allocatable: Resources {
            milli_cpu: allocatable.cpu_millis,
            memory: allocatable.memory_bytes,
            ephemeral_storage: allocatable.ephemeral_storage_bytes,
            ..Resources::default()
        },
        pods: i64::from(description.node.max_pods),
    }
}
