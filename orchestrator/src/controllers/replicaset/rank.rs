//! The order in which pods are removed: the least useful first.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use api::{Object, parse_time};
use jiff::Timestamp;

use crate::controllers::pod;

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// `Less` is removed first. Total: equal pods are told apart by uid.
pub(crate) fn compare(
    one: &Object,
    other: &Object,
    nodes: &BTreeMap<String, usize>,
    now: Timestamp,
) -> Ordering {
    rank(one, nodes, now)
        .cmp(&rank(other, nodes, now))
        .then_with(|| one.uid().cmp(&other.uid()))
}

/// In Kubernetes' order: not assigned, phase, not ready, cheap, crowded node, ready for a short
/// time, often restarted, young. Ages count by their logarithm, so that pods of about one age
/// are left to chance instead of always the youngest being removed.
type Rank = (bool, u8, bool, i64, Reverse<usize>, u32, Reverse<i64>, u32);

fn rank(pod: &Object, nodes: &BTreeMap<String, usize>, now: Timestamp) -> Rank {
    let node = pod.text("/spec/nodeName");
    let ready = pod::is_ready(pod);
    let cost = pod
        .annotation(DELETION_COST)
        .and_then(|cost| cost.parse().ok())
        .unwrap_or(0);
    let crowd = nodes.get(node).copied().unwrap_or(0);
    (
        !node.is_empty(),
        phase(pod),
        ready,
        cost,
        Reverse(crowd),
        magnitude(pod::ready_since(pod), now),
        Reverse(pod::most_restarts(pod)),
        magnitude(parse_time(pod.creation_timestamp()), now),
    )
}

fn phase(pod: &Object) -> u8 {
    match pod::phase(pod) {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    }
}

/// The binary magnitude of an age in seconds; an unknown time is the youngest.
fn magnitude(since: Option<Timestamp>, now: Timestamp) -> u32 {
    let seconds = since.map_or(0, |since| now.duration_since(since).as_secs());
    u64::try_from(seconds)
        .unwrap_or(0)
        .checked_ilog2()
        .map_or(0, |log| log + 1)
}
