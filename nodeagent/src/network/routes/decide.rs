//! Which routes a machine needs. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use api::Object;

use super::table::Table;
use crate::network::{Network, Ranges};

/// The node that this machine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    pub name: String,
    pub ranges: Ranges,
    /// Those that run here.
    pub pods: Network,
    /// The machine of the instance, from one that joined it: whatever has no route of its own is
    /// reached through it, the API server too.
    pub via: Option<Ipv4Addr>,
}

/// A node on another machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Neighbour {
    pub(super) name: String,
    pub(super) pods: Network,
    pub(super) address: Ipv4Addr,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) set: BTreeMap<Network, Ipv4Addr>,
    pub(super) remove: BTreeSet<Network>,
    /// Those that are on no network of this machine.
    pub(super) apart: BTreeSet<Neighbour>,
    /// Whether there is nobody else, and so nothing that could go wrong unheard.
    pub(super) alone: bool,
    /// Whether some of it could not be done.
    pub(super) failed: bool,
}

/// The routes by which `own` reaches everything else, from what the machine has now.
pub(super) fn decide<'a>(
    own: &Own,
    nodes: impl IntoIterator<Item = &'a Object>,
    table: &Table,
) -> Decision {
    let mut wanted: BTreeMap<Network, Ipv4Addr> = BTreeMap::new();
    wanted.extend(own.via.map(|via| (own.ranges.pods, via)));
    let mut apart = BTreeSet::new();
    for neighbour in neighbours(own, nodes) {
        if table.is_on_link(neighbour.address) {
            wanted.insert(neighbour.pods, neighbour.address);
        } else {
            apart.insert(neighbour);
        }
    }
    let is_gone = |pods: &&Network| own.ranges.pods.has(**pods) && !wanted.contains_key(*pods);
    Decision {
        alone: wanted.is_empty() && apart.is_empty(),
        remove: table.own.keys().filter(is_gone).copied().collect(),
        set: wanted
            .iter()
            .filter(|(pods, via)| table.own.get(*pods) != Some(*via))
            .map(|(pods, via)| (*pods, *via))
            .collect(),
        apart,
        failed: false,
    }
}

/// What can be done before the nodes are known: the way to those who know them.
pub(super) fn beginning(own: &Own, table: &Table) -> Decision {
    Decision {
        remove: BTreeSet::new(),
        ..decide(own, [], table)
    }
}

/// The nodes of other machines. Those in the instance's own ranges share the instance's machine. Of
/// two that claim the same pods the older one has them: a node is who it was first.
fn neighbours<'a>(own: &Own, nodes: impl IntoIterator<Item = &'a Object>) -> Vec<Neighbour> {
    let mut nodes: Vec<&Object> = nodes.into_iter().collect();
    nodes.sort_by_key(|node| (node.creation_timestamp(), node.name()));
    let mut found: Vec<Neighbour> = Vec::new();
    for neighbour in nodes.into_iter().filter_map(neighbour) {
        let Neighbour {
            name,
            pods,
            address,
        } = &neighbour;
        let is_other = *name != own.name && *pods != own.pods && !own.ranges.contains(*address);
        let is_one = own.ranges.pods.has(*pods) && pods.prefix == own.pods.prefix;
        let is_first = found.iter().all(|it| it.pods != *pods);
        if is_other && is_one && is_first {
            found.push(neighbour);
        }
    }
    found
}

fn neighbour(node: &Object) -> Option<Neighbour> {
    let addresses = node.pointer("/status/addresses")?.as_array()?;
    let internal = addresses.iter().find(|it| it["type"] == "InternalIP")?;
    Some(Neighbour {
        name: node.name().to_owned(),
        pods: node.text("/spec/podCIDR").to_owned().try_into().ok()?,
        address: internal["address"].as_str()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::network::Instance;

    fn own(number: u8, via: Option<&str>) -> Own {
        let ranges = Ranges::free(&Instance::of(Path::new("/srv/demo/.kedge")), &[]).unwrap();
        assert_eq!(ranges.pods.to_string(), "10.168.0.0/16");
        Own {
            name: format!("n{number}"),
            ranges,
            pods: ranges.node_pods(number),
            via: via.map(|it| it.parse().unwrap()),
        }
    }

    fn node(name: &str, made: &str, pods: &str, address: &str) -> Object {
        let addresses = json!([{"type": "Hostname", "address": name},
                               {"type": "InternalIP", "address": address}]);
        Object::from(
            json!({"metadata": {"name": name, "creationTimestamp": made},
            "spec": {"podCIDR": pods}, "status": {"addresses": addresses}}),
        )
    }

    fn network(text: &str) -> Network {
        text.to_owned().try_into().unwrap()
    }

    fn table(own: &[(&str, &str)]) -> Table {
        Table {
            links: vec![network("192.0.2.0/24")],
            own: own
                .iter()
                .map(|(pods, via)| (network(pods), via.parse().unwrap()))
                .collect(),
        }
    }

    fn told(decision: &Decision) -> Vec<String> {
        let set = decision.set.iter().map(|(to, via)| format!("+{to} {via}"));
        let gone = decision.remove.iter().map(|it| format!("-{it}"));
        let apart = decision.apart.iter().map(|it| format!("?{}", it.name));
        set.chain(gone).chain(apart).collect()
    }

    fn three() -> Vec<Object> {
        vec![
            node("n1", "2026-01-01T00:00:00Z", "10.168.1.0/24", "10.168.1.1"),
            node("n2", "2026-01-02T00:00:00Z", "10.168.2.0/24", "192.0.2.2"),
            node("n3", "2026-01-03T00:00:00Z", "10.168.3.0/24", "192.0.2.3"),
        ]
    }

    #[test]
    fn the_machine_of_the_instance_reaches_those_that_joined() {
        let first = decide(&own(1, None), &three(), &table(&[]));
        assert_eq!(
            told(&first),
            ["+10.168.2.0/24 192.0.2.2", "+10.168.3.0/24 192.0.2.3"]
        );
        let has = table(&[
            ("10.168.2.0/24", "192.0.2.2"),
            ("10.168.3.0/24", "192.0.2.3"),
        ]);
        assert_eq!(told(&decide(&own(1, None), &three(), &has)), [""; 0]);
    }

    #[test]
    fn most_machines_are_alone() {
        assert!(decide(&own(1, None), &three()[..1], &table(&[])).alone);
        assert!(!decide(&own(1, None), &three(), &table(&[])).alone);
        assert!(!decide(&own(2, Some("192.0.2.1")), [], &table(&[])).alone);
    }

    #[test]
    fn one_that_joined_reaches_the_rest_through_the_instance() {
        let second = decide(&own(2, Some("192.0.2.1")), &three(), &table(&[]));
        let expected = ["+10.168.0.0/16 192.0.2.1", "+10.168.3.0/24 192.0.2.3"];
        assert_eq!(told(&second), expected);
        let alone = beginning(
            &own(2, Some("192.0.2.1")),
            &table(&[("10.168.3.0/24", "192.0.2.3")]),
        );
        assert_eq!(told(&alone), ["+10.168.0.0/16 192.0.2.1"]);
    }

    #[test]
    fn what_is_gone_or_elsewhere_is_put_right() {
        let has = table(&[
            ("10.168.2.0/24", "192.0.2.9"),
            ("10.168.4.0/24", "192.0.2.4"),
            // Another instance's.
            ("10.150.2.0/24", "192.0.2.4"),
        ]);
        let nodes = &three()[..2];
        assert_eq!(
            told(&decide(&own(1, None), nodes, &has)),
            ["+10.168.2.0/24 192.0.2.2", "-10.168.4.0/24"]
        );
    }

    #[test]
    fn nobody_has_what_is_not_theirs() {
        let late = "2026-02-01T00:00:00Z";
        let nodes = [
            three().remove(1),
            node("mine", late, "10.168.1.0/24", "192.0.2.9"),
            node("same", late, "10.168.2.0/24", "192.0.2.9"),
            node("wide", late, "10.168.0.0/16", "192.0.2.9"),
            node("foreign", late, "10.9.9.0/24", "192.0.2.9"),
            node("inner", late, "10.168.7.0/24", "10.232.0.9"),
            node("none", late, "", "192.0.2.9"),
            node("six", late, "10.168.8.0/24", "2001:db8::9"),
            node("far", late, "10.168.9.0/24", "198.51.100.9"),
        ];
        assert_eq!(
            told(&decide(&own(1, None), &nodes, &table(&[]))),
            ["+10.168.2.0/24 192.0.2.2", "?far"]
        );
    }
}
