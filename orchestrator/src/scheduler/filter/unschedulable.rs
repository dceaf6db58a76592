//! Cordoned nodes take no new pods.

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;
use super::super::terms::{Effect, Taint, is_tolerated};

pub(super) fn check(pod: &Pod, node: &Node) -> Result<(), Vec<Reason>> {
    if !node.facts.unschedulable {
        return Ok(());
    }
    let taint = Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        value: String::new(),
        effect: Effect::NoSchedule,
    };
    if is_tolerated(&pod.tolerations, &taint) {
        Ok(())
    } else {
        Err(vec![Reason::Unschedulable])
    }
}
