//! A pod that names its node goes there or nowhere.

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;

pub(super) fn check(pod: &Pod, node: &Node) -> Result<(), Vec<Reason>> {
    if pod.node.is_empty() || pod.node == node.name() {
        Ok(())
    } else {
        Err(vec![Reason::OtherNodeRequested])
    }
}
