//! Soft taints: fewer that the pod does not tolerate is better.

use super::super::filter::Request;
use super::super::node::Node;
use super::super::terms::{Effect, is_tolerated};
use super::normalise_reversed;

pub(super) fn preferred(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let count = |node: &&Node| {
        let bothers = node
            .facts
            .taints
            .iter()
            .filter(|taint| taint.effect == Effect::PreferNoSchedule)
            .filter(|taint| !is_tolerated(&request.pod.tolerations, taint))
            .count();
        i64::try_from(bothers).unwrap_or(i64::MAX)
    };
    normalise_reversed(nodes.iter().map(count).collect())
}
