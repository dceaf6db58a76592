//! Names that only one object may hold: cluster IPs and node ports.
//!
//! A candidate follows from the Service's uid and the number of the attempt; the store decides
//! in its transaction whether it is still free, so nothing is scanned and nothing is reserved.

use std::net::Ipv4Addr;

use api::Object;

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
    use super::*;

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
