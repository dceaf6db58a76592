//! A whole cluster on one thread: one API server over the store in memory, control planes that
//! compete for leadership, node agents with simulated runtimes. After every step the invariants
//! are checked; a process can be ended between any two of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use client::{Client, Clock, Env, Tasks};
use jiff::Timestamp;
use nodeagent::config::{
    Config, DnsConfig, NodeConfig, RuntimeConfig, ServerConfig, Simulation, Timing,
};
use nodeagent::simulated::Simulated;
use orchestrator::auth::Authorizer;
use orchestrator::controllers;
use orchestrator::registry::{Pools, Registry, field_getter};
use orchestrator::store::{MemoryStore, Router, Store};
use orchestrator::watch::Hub;

use super::faults::{Air, FaultyClient, Link};
use super::invariants::{Invariants, Size};
use super::{Chance, Executor, Log, ProcessId, Violations, VirtualClock, Weather};

/// Polls without any time passing: more means that somebody runs in circles.
const MOST_STEPS_AT_ONCE: u32 = 10_000;
/// 2026-01-01T00:00:00Z
const START: i64 = 1_767_225_600;

/// A machine and what runs on it.
pub struct Machine {
    pub node: Simulated,
    pub link: Link,
    pub agent: Option<ProcessId>,
    config: Config,
    simulation: Simulation,
    /// [`Simulated::changes`] when it was last looked at.
    seen: u64,
}

/// One control plane: controllers and scheduler, leading or waiting to lead.
#[derive(Default)]
pub struct ControlPlane {
    pub link: Link,
    pub process: Option<ProcessId>,
}

pub struct World {
    pub chance: Chance,
    pub env: Env,
    pub air: Air,
    pub machines: BTreeMap<String, Machine>,
    pub control: Vec<ControlPlane>,
    pub invariants: Invariants,
    /// What was done to the cluster, for the report of a failure.
    pub diary: Vec<String>,
    clock: Arc<VirtualClock>,
    executor: Executor,
    stores: Router,
    store: Arc<MemoryStore>,
    server: Option<ProcessId>,
    machines_made: u8,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let chance = Chance::new(seed);
        let start = Timestamp::from_second(START).expect("a valid time");
        let clock = Arc::new(VirtualClock::new(start));
        let env = Env {
            clock: clock.clone(),
            ids: Arc::new(chance.clone()),
        };
        let store = Arc::new(MemoryStore::new(env.clone()));
        let stores = Router {
            objects: store.clone(),
            events: Arc::new(MemoryStore::new(env.clone())),
        };
        let (violations, log) = (Violations::default(), Log::default());
        let air = Air {
            server: Arc::default(),
            env: env.clone(),
            chance: chance.clone(),
            weather: Arc::new(Mutex::new(Weather::calm())),
            violations: violations.clone(),
            log: log.clone(),
        };
        Self {
            executor: Executor::new(chance.clone()),
            invariants: Invariants::new(violations, log),
            chance,
            env,
            air,
            machines: BTreeMap::new(),
            control: Vec::new(),
            diary: Vec::new(),
            clock,
            stores,
            store,
            server: None,
            machines_made: 0,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn note(&mut self, what: impl Into<String>) {
        let now = self
            .now()
            .duration_since(Timestamp::from_second(START).expect("a valid time"));
        self.diary.push(format!("{now:#} {}", what.into()));
    }

    pub fn set_weather(&self, weather: Weather) {
        *self
            .air
            .weather
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = weather;
    }

    // ---- processes

    pub fn start_server(&mut self) -> anyhow::Result<()> {
        let process = self.executor.process("the API server");
        let tasks = self.executor.tasks(process);
        let (stores, env) = (self.stores.clone(), self.env.clone());
        let hub =
            self.block_on(async move { Hub::start(&stores, field_getter(), &env, &tasks).await })??;
        let registry = Registry::new(
            self.stores.clone(),
            hub,
            Arc::new(Authorizer::default()),
            self.env.clone(),
            Pools::default(),
        );
        self.air.server.rise(Arc::new(registry));
        self.server = Some(process);
        Ok(())
    }

    pub fn kill_server(&mut self) {
        self.air.server.fall();
        if let Some(process) = self.server.take() {
            self.executor.kill(process);
        }
    }

    pub fn start_control(&mut self, index: usize) {
        let process = self.executor.process(&format!("control plane {index}"));
        let tasks = self.executor.tasks(process);
        let plane = &mut self.control[index];
        let (air, link) = (self.air.clone(), plane.link.clone());
        let client = move |component: &str| -> Arc<dyn Client> {
            Arc::new(FaultyClient {
                air: air.clone(),
                link: link.clone(),
                component: component.to_owned(),
            })
        };
        orchestrator::service::control(controllers(), client, &self.env, &tasks);
        plane.process = Some(process);
    }

    pub fn kill_control(&mut self, index: usize) {
        if let Some(process) = self.control[index].process.take() {
            self.executor.kill(process);
        }
    }

    /// A process of somebody who uses the cluster, and its client.
    pub fn start_user(&mut self, name: &str, link: &Link) -> (ProcessId, Tasks, Arc<dyn Client>) {
        let process = self.executor.process(name);
        let client = FaultyClient {
            air: self.air.clone(),
            link: link.clone(),
            component: name.to_owned(),
        };
        (process, self.executor.tasks(process), Arc::new(client))
    }

    /// Ends a process where it stands.
    pub fn kill(&mut self, process: ProcessId) {
        self.executor.kill(process);
    }

    /// A new machine with a running agent.
    pub fn add_machine(&mut self, cpu_millis: i64) -> String {
        self.machines_made += 1;
        let number = self.machines_made;
        let name = format!("node-{number}");
        let simulation = Simulation {
            cpu_millis,
            memory_bytes: 8 << 30,
            ..Simulation::default()
        };
        let range = format!("10.244.{number}.0/24");
        let address = IpAddr::V4(Ipv4Addr::new(192, 168, 0, number));
        let machine = Machine {
            node: Simulated::new(simulation.clone(), &range, &self.env),
            link: Link::default(),
            agent: None,
            config: config(NodeConfig::new(&name, address, range), &simulation),
            simulation,
            seen: 0,
        };
        self.machines.insert(name.clone(), machine);
        self.start_agent(&name);
        name
    }

    pub fn start_agent(&mut self, name: &str) {
        let process = self.executor.process(&format!("the agent of {name}"));
        let tasks = self.executor.tasks(process);
        let machine = self
            .machines
            .get_mut(name)
            .expect("a machine that was made");
        let client = FaultyClient {
            air: self.air.clone(),
            link: machine.link.clone(),
            component: format!("node:{name}"),
        };
        let dependencies = nodeagent::Dependencies {
            client: Arc::new(client),
            env: self.env.clone(),
            tasks,
        };
        nodeagent::start_simulated(
            machine.config.clone(),
            &machine.simulation,
            &machine.node,
            dependencies,
        );
        machine.agent = Some(process);
    }

    /// The agent ends; its containers run on.
    pub fn kill_agent(&mut self, name: &str) {
        let machine = self
            .machines
            .get_mut(name)
            .expect("a machine that was made");
        if let Some(process) = machine.agent.take() {
            self.executor.kill(process);
        }
    }

    /// The machine is gone, with its containers, for ever.
    pub fn destroy_machine(&mut self, name: &str) {
        self.kill_agent(name);
        self.machines.remove(name);
        self.invariants.forget_node(name);
    }

    // ---- time

    /// Runs everything until `duration` has passed.
    ///
    /// # Errors
    /// An invariant is broken, or somebody runs in circles.
    pub fn run_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        let limit = self.now() + duration;
        loop {
            self.settle()?;
            if !self.clock.advance(limit) {
                return self.check();
            }
        }
    }

    /// Runs everything until `future` has an answer.
    pub fn block_on<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let process = self.executor.process("a user");
        let answer: Arc<Mutex<Option<T>>> = Arc::default();
        let place = answer.clone();
        let tasks: Tasks = self.executor.tasks(process);
        tasks.spawn(async move {
            let value = future.await;
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        });
        let limit = self.now() + Duration::from_mins(1);
        let mut steps = 0;
        loop {
            if let Some(value) = answer.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Ok(value);
            }
            if self.executor.step() {
                self.observe();
                steps += 1;
                if steps > MOST_STEPS_AT_ONCE {
                    bail!("somebody runs in circles: {:?}", self.executor.take_polls());
                }
            } else if !self.clock.advance(limit) {
                bail!("an answer did not come within a minute");
            }
        }
    }

    /// A client without faults, for whoever looks at the cluster from outside.
    ///
    /// # Errors
    /// The API server is down.
    pub fn user(&self) -> anyhow::Result<Arc<dyn Client>> {
        let life = self.air.server.life().context("the API server is down")?;
        Ok(life.client("user"))
    }

    fn settle(&mut self) -> anyhow::Result<()> {
        let mut steps = 0;
        self.executor.forget_polls();
        while self.executor.step() {
            self.observe();
            steps += 1;
            if steps > MOST_STEPS_AT_ONCE {
                bail!("somebody runs in circles: {:?}", self.executor.take_polls());
            }
        }
        self.check()
    }

    /// Shows the invariants what was committed since the last time.
    fn observe(&mut self) {
        let place = self.invariants.place();
        let now = self.now();
        let changes = ready(self.store.changes(place, usize::MAX));
        for change in changes.expect("the log is never compacted past the invariants") {
            self.invariants.observe(&change, now);
        }
    }

    fn check(&mut self) -> anyhow::Result<()> {
        for (name, machine) in &mut self.machines {
            let changes = machine.node.changes();
            if changes == machine.seen {
                continue;
            }
            machine.seen = changes;
            let listing = ready(nodeagent::runtime::Runtime::list(&machine.node));
            let size = Size {
                cpu: machine.simulation.cpu_millis,
                memory: machine.simulation.memory_bytes,
            };
            self.invariants.observe_node(name, size, &listing?);
        }
        let found = self.air.violations.take();
        if !found.is_empty() {
            bail!("broken invariants:\n  {}", found.join("\n  "));
        }
        Ok(())
    }
}

/// The answer of something that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    use futures::FutureExt;
    Box::pin(future)
        .now_or_never()
        .expect("what lives in memory answers at once")
}

fn controllers() -> controllers::Config {
    let first = SocketAddr::from(([192, 168, 0, 100], 6443));
    controllers::Config {
        authority: "a certificate".into(),
        service_address: Pools::default().first_address().into(),
        servers: vec![first],
        node_grace: controllers::Config::NODE_GRACE,
        local_volumes: "/simulated".into(),
    }
}

fn config(node: NodeConfig, simulation: &Simulation) -> Config {
    Config {
        node,
        data_dir: "simulated".into(),
        runtime: RuntimeConfig::Simulated(simulation.clone()),
        dns: DnsConfig::default(),
        server: ServerConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            transport: tls::Transport::Plain,
            allowed_clients: Vec::new(),
        },
        timing: Timing {
            // The runtime tells of every end; lists are only the safety net.
            relist: Duration::from_secs(3),
            ..Timing::default()
        },
    }
}
