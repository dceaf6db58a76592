//! What `ip` says of a machine's routes. Pure.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;

use crate::network::Network;

/// What Kedge's routes to other machines are known by.
pub(in crate::network) const PROTOCOL: &str = "75";
/// `link`, as a number.
const LINK: &str = "253";

/// The routes of the main table, as far as they matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// Networks that the machine is on.
    pub(super) links: Vec<Network>,
    /// Those of Kedge's protocol, with where they lead to.
    pub(super) own: BTreeMap<Network, Ipv4Addr>,
}

impl Table {
    /// Reads what `ip -N -json -4 route show` prints.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let lines: Vec<Line> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let mut table = Self::default();
        for line in lines {
            let is_down = line.flags.iter().any(|it| it == "linkdown" || it == "dead");
            let Ok(network) = Network::try_from(line.dst) else {
                // `default`
                continue;
            };
            match line.gateway {
                Some(via) if line.protocol == PROTOCOL => {
                    table.own.insert(network, via);
                }
                None if line.scope == LINK && !is_down => table.links.push(network),
                _ => {}
            }
        }
        Ok(table)
    }

    /// Whether somebody with this address is reached without a router.
    pub(super) fn is_on_link(&self, address: Ipv4Addr) -> bool {
        self.links.iter().any(|link| link.contains(address))
    }
}

#[derive(Deserialize)]
struct Line {
    dst: String,
    #[serde(default)]
    gateway: Option<Ipv4Addr>,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    flags: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_own_routes_are_read() {
        let text = r#"[{"dst":"default","gateway":"192.0.2.1","dev":"eth0","flags":[]},
            {"dst":"192.0.2.0/24","dev":"eth0","protocol":"2","scope":"253","prefsrc":"192.0.2.2","flags":[]},
            {"dst":"198.51.100.0/24","dev":"eth1","protocol":"2","scope":"253","flags":["linkdown"]},
            {"dst":"203.0.113.7","dev":"wg0","scope":"253","flags":[]},
            {"dst":"10.9.0.0/16","gateway":"192.0.2.1","dev":"eth0","protocol":"4","flags":[]},
            {"dst":"10.168.2.0/24","gateway":"192.0.2.7","dev":"eth0","protocol":"75","flags":[]}]"#;
        let table = Table::read(text.as_bytes()).unwrap();
        let own: Vec<String> = table.own.iter().map(|(a, b)| format!("{a} {b}")).collect();
        assert_eq!(own, ["10.168.2.0/24 192.0.2.7"]);
        let on_link = |it: &str| table.is_on_link(it.parse().unwrap());
        assert!(on_link("192.0.2.99") && on_link("203.0.113.7"));
        assert!(!on_link("203.0.113.8") && !on_link("198.51.100.1") && !on_link("10.9.0.1"));
        assert!(Table::read(b"Object null").is_err());
    }
}
