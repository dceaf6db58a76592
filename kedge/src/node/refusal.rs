//! Whether a machine can join an instance, seen from the instance's own. Pure.

use std::net::Ipv4Addr;

use nodeagent::network::{Ranges, Way};

use crate::up::{Runtime, node_name};

/// How the instance is.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) runtime: String,
    pub(super) nodes: u8,
    pub(super) ranges: Ranges,
}

/// How two machines reach each other, seen from that of the instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways {
    /// To the one that is to join.
    pub(super) towards: Way,
    /// To the address of this machine that was named.
    pub(super) named: Option<(Ipv4Addr, Way)>,
}

impl Instance {
    /// Whether a node of this name at this address can be one of the instance's.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(super) fn takes(&self, name: &str, address: Ipv4Addr) -> Result<(), String> {
        if self.runtime == Runtime::Simulated.name() {
            let what = "this instance runs no containers (--runtime simulated)";
            return Err(format!("{what}; machines join one that does"));
        }
        if self.nodes > 1 {
            return Err(format!(
                "this instance has {} nodes in network namespaces of this machine; machines join one \
                 with --nodes 1: kedge down, then kedge up --nodes 1",
                self.nodes
            ));
        }
        if name == node_name(1) {
            return Err(format!(
                "{name} is the node of this machine; give another name"
            ));
        }
        self.is_outside(address)
    }

    fn is_outside(&self, address: Ipv4Addr) -> Result<(), String> {
        if !self.ranges.contains(address) {
            return Ok(());
        }
        Err(format!(
            "{address} is in a range of the instance's own pods, Services and nodes; the address of a \
             machine is needed"
        ))
    }

    /// The address at which the machine with `address` reaches this one.
    ///
    /// # Errors
    /// It does not, and what to do.
    pub(super) fn via(&self, address: Ipv4Addr, ways: Ways) -> Result<Ipv4Addr, String> {
        let source = match ways.towards {
            Way::Direct(source) => source,
            Way::Local => {
                return Err(format!(
                    "{address} is this machine's own address, which is {} already; --address is the \
                     other machine's",
                    node_name(1)
                ));
            }
            Way::Through(router) => {
                return Err(format!(
                    "{address} is reached through the router {router}; a node is on one network with \
                     this machine, as pods are reached by routes that no router knows"
                ));
            }
            Way::Nowhere => {
                return Err(format!(
                    "no route of this machine leads to {address}; see `ip route`"
                ));
            }
        };
        match ways.named {
            None => self.is_outside(source).map(|()| source),
            Some((via, Way::Local)) => self.is_outside(via).map(|()| via),
            Some((via, _)) => Err(format!(
                "--via {via} is no address of this machine; see `ip address`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nodeagent::network;

    use super::*;

    const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
    const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
    const INNER: Ipv4Addr = Ipv4Addr::new(10, 168, 1, 1);

    fn instance() -> Instance {
        let own = network::Instance::of(Path::new("/srv/demo/.kedge"));
        Instance {
            runtime: "containerd".into(),
            nodes: 1,
            ranges: Ranges::free(&own, &[]).unwrap(),
        }
    }

    #[test]
    fn what_cannot_be_a_node_is_refused() {
        let refused = |instance: &Instance, name: &str, address, says: &str| {
            let told = instance.takes(name, address).unwrap_err();
            assert!(told.contains(says), "{told}");
        };
        assert_eq!(instance().takes("worker-1", OTHER), Ok(()));
        let simulated = Instance {
            runtime: "simulated".into(),
            ..instance()
        };
        refused(&simulated, "worker-1", OTHER, "no containers");
        let two = Instance {
            nodes: 2,
            ..instance()
        };
        refused(&two, "worker-1", OTHER, "with --nodes 1");
        refused(&instance(), "node-1", OTHER, "give another name");
        refused(&instance(), "worker-1", INNER, "10.168.1.1 is in a range");
    }

    #[test]
    fn the_address_towards_the_machine_is_taken_or_the_one_that_is_named() {
        let via = |towards, named| instance().via(OTHER, Ways { towards, named });
        let direct = Way::Direct(OWN);
        let second = Ipv4Addr::new(192, 0, 2, 2);
        assert_eq!(via(direct, None), Ok(OWN));
        assert_eq!(via(direct, Some((second, Way::Local))), Ok(second));
        let refused = |towards, named, says: &str| {
            let told = via(towards, named).unwrap_err();
            assert!(told.contains(says), "{told}");
        };
        refused(Way::Local, None, "own address, which is node-1");
        refused(Way::Through(OWN), None, "the router 192.0.2.1");
        refused(Way::Nowhere, None, "no route");
        refused(Way::Direct(INNER), None, "10.168.1.1 is in a range");
        let inner = Some((INNER, Way::Local));
        refused(direct, inner, "10.168.1.1 is in a range");
        refused(direct, Some((OWN, direct)), "no address of this machine");
    }
}
