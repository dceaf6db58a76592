//! The nftables table as a value, and the text that makes it so.
//!
//! Maps only, with one chain per backend *count*: the number of chains stays constant however
//! many Services there are, and a change touches only the elements it is about. A chain per
//! Service or backend grows faster than linearly in the kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::Ipv4Addr;

use super::endpoints::{Backend, Frontend};

/// Marks of picked backends begin here: outside the bits that CNI's port mapping uses.
const MARK: u32 = 0x4b00_0000;
/// Connection mark of what came in through a node port: it is masqueraded, so that the answer
/// comes back through this node.
const NODE_PORT_MARK: u32 = 0x4b4e_5000;

/// Identifies one instance's table and the pods it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruleset {
    /// Name of the table; only this table is ever touched.
    pub table: String,
    /// The pods' network: traffic from it to elsewhere is masqueraded.
    pub pod_network: (Ipv4Addr, u8),
    pub service_network: (Ipv4Addr, u8),
}

/// What the table holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub services: BTreeMap<Frontend, BTreeSet<Backend>>,
}

/// One element of one map or set, as text.
type Elements = BTreeSet<(&'static str, String)>;

impl Ruleset {
    /// The whole table, replacing whatever was there, in one transaction.
    pub fn full(&self, state: &State) -> String {
        let table = &self.table;
        let (pods, pod_prefix) = self.pod_network;
        let (services, service_prefix) = self.service_network;
        let mut text = format!("table ip {table}\ndelete table ip {table}\ntable ip {table} {{\n");
        text.push_str(concat!(
            "  map services { type ipv4_addr . inet_proto . inet_service : verdict; }\n",
            "  map backends { type ipv4_addr . inet_proto . inet_service . mark : ipv4_addr . inet_service; }\n",
            "  map nodeports { type inet_proto . inet_service : verdict; }\n",
            "  map nodeport_backends { type inet_proto . inet_service . mark : ipv4_addr . inet_service; }\n",
            "  set empty { type ipv4_addr . inet_proto . inet_service; }\n",
            "  set empty_nodeports { type inet_proto . inet_service; }\n",
            "  set hairpin { type ipv4_addr . ipv4_addr; }\n",
        ));
        for count in chain_counts(state) {
            text.push_str(&chains(count));
        }
        let _ = write!(
            text,
            concat!(
                "  chain dispatch {{\n",
                "    ip daddr . meta l4proto . th dport vmap @services\n",
                "    fib daddr type local meta l4proto . th dport vmap @nodeports\n",
                "  }}\n",
                "  chain prerouting {{ type nat hook prerouting priority dstnat; jump dispatch; }}\n",
                "  chain output {{ type nat hook output priority -100; jump dispatch; }}\n",
                "  chain postrouting {{\n",
                "    type nat hook postrouting priority srcnat;\n",
                // Only what came through a Service: the API server is a backend, and talks to itself.
                "    ct status dnat ip saddr . ip daddr @hairpin masquerade\n",
                "    ct mark {mark:#x} masquerade\n",
                "    ip saddr {pods}/{pod_prefix} ip daddr != {pods}/{pod_prefix} masquerade\n",
                "  }}\n",
                // TCP wants a reset: some stacks time out on the ICMP answer.
                "  chain no_backend {{\n",
                "    meta l4proto tcp reject with tcp reset\n",
                "    reject with icmp port-unreachable\n",
                "  }}\n",
                "  chain refuse {{\n",
                "    ip daddr . meta l4proto . th dport @empty jump no_backend\n",
                "    fib daddr type local meta l4proto . th dport @empty_nodeports jump no_backend\n",
                "    ip daddr {services}/{service_prefix} jump no_backend\n",
                "  }}\n",
                "  chain forward {{ type filter hook forward priority filter; jump refuse; }}\n",
                "  chain filter_output {{ type filter hook output priority filter; jump refuse; }}\n",
                "  chain filter_input {{ type filter hook input priority filter; jump refuse; }}\n",
                "}}\n",
            ),
            mark = NODE_PORT_MARK,
            pods = pods,
            pod_prefix = pod_prefix,
            services = services,
            service_prefix = service_prefix,
        );
        text.push_str(&self.commands("add", &elements(state)));
        text
    }

    /// From one state to the next; empty where nothing differs.
    pub fn change(&self, from: &State, to: &State) -> String {
        let (old, new) = (elements(from), elements(to));
        let gone: Elements = old.difference(&new).cloned().collect();
        let added: Elements = new.difference(&old).cloned().collect();
        if gone.is_empty() && added.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        // Chains are made on demand and never removed: an unused one costs nothing. One from an
        // earlier state may still be there, so it is emptied before its rules are written.
        for count in chain_counts(to).difference(&chain_counts(from)) {
            let table = &self.table;
            for chain in [format!("pick{count}"), format!("nodeport{count}")] {
                let _ = write!(
                    text,
                    "add chain ip {table} {chain}\nflush chain ip {table} {chain}\n"
                );
            }
            let _ = write!(text, "table ip {table} {{\n{}}}\n", chains(*count));
        }
        text.push_str(&self.commands("delete", &gone));
        text.push_str(&self.commands("add", &added));
        text
    }

    /// One command per map, whatever the number of elements.
    fn commands(&self, verb: &str, elements: &Elements) -> String {
        let mut by_map: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (map, element) in elements {
            let element = match (verb, element.split_once(" : ")) {
                // A deletion names the key alone.
                ("delete", Some((key, _))) => key,
                _ => element.as_str(),
            };
            by_map.entry(map).or_default().push(element);
        }
        by_map
            .iter()
            .map(|(map, elements)| {
                format!(
                    "{verb} element ip {} {map} {{ {} }}\n",
                    self.table,
                    elements.join(", ")
                )
            })
            .collect()
    }
}

/// The backend counts that need a chain. Those of earlier states stay.
fn chain_counts(state: &State) -> BTreeSet<usize> {
    state
        .services
        .values()
        .map(BTreeSet::len)
        .filter(|count| *count > 0)
        .collect()
}

/// The two chains that pick one of `count` backends.
fn chains(count: usize) -> String {
    format!(
        concat!(
            "  chain pick{count} {{\n",
            "    meta mark set numgen random mod {count} offset {mark}\n",
            "    meta l4proto {{ tcp, udp }} dnat to ip daddr . meta l4proto . th dport . meta mark map @backends\n",
            "  }}\n",
            "  chain nodeport{count} {{\n",
            "    meta mark set numgen random mod {count} offset {mark}\n",
            "    ct mark set {node_port:#x}\n",
            "    meta l4proto {{ tcp, udp }} dnat to meta l4proto . th dport . meta mark map @nodeport_backends\n",
            "  }}\n",
        ),
        count = count,
        mark = MARK,
        node_port = NODE_PORT_MARK,
    )
}

fn elements(state: &State) -> Elements {
    let mut elements = Elements::new();
    for (frontend, backends) in &state.services {
        let (key, verdicts, targets, empty, chain) = match frontend {
            Frontend::ClusterIp {
                address,
                protocol,
                port,
            } => (
                format!("{address} . {} . {port}", protocol.name()),
                "services",
                "backends",
                "empty",
                "pick",
            ),
            Frontend::NodePort { protocol, port } => {
                let key = format!("{} . {port}", protocol.name());
                (
                    key,
                    "nodeports",
                    "nodeport_backends",
                    "empty_nodeports",
                    "nodeport",
                )
            }
        };
        if backends.is_empty() {
            elements.insert((empty, key));
            continue;
        }
        elements.insert((verdicts, format!("{key} : goto {chain}{}", backends.len())));
        for (index, Backend { address, port }) in (MARK..).zip(backends) {
            elements.insert((targets, format!("{key} . {index:#x} : {address} . {port}")));
            elements.insert(("hairpin", format!("{address} . {address}")));
        }
    }
    elements
}
