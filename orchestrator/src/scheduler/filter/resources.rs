//! The sum of requests stays within what the node can give.

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;

pub(super) fn check(pod: &Pod, node: &Node) -> Result<(), Vec<Reason>> {
    let mut reasons = Vec::new();
    let count = i64::try_from(node.pods.len()).unwrap_or(i64::MAX);
    if count >= node.facts.pods {
        reasons.push(Reason::TooManyPods);
    }
    let (wanted, used, all) = (
        &pod.requests.exact,
        &node.requested,
        &node.facts.allocatable,
    );
    let mut compare = |name: &str, wanted: i64, used: i64, all: i64| {
        // A pod that asks for none fits even where too much is promised already.
        if wanted > 0 && wanted > all.saturating_sub(used) {
            reasons.push(Reason::Insufficient(name.to_owned()));
        }
    };
    compare("cpu", wanted.milli_cpu, used.milli_cpu, all.milli_cpu);
    compare("memory", wanted.memory, used.memory, all.memory);
    compare(
        "ephemeral-storage",
        wanted.ephemeral_storage,
        used.ephemeral_storage,
        all.ephemeral_storage,
    );
    for (name, amount) in &wanted.extended {
        let of = |resources: &api::placement::Resources| {
            resources.extended.get(name).copied().unwrap_or(0)
        };
        compare(name, *amount, of(used), of(all));
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(reasons)
    }
}
