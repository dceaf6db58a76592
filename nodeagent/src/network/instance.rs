//! Names and ranges that live outside the data directory, all derived from it: several
//! instances on one machine never meet.

use std::net::Ipv4Addr;
use std::path::Path;

use sha2::{Digest, Sha256};

/// An IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    pub address: Ipv4Addr,
    pub prefix: u8,
}

impl Network {
    /// The `index`-th address of the network; 1 is its gateway.
    pub fn host(self, index: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) + index)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// One instance of Kedge on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Eight hex digits.
    pub id: String,
    seed: [u8; 4],
}

impl Instance {
    /// The instance that keeps its state in `data_dir`, an absolute path.
    pub fn of(data_dir: &Path) -> Self {
        let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
        let seed = [digest[0], digest[1], digest[2], digest[3]];
        let id = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { id, seed }
    }

    /// All pods: `10.128.0.0/16` to `10.191.0.0/16`.
    pub fn pod_network(&self) -> Network {
        Network {
            address: Ipv4Addr::new(10, 128 + self.seed[0] % 64, 0, 0),
            prefix: 16,
        }
    }

    /// The pods of one node, counted from 1.
    pub fn node_pods(&self, node: u8) -> Network {
        let [a, b, _, _] = self.pod_network().address.octets();
        Network {
            address: Ipv4Addr::new(a, b, node, 0),
            prefix: 24,
        }
    }

    /// Cluster IPs: `10.192.0.0/16` to `10.255.0.0/16`.
    pub fn service_network(&self) -> Network {
        Network {
            address: Ipv4Addr::new(10, 192 + self.seed[1] % 64, 0, 0),
            prefix: 16,
        }
    }

    /// Where several nodes of one machine meet.
    pub fn node_network(&self) -> Network {
        Network {
            address: Ipv4Addr::new(172, 16 + self.seed[2] % 16, self.seed[3], 0),
            prefix: 24,
        }
    }

    /// The bridge of a node's pods. Interface names have at most 15 characters.
    pub fn pod_bridge(&self) -> String {
        format!("kp{}", self.id)
    }

    /// The bridge of the nodes.
    pub fn node_bridge(&self) -> String {
        format!("kn{}", self.id)
    }

    /// The host's end of a node's cable.
    pub fn cable(&self, node: u8) -> String {
        format!("kv{}-{node}", self.id)
    }

    pub fn namespace(&self, node: u8) -> String {
        format!("kedge-{}-{node}", self.id)
    }

    pub fn nft_table(&self) -> String {
        format!("kedge_{}", self.id)
    }

    /// Parent of all pod cgroups of a node.
    pub fn cgroup(&self, node: u8) -> String {
        format!("/kedge-{}/{node}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_differ() {
        let (a, b) = (
            Instance::of(Path::new("/srv/a/.kedge")),
            Instance::of(Path::new("/srv/b/.kedge")),
        );
        assert_ne!(a, b);
        assert_ne!(a.nft_table(), b.nft_table());
        for name in [a.pod_bridge(), a.node_bridge(), a.cable(250)] {
            assert!(name.len() <= 15, "{name}");
        }
        assert_eq!(a.node_pods(3).host(1).octets()[2..], [3, 1]);
        assert!((192..=255).contains(&a.service_network().address.octets()[1]));
    }
}
