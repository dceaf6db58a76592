//! What the objects ask for: which address is served by which backends.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use api::Object;

/// Where a Service is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frontend {
    ClusterIp {
        address: Ipv4Addr,
        protocol: Protocol,
        port: u16,
    },
    /// On every address of the node.
    NodePort { protocol: Protocol, port: u16 },
}

/// The protocols a Service can name that the rules know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Protocol {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    fn parse(text: Option<&str>) -> Option<Self> {
        match text {
            None | Some("TCP") => Some(Self::Tcp),
            Some("UDP") => Some(Self::Udp),
            Some(_) => None,
        }
    }
}

/// A pod's address and port behind a frontend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Backend {
    pub address: Ipv4Addr,
    pub port: u16,
}

/// Every frontend with its ready backends, possibly none.
///
/// Where all endpoints of a Service are terminating, those that still serve are used (KEP-1669).
pub fn services<'a>(
    services: impl IntoIterator<Item = &'a Object>,
    slices: impl IntoIterator<Item = &'a Object>,
) -> BTreeMap<Frontend, BTreeSet<Backend>> {
    let mut by_service: BTreeMap<(&str, &str), Vec<&Object>> = BTreeMap::new();
    for slice in slices {
        let Some(service) = slice.label("kubernetes.io/service-name") else {
            continue;
        };
        if slice.text("/addressType") == "IPv4" {
            by_service
                .entry((slice.namespace(), service))
                .or_default()
                .push(slice);
        }
    }
    let mut table = BTreeMap::new();
    for service in services {
        let slices = by_service
            .get(&(service.namespace(), service.name()))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let cluster_ip: Option<Ipv4Addr> = service.text("/spec/clusterIP").parse().ok();
        for port in service
            .pointer("/spec/ports")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let Some(protocol) = Protocol::parse(port["protocol"].as_str()) else {
                continue;
            };
            let backends = backends(slices, port["name"].as_str().unwrap_or_default(), protocol);
            if let (Some(address), Some(port)) = (cluster_ip, number(&port["port"])) {
                table.insert(
                    Frontend::ClusterIp {
                        address,
                        protocol,
                        port,
                    },
                    backends.clone(),
                );
            }
            if let Some(port) = number(&port["nodePort"]) {
                table.insert(Frontend::NodePort { protocol, port }, backends);
            }
        }
    }
    table
}

fn backends(slices: &[&Object], port_name: &str, protocol: Protocol) -> BTreeSet<Backend> {
    let (mut ready, mut terminating) = (BTreeSet::new(), BTreeSet::new());
    for slice in slices {
        let ports = slice
            .pointer("/ports")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let port = ports
            .filter(|port| port["name"].as_str().unwrap_or_default() == port_name)
            .filter(|port| Protocol::parse(port["protocol"].as_str()) == Some(protocol))
            .find_map(|port| number(&port["port"]));
        let Some(port) = port else { continue };
        for endpoint in slice
            .pointer("/endpoints")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let conditions = &endpoint["conditions"];
            let addresses = endpoint["addresses"].as_array().into_iter().flatten();
            let backends = addresses
                .filter_map(|address| address.as_str()?.parse().ok())
                .map(|address| Backend { address, port });
            // An absent condition reads as ready, an absent "serving" as what "ready" says.
            let is_ready = conditions["ready"].as_bool().unwrap_or(true);
            if is_ready {
                ready.extend(backends);
            } else if conditions["serving"].as_bool().unwrap_or(false)
                && conditions["terminating"].as_bool().unwrap_or(false)
            {
                terminating.extend(backends);
            }
        }
    }
    if ready.is_empty() { terminating } else { ready }
}

fn number(value: &Value) -> Option<u16> {
    value
        .as_u64()
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| *number != 0)
}
