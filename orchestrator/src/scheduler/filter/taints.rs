//! Tainted nodes take only pods that tolerate every hard taint.

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;
use super::super::terms::{Effect, is_tolerated};

pub(super) fn check(pod: &Pod, node: &Node) -> Result<(), Vec<Reason>> {
    let repelled = node
        .facts
        .taints
        .iter()
        .filter(|taint| taint.effect != Effect::PreferNoSchedule)
        .find(|taint| !is_tolerated(&pod.tolerations, taint));
    match repelled {
        None => Ok(()),
        Some(taint) => Err(vec![Reason::UntoleratedTaint {
            key: taint.key.clone(),
            value: taint.value.clone(),
        }]),
    }
}
