//! Preferred pod affinity and anti-affinity, of the pod and of those that run already.

use super::super::filter::Request;
use super::super::node::Node;
use super::BEST;

pub(super) fn preferred(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let weights = &request.neighbours.weights;
    if weights.is_empty() {
        return vec![0; nodes.len()];
    }
    let sum = |node: &&Node| -> i64 {
        weights
            .iter()
            .filter(|((key, value), _)| node.facts.labels.get(key) == Some(value))
            .map(|(_, weight)| weight)
            .sum()
    };
    let sums: Vec<i64> = nodes.iter().map(sum).collect();
    let least = sums.iter().copied().min().unwrap_or(0);
    let range = sums.iter().copied().max().unwrap_or(0) - least;
    sums.iter()
        .map(|sum| {
            if range == 0 {
                0
            } else {
                (sum - least) * BEST / range
            }
        })
        .collect()
}
