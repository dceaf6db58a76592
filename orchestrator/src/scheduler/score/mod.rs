//! Which of the nodes that can take a pod should. One file per rule, each from 0 to [`BEST`];
//! the weights are those of Kubernetes' default profile.

mod balance;
mod images;
mod node_affinity;
mod pod_affinity;
mod spread;
mod taints;

use super::filter::Request;
use super::node::Node;

/// The best score one rule can give. Kubernetes has 100; finer steps let small pods count on large
/// nodes.
pub(super) const BEST: i64 = 10_000;

type Rule = fn(&Request, &[&Node]) -> Vec<i64>;

const RULES: [(i64, Rule); 7] = [
    (1, balance::least_allocated),
    (1, balance::balanced),
    (2, spread::spread),
    (3, taints::preferred),
    (2, node_affinity::preferred),
    (2, pod_affinity::preferred),
    (1, images::local),
];

/// The weighted sum of all rules, for each of `nodes`.
pub(super) fn totals(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let mut totals = vec![0; nodes.len()];
    for (weight, rule) in RULES {
        for (total, score) in totals.iter_mut().zip(rule(request, nodes)) {
            *total += weight * score;
        }
    }
    totals
}

/// Stretches `scores` so that the highest becomes [`BEST`]. All zero stay zero.
fn normalise(mut scores: Vec<i64>) -> Vec<i64> {
    let most = scores.iter().copied().max().unwrap_or(0);
    if most > 0 {
        for score in &mut scores {
            *score = *score * BEST / most;
        }
    }
    scores
}

/// The same, where the lowest is the best.
fn normalise_reversed(scores: Vec<i64>) -> Vec<i64> {
    let mut scores = normalise(scores);
    for score in &mut scores {
        *score = BEST - *score;
    }
    scores
}
