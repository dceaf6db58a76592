//! Which commands bring a node's network about. Pure.

use std::net::Ipv4Addr;

use super::instance::Instance;
use super::prefix::Network;
use super::ranges::Ranges;
use super::routes::PROTOCOL;

/// How the nodes of an instance are laid out on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    pub instance: Instance,
    pub ranges: Ranges,
    /// 1: the node is the machine itself. More: each in a network namespace of its own.
    pub nodes: u8,
}

/// One node's place in the topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeNetwork {
    /// `None`: the machine's own namespace.
    pub namespace: Option<String>,
    /// The node's address towards the API server.
    pub address: Ipv4Addr,
    pub pods: Network,
    /// Gateway of the pods; cluster DNS listens there.
    pub gateway: Ipv4Addr,
    pub bridge: String,
}

/// One command; what it says when there is nothing to do counts as success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub program: &'static str,
    pub arguments: Vec<String>,
    pub done_already: &'static str,
}

const EXISTS: &str = "File exists";
const NO_NAMESPACE: &str = "No such file";
const NO_DEVICE: &str = "Cannot find device";

impl Topology {
    pub fn node(&self, node: u8) -> NodeNetwork {
        let instance = &self.instance;
        let pods = self.ranges.node_pods(node);
        let is_machine = self.nodes == 1;
        NodeNetwork {
            namespace: (!is_machine).then(|| instance.namespace(node)),
            address: if is_machine {
                pods.host(1)
            } else {
                self.ranges.nodes.host(10 + u32::from(node))
            },
            pods,
            gateway: pods.host(1),
            bridge: instance.pod_bridge(),
        }
    }

    /// The address on which pods and nodes reach the API server.
    pub fn api_address(&self) -> Ipv4Addr {
        if self.nodes == 1 {
            self.ranges.node_pods(1).host(1)
        } else {
            self.ranges.nodes.host(1)
        }
    }

    /// Everything up, in order.
    pub fn up(&self) -> Vec<Step> {
        let mut steps = vec![forwarding(None)];
        if self.nodes > 1 {
            let bridge = self.instance.node_bridge();
            let network = self.ranges.nodes;
            steps.extend(bridge_up(None, &bridge, network));
        }
        for node in 1..=self.nodes {
            let place = self.node(node);
            if let Some(namespace) = place.namespace.as_deref() {
                steps.extend(self.cable(node, namespace, &place));
            }
            steps.extend(pods_up(&place));
        }
        steps
    }

    /// Everything up where the machine is one node of an instance on another machine, which is
    /// reached at `via`.
    pub fn joined(&self, node: u8, via: Ipv4Addr) -> Vec<Step> {
        let mut steps = vec![forwarding(None)];
        steps.extend(pods_up(&self.node(node)));
        steps.push(route(self.ranges.pods, via));
        steps
    }

    /// A namespace, joined to the nodes' bridge, with routes to and from all other nodes' pods.
    fn cable(&self, node: u8, namespace: &str, place: &NodeNetwork) -> Vec<Step> {
        let instance = &self.instance;
        let (bridge, cable) = (instance.node_bridge(), instance.cable(node));
        let network = self.ranges.nodes;
        let address = format!("{}/{}", place.address, network.prefix);
        let inside = Some(namespace);
        let mut steps = vec![
            ip(None, &["netns", "add", namespace], EXISTS),
            ip(
                None,
                &[
                    "link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns",
                    namespace,
                ],
                EXISTS,
            ),
            ip(None, &["link", "set", &cable, "master", &bridge, "up"], ""),
            ip(inside, &["link", "set", "lo", "up"], ""),
            ip(inside, &["addr", "replace", &address, "dev", "eth0"], ""),
            ip(inside, &["link", "set", "eth0", "up"], ""),
            ip(
                inside,
                &[
                    "route",
                    "replace",
                    "default",
                    "via",
                    &network.host(1).to_string(),
                ],
                "",
            ),
            forwarding(inside),
        ];
        let pods = place.pods.to_string();
        let via = place.address.to_string();
        steps.push(ip(None, &["route", "replace", &pods, "via", &via], ""));
        for other in (1..=self.nodes).filter(|other| *other != node) {
            let other = self.node(other);
            let (pods, via) = (other.pods.to_string(), other.address.to_string());
            steps.push(ip(inside, &["route", "replace", &pods, "via", &via], ""));
        }
        steps
    }
}

/// Everything of an instance with at most so many nodes down; what is gone already stays gone.
pub(super) fn down(instance: &Instance, nodes: u8) -> Vec<Step> {
    let mut steps = Vec::new();
    for node in 1..=nodes {
        let namespace = instance.namespace(node);
        steps.push(ip(None, &["netns", "del", &namespace], NO_NAMESPACE));
        steps.push(unlinked(&instance.cable(node)));
    }
    steps.push(unlinked(&instance.node_bridge()));
    steps.push(unlinked(&instance.pod_bridge()));
    steps
}

fn unlinked(device: &str) -> Step {
    ip(None, &["link", "del", device], NO_DEVICE)
}

fn pods_up(place: &NodeNetwork) -> Vec<Step> {
    let namespace = place.namespace.as_deref();
    let mut steps = bridge_up(namespace, &place.bridge, place.pods);
    // Lets the machine itself reach node ports on 127.0.0.1.
    steps.push(sysctl(
        namespace,
        &format!("net.ipv4.conf.{}.route_localnet=1", place.bridge),
    ));
    steps
}

/// The way to pods of other machines.
pub(super) fn route(pods: Network, via: Ipv4Addr) -> Step {
    let (pods, via) = (pods.to_string(), via.to_string());
    let arguments = ["route", "replace", &pods, "via", &via, "proto", PROTOCOL];
    ip(None, &arguments, "")
}

fn bridge_up(namespace: Option<&str>, bridge: &str, network: Network) -> Vec<Step> {
    let address = format!("{}/{}", network.host(1), network.prefix);
    vec![
        ip(
            namespace,
            &["link", "add", bridge, "type", "bridge"],
            EXISTS,
        ),
        ip(namespace, &["addr", "replace", &address, "dev", bridge], ""),
        ip(namespace, &["link", "set", bridge, "up"], ""),
    ]
}

fn forwarding(namespace: Option<&str>) -> Step {
    sysctl(namespace, "net.ipv4.ip_forward=1")
}

pub(super) fn ip(namespace: Option<&str>, arguments: &[&str], done_already: &'static str) -> Step {
    step(namespace, "ip", arguments, done_already)
}

fn sysctl(namespace: Option<&str>, setting: &str) -> Step {
    step(namespace, "sysctl", &["-qw", setting], "")
}

fn step(
    namespace: Option<&str>,
    program: &'static str,
    arguments: &[&str],
    done_already: &'static str,
) -> Step {
    let Some(namespace) = namespace else {
        let arguments = arguments
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        return Step {
            program,
            arguments,
            done_already,
        };
    };
    // nsenter and not `ip netns exec`: that one makes a mount namespace too.
    let mut full = vec![format!("--net=/run/netns/{namespace}"), program.to_owned()];
    full.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    Step {
        program: "nsenter",
        arguments: full,
        done_already,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn topology(nodes: u8) -> Topology {
        let instance = Instance::of(Path::new("/srv/demo/.kedge"));
        Topology {
            ranges: Ranges::free(&instance, &[]).unwrap(),
            instance,
            nodes,
        }
    }

    fn lines(steps: &[Step]) -> String {
        steps
            .iter()
            .map(|step| format!("{} {}\n", step.program, step.arguments.join(" ")))
            .collect()
    }

    #[test]
    fn one_node_is_the_machine_itself() {
        insta::assert_snapshot!(lines(&topology(1).up()));
        assert_eq!(topology(1).api_address(), topology(1).node(1).gateway);
    }

    #[test]
    fn a_machine_that_joined_is_a_node_with_a_way_to_the_others() {
        let via = Ipv4Addr::new(192, 0, 2, 1);
        insta::assert_snapshot!(lines(&topology(1).joined(3, via)));
    }

    #[test]
    fn several_nodes_have_namespaces_and_routes() {
        insta::assert_snapshot!(lines(&topology(2).up()));
    }
}
