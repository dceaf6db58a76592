//! A port of the node serves one pod per protocol and address.

use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;

pub(super) fn check(pod: &Pod, node: &Node) -> Result<(), Vec<Reason>> {
    if pod.host_ports.iter().any(|port| node.is_taken(port)) {
        Err(vec![Reason::HostPorts])
    } else {
        Ok(())
    }
}
