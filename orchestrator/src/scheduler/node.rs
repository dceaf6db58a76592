//! A node as the scheduler sees it, with what is placed on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::placement::Resources;
use api::{Object, Quantity, Uid};

use super::pod::{HostPort, Name, Pod};
use super::terms::{self, Labels, Taint, items, text};

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeFacts {
    pub name: String,
    pub labels: Labels,
    pub taints: Vec<Taint>,
    pub unschedulable: bool,
    pub allocatable: Resources,
    /// How many pods it takes.
    pub pods: i64,
    /// Size in bytes by name, tags and digests alike.
    pub images: BTreeMap<String, i64>,
}

impl NodeFacts {
    pub fn from_object(object: &Object) -> Self {
        let (spec, status) = (&object.body["spec"], &object.body["status"]);
        let images = items(&status["images"]).flat_map(|image| {
            let size = image["sizeBytes"].as_i64().unwrap_or(0);
            items(&image["names"]).map(move |name| (text(name), size))
        });
        let pods = Quantity::from_json(&status["allocatable"]["pods"]);
        Self {
            name: object.name().to_owned(),
            labels: terms::labels(object.pointer("/metadata/labels")),
            taints: items(&spec["taints"])
                .filter_map(Taint::from_json)
                .collect(),
            unschedulable: spec["unschedulable"] == true,
            allocatable: Resources::from_map(&status["allocatable"]),
            pods: pods.map_or(0, Quantity::value),
            images: images.collect(),
        }
    }
}

/// A node and the sum of what is placed on it.
#[derive(Debug, Clone, Default)]
pub struct Node {
    pub facts: NodeFacts,
    pub pods: BTreeMap<Name, Arc<Pod>>,
    pub requested: Resources,
    /// Thousandths of a core, with a small amount for containers that ask for none.
    pub scored_cpu: i64,
    /// Bytes, likewise.
    pub scored_memory: i64,
    /// Pods per controller: the base of spreading.
    pub by_controller: BTreeMap<Uid, i64>,
    host_ports: BTreeMap<HostPort, usize>,
}

impl Node {
    pub fn new(facts: NodeFacts) -> Self {
        Self {
            facts,
            ..Self::default()
        }
    }

    pub fn name(&self) -> &str {
        &self.facts.name
    }

    /// Whether a pod here has the port already.
    pub fn is_taken(&self, wanted: &HostPort) -> bool {
        let from = HostPort {
            protocol: String::new(),
            address: String::new(),
            ..wanted.clone()
        };
        self.host_ports
            .range(from..)
            .take_while(|(taken, _)| taken.port == wanted.port)
            .any(|(taken, _)| taken.collides(wanted))
    }

    pub(super) fn place(&mut self, pod: &Arc<Pod>) {
        if let Some(before) = self.pods.insert(pod.name.clone(), pod.clone()) {
            self.subtract(&before);
        }
        self.requested.add(&pod.requests.exact);
        self.scored_cpu += pod.requests.scored_cpu;
        self.scored_memory += pod.requests.scored_memory;
        for port in &pod.host_ports {
            *self.host_ports.entry(port.clone()).or_default() += 1;
        }
        if let Some(controller) = &pod.controller {
            *self.by_controller.entry(controller.clone()).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if let Some(pod) = self.pods.remove(name) {
            self.subtract(&pod);
        }
    }

    fn subtract(&mut self, pod: &Pod) {
        self.requested.subtract(&pod.requests.exact);
        self.scored_cpu -= pod.requests.scored_cpu;
        self.scored_memory -= pod.requests.scored_memory;
        for port in &pod.host_ports {
            if let Some(count) = self.host_ports.get_mut(port) {
                *count -= 1;
                if *count == 0 {
                    self.host_ports.remove(port);
                }
            }
        }
        if let Some(controller) = &pod.controller
            && let Some(count) = self.by_controller.get_mut(controller)
        {
            *count -= 1;
            if *count == 0 {
                self.by_controller.remove(controller);
            }
        }
    }
}
