//! What a pod takes of a node, and which nodes it may be on: what the scheduler plans with and
//! the node agent insists on.

mod host_port;
mod node_term;
mod resources;

use serde_json::Value;

pub use host_port::{HostPort, host_ports};
pub use node_term::{Labels, NodeTerm, allows_node, labels, node_terms, selects_node};
pub use resources::{Requests, Resources, requests};

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
