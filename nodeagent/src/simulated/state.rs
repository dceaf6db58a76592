//! The sandboxes and containers of a simulated node. No clock: every question brings its time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use api::Uid;
use api::quantity::Quantity;
use jiff::Timestamp;

use crate::config::Simulation;
use crate::pods::names;
use crate::pods::spec::{between, later};
use crate::runtime::{
    Container, ContainerConfig, ContainerId, ContainerState, CpuTime, Memory, NamespaceMode,
    PodRecord, Sandbox, SandboxConfig, SandboxId, SandboxState, Usage,
};

const EXIT_AFTER: &str = "simulated.kedge.dev/exit-after";
const EXIT_CODE: &str = "simulated.kedge.dev/exit-code";
const READY: &str = "simulated.kedge.dev/ready";
const CPU: &str = "simulated.kedge.dev/cpu";
const MEMORY: &str = "simulated.kedge.dev/memory";

#[derive(Debug, Clone)]
struct Simulacrum {
    container: Container,
    /// How long it runs; `None`: until it is stopped.
    runs: Option<Duration>,
    exit_code: i32,
    /// Millicores and bytes that it uses while it runs.
    cpu: u64,
    memory: u64,
}

/// A simulated node.
#[derive(Debug)]
pub(super) struct State {
    sandboxes: BTreeMap<SandboxId, Sandbox>,
    containers: BTreeMap<ContainerId, Simulacrum>,
    images: BTreeSet<String>,
    first_address: u32,
    addresses: u32,
    /// Where the search for a free address goes on: one that was given back rests a while.
    next_address: u32,
}

impl State {
    /// `range` is `10.244.1.0/24`; what is no range gives pods no address.
    pub(super) fn new(range: &str) -> Self {
        let (first_address, addresses) = parse(range).unwrap_or((0, 0));
        Self {
            sandboxes: BTreeMap::new(),
            containers: BTreeMap::new(),
            images: BTreeSet::new(),
            first_address,
            addresses,
            next_address: 0,
        }
    }

    /// `None`: no address is free.
    pub(super) fn add_sandbox(
        &mut self,
        id: SandboxId,
        config: &SandboxConfig,
        now: Timestamp,
    ) -> Option<()> {
        let addresses = match config.namespaces.network {
            NamespaceMode::Node => Vec::new(),
            _ => vec![self.free_address()?],
        };
        let sandbox = Sandbox {
            id: id.clone(),
            pod: config.pod.clone(),
            namespace: config.namespace.clone(),
            name: config.name.clone(),
            attempt: config.attempt,
            state: SandboxState::Ready,
            created_at: now,
            addresses,
            annotations: config.annotations.clone(),
        };
        self.sandboxes.insert(id, sandbox);
        Some(())
    }

    fn free_address(&mut self) -> Option<IpAddr> {
        let taken: BTreeSet<IpAddr> = self
            .sandboxes
            .values()
            .filter(|sandbox| sandbox.state == SandboxState::Ready)
            .flat_map(|sandbox| sandbox.addresses.iter().copied())
            .collect();
        for _ in 0..self.addresses {
            let offset = self.next_address % self.addresses;
            self.next_address = offset + 1;
            let address = IpAddr::V4(Ipv4Addr::from(self.first_address + offset));
            if !taken.contains(&address) {
                return Some(address);
            }
        }
        None
    }

    pub(super) fn stop_sandbox(&mut self, id: &SandboxId, now: Timestamp) {
        let inside: Vec<ContainerId> = self
            .containers
            .values()
            .filter(|entry| entry.container.sandbox == *id)
            .map(|entry| entry.container.id.clone())
            .collect();
        for container in inside {
            self.stop(&container, 137, now);
        }
        if let Some(sandbox) = self.sandboxes.get_mut(id) {
            sandbox.state = SandboxState::NotReady;
        }
    }

    pub(super) fn remove_sandbox(&mut self, id: &SandboxId) {
        self.containers
            .retain(|_, entry| entry.container.sandbox != *id);
        self.sandboxes.remove(id);
    }

    /// `None`: no such sandbox.
    pub(super) fn add_container(
        &mut self,
        id: ContainerId,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        settings: &Simulation,
        now: Timestamp,
    ) -> Option<()> {
        let home = self.sandboxes.get(sandbox)?;
        let duration = |text: &String| {
            let span = text.parse::<jiff::SignedDuration>().ok()?;
            Duration::try_from(span).ok()
        };
        let quantity = |name: &str| home.annotations.get(name)?.parse::<Quantity>().ok();
        let ends = config.annotations.contains_key(names::RUNS_TO_END);
        let entry = Simulacrum {
            container: Container {
                id: id.clone(),
                sandbox: sandbox.clone(),
                pod: home.pod.clone(),
                name: config.name.clone(),
                attempt: config.attempt,
                created_at: now,
                state: ContainerState::Created,
                image: config.image_as_written.clone(),
                image_id: config.image.clone(),
                annotations: config.annotations.clone(),
                log_path: config.log_path.clone(),
            },
            runs: home
                .annotations
                .get(EXIT_AFTER)
                .and_then(duration)
                .or(ends.then_some(settings.run)),
            exit_code: home
                .annotations
                .get(EXIT_CODE)
                .and_then(|code| code.parse().ok())
                .unwrap_or(0),
            cpu: quantity(CPU)
                .map_or(0, Quantity::milli_value)
                .unsigned_abs(),
            memory: quantity(MEMORY).map_or(0, Quantity::value).unsigned_abs(),
        };
        self.containers.insert(id, entry);
        Some(())
    }

    /// Whether it is there.
    pub(super) fn start(&mut self, id: &ContainerId, now: Timestamp) -> bool {
        let Some(entry) = self.containers.get_mut(id) else {
            return false;
        };
        entry.container.state = ContainerState::Running { started_at: now };
        true
    }

    pub(super) fn stop(&mut self, id: &ContainerId, exit_code: i32, now: Timestamp) {
        self.settle(now);
        if let Some(entry) = self.containers.get_mut(id)
            && let ContainerState::Running { started_at } = entry.container.state
        {
            entry.container.state = ended(started_at, now, exit_code);
        }
    }

    pub(super) fn remove(&mut self, id: &ContainerId) {
        self.containers.remove(id);
    }

    /// Ends what has run long enough.
    pub(super) fn settle(&mut self, now: Timestamp) {
        for entry in self.containers.values_mut() {
            if let Some(at) = end(entry)
                && at <= now
                && let ContainerState::Running { started_at } = entry.container.state
            {
                entry.container.state = ended(started_at, at, entry.exit_code);
            }
        }
    }

    /// When the next container ends by itself.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.containers.values().filter_map(end).min()
    }

    /// When the probes of a container succeed; `None`: never.
    pub(super) fn ready_at(&self, id: &ContainerId, settings: &Simulation) -> Option<Timestamp> {
        let entry = self.containers.get(id)?;
        let home = self.sandboxes.get(&entry.container.sandbox)?;
        if home
            .annotations
            .get(READY)
            .is_some_and(|value| value == "never")
        {
            return None;
        }
        Some(later(entry.container.started_at()?, settings.ready))
    }

    pub(super) fn sandboxes(&self) -> impl Iterator<Item = &Sandbox> {
        self.sandboxes.values()
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.values().map(|entry| &entry.container)
    }

    /// What runs, by what it was told to use.
    pub(super) fn usage(&self, now: Timestamp) -> Vec<Usage> {
        let all = self.containers.values();
        all.filter_map(|entry| self.usage_of(entry, now)).collect()
    }

    fn usage_of(&self, entry: &Simulacrum, now: Timestamp) -> Option<Usage> {
        let container = &entry.container;
        let ContainerState::Running { started_at } = container.state else {
            return None;
        };
        let home = self.sandboxes.get(&container.sandbox)?;
        let millis = between(started_at, now).as_millis();
        Some(Usage {
            container: container.id.clone(),
            pod: container.pod.clone(),
            namespace: home.namespace.clone(),
            pod_name: home.name.clone(),
            name: container.name.clone(),
            cpu: Some(CpuTime {
                at: now,
                // A thousandth of a core, for a thousandth of a second.
                nanoseconds: u64::try_from(millis).ok()? * entry.cpu * 1000,
            }),
            memory: Some(Memory {
                at: now,
                working_set: entry.memory,
                usage: Some(entry.memory),
            }),
        })
    }

    pub(super) fn record(&self, pod: &Uid) -> PodRecord {
        let mut record = PodRecord {
            sandboxes: self
                .sandboxes()
                .filter(|s| s.pod == *pod)
                .cloned()
                .collect(),
            containers: self
                .containers()
                .filter(|c| c.pod == *pod)
                .cloned()
                .collect(),
        };
        record
            .sandboxes
            .sort_by_key(|s| std::cmp::Reverse((s.created_at, s.attempt)));
        record
            .containers
            .sort_by_key(|c| std::cmp::Reverse((c.created_at, c.attempt)));
        record
    }

    pub(super) fn images(&mut self) -> &mut BTreeSet<String> {
        &mut self.images
    }
}

fn end(entry: &Simulacrum) -> Option<Timestamp> {
    match entry.container.state {
        ContainerState::Running { started_at } => Some(later(started_at, entry.runs?)),
        _ => None,
    }
}

fn ended(started_at: Timestamp, finished_at: Timestamp, exit_code: i32) -> ContainerState {
    ContainerState::Exited {
        started_at: Some(started_at),
        finished_at,
        exit_code,
        reason: if exit_code == 0 { "Completed" } else { "Error" }.to_owned(),
        message: String::new(),
    }
}

/// First usable address and how many there are: without network, gateway and broadcast.
fn parse(range: &str) -> Option<(u32, u32)> {
    let (address, prefix) = range.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let prefix: u32 = prefix
        .parse()
        .ok()
        .filter(|prefix| (8..=29).contains(prefix))?;
    Some((u32::from(address) + 2, (1 << (32 - prefix)) - 3))
}
