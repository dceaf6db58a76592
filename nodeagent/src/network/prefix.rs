//! IPv4 networks, as an address and a prefix.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// An IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    pub address: Ipv4Addr,
    pub prefix: u8,
}

impl Network {
    /// The `index`-th address of the network; 1 is its gateway.
    pub fn host(self, index: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.address) + index)
    }

    pub fn contains(self, address: Ipv4Addr) -> bool {
        self.has(Self {
            address,
            prefix: 32,
        })
    }

    /// Whether all of the other one is in it.
    pub(super) fn has(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.overlaps(other)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        let bits = 32 - u32::from(self.prefix.min(other.prefix));
        let start = |network: Self| u64::from(u32::from(network.address)) >> bits;
        start(self) == start(other)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    /// An address without a prefix is a network of itself, as in a table of routes.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (address, prefix) = text.split_once('/').unwrap_or((&text, "32"));
        match (address.parse(), prefix.parse()) {
            (Ok(address), Ok(prefix)) if prefix <= 32 => Ok(Self { address, prefix }),
            _ => Err(format!("{text} is no IPv4 network")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn networks_overlap_where_one_is_in_the_other() {
        let pods = network("10.146.0.0/16");
        for other in ["10.146.1.0/24", "10.0.0.0/8", "10.146.255.255", "0.0.0.0/0"] {
            assert!(pods.overlaps(network(other)), "{other}");
            assert!(network(other).overlaps(pods), "{other}");
        }
        for other in ["10.147.0.0/16", "10.145.255.255", "172.16.0.0/12"] {
            assert!(!pods.overlaps(network(other)), "{other}");
        }
        assert!(pods.contains(Ipv4Addr::new(10, 146, 9, 9)));
        assert!(!pods.has(network("10.0.0.0/8")) && pods.has(network("10.146.7.0/24")));
        for no in ["", "10.1.0.0/33", "fe80::/64", "10.1/16"] {
            assert!(Network::try_from(no.to_owned()).is_err(), "{no}");
        }
    }
}
