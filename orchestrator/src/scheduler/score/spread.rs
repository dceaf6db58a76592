//! Pods of one controller, or of one Service, on different nodes and in different zones.

use std::collections::BTreeMap;

use api::selector::LabelSelector;

use super::super::filter::Request;
use super::super::node::Node;
use super::normalise_reversed;

const ZONE: &str = "topology.kubernetes.io/zone";

/// Fewer siblings is better; where nodes have zones, the zone counts twice the node.
pub(super) fn spread(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let siblings = siblings(request);
    if siblings.is_empty() {
        return vec![super::BEST; nodes.len()];
    }
    let on = |node: &Node| siblings.get(node.name()).copied().unwrap_or(0);
    let by_node = normalise_reversed(nodes.iter().map(|node| on(node)).collect());
    let mut zones: BTreeMap<&str, i64> = BTreeMap::new();
    for node in request.snapshot.nodes() {
        if let Some(zone) = zone(node) {
            *zones.entry(zone).or_default() += on(node);
        }
    }
    if zones.len() < 2 {
        return by_node;
    }
    let in_zone = |node: &&Node| zone(node).map_or(0, |zone| zones[zone]);
    let by_zone = normalise_reversed(nodes.iter().map(in_zone).collect());
    by_node
        .iter()
        .zip(by_zone)
        .map(|(node, zone)| (node + 2 * zone) / 3)
        .collect()
}

fn zone(node: &Node) -> Option<&str> {
    node.facts.labels.get(ZONE).map(String::as_str)
}

/// Placed pods of the same group, by node; nodes without any are left out.
fn siblings<'a>(request: &'a Request) -> BTreeMap<&'a str, i64> {
    let (pod, snapshot) = (request.pod, request.snapshot);
    if let Some(controller) = &pod.controller {
        let count = |node: &'a Node| {
            let count = node.by_controller.get(controller)?;
            Some((node.name(), *count))
        };
        return snapshot.nodes().iter().filter_map(count).collect();
    }
    let namespace = pod.name.namespace.as_str();
    let selects = |selector: &LabelSelector, labels: &super::super::terms::Labels| {
        selector.matches_with(|key| labels.get(key).map(String::as_str))
    };
    let services: Vec<&LabelSelector> = snapshot
        .services
        .iter()
        .filter(|(name, selector)| name.namespace == namespace && selects(selector, &pod.labels))
        .map(|(_, selector)| selector)
        .collect();
    let mut counts = BTreeMap::new();
    if !services.is_empty() {
        for other in snapshot.placed_in(namespace) {
            if services.iter().all(|each| selects(each, &other.labels)) {
                *counts.entry(other.node.as_str()).or_default() += 1;
            }
        }
    }
    counts
}
