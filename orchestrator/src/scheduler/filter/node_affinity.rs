//! `nodeSelector` and required node affinity.

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;
use super::super::terms::selects_node;

pub(super) fn check(pod: &Pod, node: &Node) -> Result<(), Vec<Reason>> {
    let labels = &node.facts.labels;
    let is_selected = pod
        .wishes
        .node_selector
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value));
    let required = pod.wishes.node_required.as_deref();
    if is_selected && selects_node(required, node.name(), labels) {
        Ok(())
    } else {
        Err(vec![Reason::NodeAffinity])
    }
}
