//! The ports of a node that pods take.

use serde_json::Value;

use super::items;

/// A port of the node that a pod takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    pub port: i64,
    pub protocol: String,
    /// Empty for every address of the node.
    pub address: String,
}

impl HostPort {
    pub fn collides(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address.is_empty()
                || other.address.is_empty()
                || self.address == other.address)
    }
}

/// The ports a pod's spec takes of its node.
pub fn host_ports(spec: &Value) -> Vec<HostPort> {
    let sidecars = items(&spec["initContainers"]).filter(|each| each["restartPolicy"] == "Always");
    items(&spec["containers"])
        .chain(sidecars)
        .flat_map(|container| items(&container["ports"]))
        .filter_map(|port| {
            let number = port["hostPort"].as_i64().filter(|number| *number > 0)?;
            let address = port["hostIP"].as_str().unwrap_or_default();
            Some(HostPort {
                port: number,
                protocol: port["protocol"].as_str().unwrap_or("TCP").to_owned(),
                address: if address == "0.0.0.0" { "" } else { address }.to_owned(),
            })
        })
        .collect()
}
