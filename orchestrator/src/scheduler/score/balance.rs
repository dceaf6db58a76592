//! Even load: prefer emptier nodes, and those on which processor and memory fill up alike.

use super::super::filter::Request;
use super::super::node::Node;
use super::BEST;

/// A full share, in parts fine enough for whole arithmetic.
const WHOLE: i64 = BEST;

/// The mean free share of processor and memory once the pod is there.
pub(super) fn least_allocated(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let pod = &request.pod.requests;
    let score = |node: &&Node| {
        let all = &node.facts.allocatable;
        let cpu = free(all.milli_cpu, node.scored_cpu + pod.scored_cpu);
        let memory = free(all.memory, node.scored_memory + pod.scored_memory);
        i64::midpoint(cpu, memory)
    };
    nodes.iter().map(score).collect()
}

/// How little the shares of processor and memory in use differ.
pub(super) fn balanced(request: &Request, nodes: &[&Node]) -> Vec<i64> {
    let pod = &request.pod.requests.exact;
    let score = |node: &&Node| {
        let (used, all) = (&node.requested, &node.facts.allocatable);
        let cpu = share(used.milli_cpu + pod.milli_cpu, all.milli_cpu);
        let memory = share(used.memory + pod.memory, all.memory);
        // The standard deviation of two numbers is half their distance.
        BEST - (cpu - memory).abs() * BEST / (2 * WHOLE)
    };
    nodes.iter().map(score).collect()
}

fn free(all: i64, used: i64) -> i64 {
    if all <= 0 || used > all {
        return 0;
    }
    scale(all - used, all, BEST)
}

fn share(used: i64, all: i64) -> i64 {
    if all <= 0 {
        return WHOLE;
    }
    scale(used.clamp(0, all), all, WHOLE)
}

/// `part * most / all`, without overflow.
fn scale(part: i64, all: i64, most: i64) -> i64 {
    let scaled = i128::from(part) * i128::from(most) / i128::from(all);
    i64::try_from(scaled).unwrap_or(most)
}
