//! Preferred node affinity: the sum of the weights that match.

use super::super::filter::Request;
use super::super::node::Node;
use super::normalise;

pub(super) fn preferred(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let preferred = &request.pod.wishes.node_preferred;
    if preferred.is_empty() {
        return vec![0; nodes.len()];
    }
    let sum = |node: &&Node| {
        preferred
            .iter()
            .filter(|(_, term)| term.matches(node.name(), &node.facts.labels))
            .map(|(weight, _)| weight)
            .sum()
    };
    normalise(nodes.iter().map(sum).collect())
}
