//! Names that only one object may hold: cluster IPs and node ports.
//!
//! A candidate follows from the Service's uid and the number of the attempt; the store decides
//! in its transaction whether it is still free, so nothing is scanned and nothing is reserved.

use std::net::Ipv4Addr;

use api::{Cause, Object};
use serde_json::{Value, json};

use super::kinds::{Allocations, Kind, Pool};
use crate::store::Allocation;

/// Where Services take their addresses from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pools {
    /// First address of the service network; it and the last one are never handed out.
    pub service_network: Ipv4Addr,
    /// Prefix length of the service network.
    pub service_prefix: u8,
    /// First node port and the number of them. Kubernetes' default: 30000–32767.
    pub node_ports: (u16, u16),
}

impl Pools {
    /// Whether a Service may have this address: in the network, and neither its first nor last.
    fn has_address(&self, address: Ipv4Addr) -> bool {
        let size = 1_u64 << (32 - u32::from(self.service_prefix));
        let first = u64::from(u32::from(self.service_network));
        (first + 1..first + size - 1).contains(&u64::from(u32::from(address)))
    }

    fn has_node_port(&self, port: u16) -> bool {
        let (first, count) = self.node_ports;
        (first..=first + (count - 1)).contains(&port)
    }

    /// The address of the `kubernetes` Service.
    pub fn first_address(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.service_network) + 1)
    }
}

impl Default for Pools {
    fn default() -> Self {
        Self {
            service_network: Ipv4Addr::new(10, 96, 0, 0),
            service_prefix: 16,
            node_ports: (30_000, 2768),
        }
    }
}

/// What an object holds from the pools after a write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) all: Vec<Allocation>,
    /// Those the client named: where one is taken, no other candidate will do.
    pub(crate) named: Vec<Allocation>,
}

/// Fills in what the object still lacks and lists everything it holds.
pub(crate) fn complete(pools: &Pools, kind: &Kind, object: &mut Object, attempt: u32) -> Held {
    let allocations = (kind.allocations)(object);
    let named = listed(&allocations);
    let seed = fingerprint(&object.uid().0);
    for wanted in &allocations.wanted {
        let value = match wanted.pool {
            Pool::ClusterIp => address(pools, seed, attempt).to_string(),
            Pool::NodePort => node_port(pools, seed, attempt, wanted.index).to_string(),
        };
        wanted.fill(object, &value);
    }
    Held {
        all: held(kind, object).all,
        named,
    }
}

/// What is wrong with names that an object asks for itself: those that no pool has. Any address
/// would be taken from whoever has it, on every node. What it held before, it may keep.
pub(crate) fn outside(
    pools: &Pools,
    kind: &Kind,
    old: Option<&Object>,
    object: &Object,
) -> Vec<Cause> {
    let before = old.map(|old| (kind.allocations)(old).held);
    let before = before.unwrap_or_default();
    let asked = (kind.allocations)(object).held.into_iter();
    asked
        .filter(|name| !before.contains(name))
        .filter_map(|(pool, value)| match pool {
            Pool::ClusterIp => {
                let address = value.parse().ok()?;
                (!pools.has_address(address)).then(|| address_outside(pools, &value))
            }
            Pool::NodePort => {
                let port = value.parse().ok()?;
                (!pools.has_node_port(port)).then(|| port_outside(pools, object, port))
            }
        })
        .collect()
}

fn address_outside(pools: &Pools, value: &str) -> Cause {
    let (network, prefix) = (pools.service_network, pools.service_prefix);
    let rule = format!(
        "failed to allocate IP {value}: the provided IP ({value}) is not in the valid range. \
         The range of valid IPs is {network}/{prefix}"
    );
    Cause::invalid("spec.clusterIPs", &json!([value]), &rule)
}

fn port_outside(pools: &Pools, object: &Object, port: u16) -> Cause {
    let (first, count) = pools.node_ports;
    let last = first + (count - 1);
    let rule = format!(
        "provided port is not in the valid range. The range of valid ports is {first}-{last}"
    );
    Cause::invalid(node_port_field(object, port), &json!(port), &rule)
}

/// Where a Service asks for a node port.
pub(crate) fn node_port_field(object: &Object, port: u16) -> String {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array);
    let mut ports = ports.into_iter().flatten();
    let index = ports.position(|it| it["nodePort"] == port);
    format!("spec.ports[{}].nodePort", index.unwrap_or_default())
}

/// What a stored object holds.
pub(crate) fn held(kind: &Kind, object: &Object) -> Held {
    let all = listed(&(kind.allocations)(object));
    Held {
        named: all.clone(),
        all,
    }
}

fn listed(allocations: &Allocations) -> Vec<Allocation> {
    let pools = allocations.held.iter();
    pools
        .map(|(pool, value)| Allocation {
            pool: pool.name(),
            value: value.clone(),
        })
        .collect()
}

/// The first hundred addresses stay free for Services that ask for a fixed one (KEP-3070).
const RESERVED: u32 = 100;

fn address(pools: &Pools, seed: u64, attempt: u32) -> Ipv4Addr {
    let size = 1_u32 << (32 - u32::from(pools.service_prefix.min(24)));
    let free = u64::from(size - RESERVED - 1);
    let offset = RESERVED
        + u32::try_from((seed.wrapping_add(u64::from(attempt) * 7919)) % free)
            .expect("below a u32");
    Ipv4Addr::from(u32::from(pools.service_network) + offset)
}

fn node_port(pools: &Pools, seed: u64, attempt: u32, index: usize) -> u16 {
    let (first, count) = pools.node_ports;
    let step = u64::from(attempt) * 31 + index as u64;
    first
        + u16::try_from((seed / 65_537).wrapping_add(step) % u64::from(count)).expect("below a u16")
}

/// FNV-1a: spreads uids over a pool, no more is asked of it.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use api::Collection;

    use super::*;

    #[test]
    fn pools_have_what_lies_in_them() {
        let pools = Pools::default();
        for (address, expected) in [
            ("10.96.0.0", false),
            ("10.96.0.1", true),
            ("10.96.255.254", true),
            ("10.96.255.255", false),
            ("10.97.0.1", false),
            ("127.0.0.1", false),
            ("8.8.8.8", false),
        ] {
            let found = pools.has_address(address.parse().unwrap());
            assert_eq!(found, expected, "{address}");
        }
        for (port, expected) in [(29_999, false), (30_000, true), (32_767, true), (22, false)] {
            assert_eq!(pools.has_node_port(port), expected, "{port}");
        }
    }

    #[test]
    fn a_service_takes_no_address_of_others() {
        let kind = super::super::kinds::of(&Collection::new("", "services")).unwrap();
        let service = |address: &str, ports: [u16; 2]| -> Object {
            json!({"spec": {"type": "NodePort", "clusterIP": address,
                "ports": [{"port": 80, "nodePort": ports[0]}, {"port": 81, "nodePort": ports[1]}]}})
            .into()
        };
        let check = |old: Option<&Object>, new: &Object, expected: &[&str]| {
            let causes = outside(&Pools::default(), kind, old, new);
            let fields: Vec<&str> = causes.iter().map(|cause| cause.field.as_str()).collect();
            assert_eq!(fields, expected, "{new:?}");
        };
        check(None, &service("10.96.0.9", [30_000, 32_767]), &[]);
        check(None, &service("None", [30_000, 30_001]), &[]);
        check(None, &service("not an address", [30_000, 30_001]), &[]);
        let foreign = service("8.8.8.8", [30_000, 22]);
        let fields = ["spec.clusterIPs", "spec.ports[1].nodePort"];
        check(None, &foreign, &fields);
        // It is older than the rule.
        check(Some(&foreign), &foreign, &[]);
    }

    #[test]
    fn candidates_stay_in_their_pools_and_differ() {
        let pools = Pools::default();
        let mut seen = std::collections::BTreeSet::new();
        for attempt in 0..200 {
            let ip = address(&pools, fingerprint("a"), attempt);
            assert_eq!(ip.octets()[..2], [10, 96]);
            seen.insert(ip);
            let port = node_port(&pools, fingerprint("a"), attempt, 0);
            assert!((30_000..32_768).contains(&port), "{port}");
        }
        assert_eq!(seen.len(), 200);
    }
}
