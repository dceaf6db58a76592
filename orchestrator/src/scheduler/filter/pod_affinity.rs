//! Required pod affinity and anti-affinity, of the pod and of those that run already.

use std::collections::{BTreeMap, BTreeSet};

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;
use super::super::snapshot::Snapshot;
use super::super::terms::{Labels, PodTerm};

/// A node label and its value: nodes that share it are near each other.
pub(in super::super) type Topology = (String, String);

/// Where the pods are that matter to this one, and those that this one matters to.
#[derive(Default)]
pub(in super::super) struct Neighbours {
    /// Keys of the required terms; each must have a wanted pod near.
    near_keys: Vec<String>,
    near: BTreeSet<Topology>,
    /// No pod matches yet, and the pod would be its own neighbour: the first of a group.
    is_first: bool,
    apart: BTreeSet<Topology>,
    refused: BTreeSet<Topology>,
    /// Preferences, both ways, summed by topology.
    pub(in super::super) weights: BTreeMap<Topology, i64>,
}

impl Neighbours {
    pub(super) fn of(pod: &Pod, snapshot: &Snapshot) -> Self {
        let mut neighbours = Self {
            near_keys: keys(&pod.wishes.near),
            ..Self::default()
        };
        if pod.wishes.concerns_pods() {
            for other in snapshot.placed() {
                neighbours.see(pod, other, snapshot);
            }
        }
        for other in snapshot.choosy() {
            neighbours.be_seen(pod, other, snapshot);
        }
        neighbours.is_first = neighbours.near.is_empty() && matches_all(pod, pod, snapshot);
        neighbours
    }

    /// What `pod` thinks of `other`.
    fn see(&mut self, pod: &Pod, other: &Pod, snapshot: &Snapshot) {
        let Some(labels) = node_labels(other, snapshot) else {
            return;
        };
        let wishes = &pod.wishes;
        if !wishes.near.is_empty() && matches_all(pod, other, snapshot) {
            let topologies = self.near_keys.iter().filter_map(|key| at(labels, key));
            self.near.extend(topologies);
        }
        for term in wishes.apart.iter().filter(|t| means(t, other, snapshot)) {
            self.apart.extend(at(labels, &term.topology_key));
        }
        for (weight, term) in &wishes.pods_preferred {
            if means(term, other, snapshot) {
                self.weigh(labels, term, *weight);
            }
        }
    }

    /// What `other` thinks of `pod`.
    fn be_seen(&mut self, pod: &Pod, other: &Pod, snapshot: &Snapshot) {
        let Some(labels) = node_labels(other, snapshot) else {
            return;
        };
        let wishes = &other.wishes;
        for term in wishes.apart.iter().filter(|t| means(t, pod, snapshot)) {
            self.refused.extend(at(labels, &term.topology_key));
        }
        // A pod that needs others near likes a new one a little: Kubernetes' hard affinity weight.
        let needed = wishes.near.iter().map(|term| (1, term));
        let liked = wishes.pods_preferred.iter().map(|(w, term)| (*w, term));
        for (weight, term) in needed.chain(liked) {
            if means(term, pod, snapshot) {
                self.weigh(labels, term, weight);
            }
        }
    }

    fn weigh(&mut self, labels: &Labels, term: &PodTerm, weight: i64) {
        if let Some(topology) = at(labels, &term.topology_key) {
            *self.weights.entry(topology).or_default() += weight;
        }
    }

    pub(super) fn check(&self, node: &Node) -> Result<(), Vec<Reason>> {
        let labels = &node.facts.labels;
        let holds = |key: &String| {
            at(labels, key).is_some_and(|topology| self.is_first || self.near.contains(&topology))
        };
        if !self.near_keys.iter().all(holds) {
            return Err(vec![Reason::PodAffinity]);
        }
        if is_in(labels, &self.apart) {
            return Err(vec![Reason::PodAntiAffinity]);
        }
        if is_in(labels, &self.refused) {
            return Err(vec![Reason::ExistingPodAntiAffinity]);
        }
        Ok(())
    }
}

fn keys(terms: &[PodTerm]) -> Vec<String> {
    terms.iter().map(|term| term.topology_key.clone()).collect()
}

fn node_labels<'a>(pod: &Pod, snapshot: &'a Snapshot) -> Option<&'a Labels> {
    snapshot.node(&pod.node).map(|node| &node.facts.labels)
}

fn at(labels: &Labels, key: &str) -> Option<Topology> {
    Some((key.to_owned(), labels.get(key)?.clone()))
}

fn is_in(labels: &Labels, topologies: &BTreeSet<Topology>) -> bool {
    topologies
        .iter()
        .any(|(key, value)| labels.get(key) == Some(value))
}

/// Whether `term` means `pod`.
fn means(term: &PodTerm, pod: &Pod, snapshot: &Snapshot) -> bool {
    let none = Labels::new();
    let namespace = &pod.name.namespace;
    let namespace_labels = snapshot.namespaces.get(namespace).unwrap_or(&none);
    term.selects(namespace, namespace_labels, &pod.labels)
}

/// A neighbour counts only if every required term means it.
fn matches_all(pod: &Pod, other: &Pod, snapshot: &Snapshot) -> bool {
    pod.wishes
        .near
        .iter()
        .all(|term| means(term, other, snapshot))
}
