//! Whether a machine can join an instance, seen from the instance's own. Pure.

use std::net::Ipv4Addr;

use nodeagent::network::{Ranges, Way};

use crate::up::{Runtime, node_name};

/// What is asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    pub(super) address: Ipv4Addr,
    /// The address of this machine that was named, and how it is reached from here.
    pub(super) via: Option<(Ipv4Addr, Way)>,
}

/// How the instance is.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) runtime: String,
    pub(super) nodes: u8,
    pub(super) ranges: Ranges,
    /// From this machine to the one that is to join.
    pub(super) towards: Way,
}

/// The address at which the other machine reaches this one.
///
/// # Errors
/// Why it cannot join, and what to do.
pub(super) fn via(asked: &Asked<'_>, seen: &Seen) -> Result<Ipv4Addr, String> {
    let Asked { name, address, .. } = asked;
    if seen.runtime == Runtime::Simulated.name() {
        return Err(
            "this instance runs no containers (--runtime simulated); machines join one that does"
                .into(),
        );
    }
    if seen.nodes > 1 {
        return Err(format!(
            "this instance has {} nodes in network namespaces of this machine; machines join one \
             with --nodes 1: kedge down, then kedge up --nodes 1",
            seen.nodes
        ));
    }
    if *name == node_name(1) {
        return Err(format!(
            "{name} is the node of this machine; give another name"
        ));
    }
    let outside = |address: Ipv4Addr| {
        if !seen.ranges.contains(address) {
            return Ok(());
        }
        Err(format!(
            "{address} is in a range of the instance's own pods, Services and nodes; the address of a \
             machine is needed"
        ))
    };
    outside(*address)?;
    let source = match seen.towards {
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
    match asked.via {
        None => outside(source).map(|()| source),
        Some((via, Way::Local)) => outside(via).map(|()| via),
        Some((via, _)) => Err(format!(
            "--via {via} is no address of this machine; see `ip address`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nodeagent::network::Instance;

    use super::*;

    const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

    fn seen() -> Seen {
        let ranges = Ranges::free(&Instance::of(Path::new("/srv/demo/.kedge")), &[]);
        Seen {
            runtime: "containerd".into(),
            nodes: 1,
            ranges: ranges.unwrap(),
            towards: Way::Direct(OWN),
        }
    }

    fn asked() -> Asked<'static> {
        Asked {
            name: "worker-1",
            address: Ipv4Addr::new(192, 0, 2, 7),
            via: None,
        }
    }

    fn refused(change: impl FnOnce(&mut Asked<'_>, &mut Seen), says: &str) {
        let (mut asked, mut seen) = (asked(), seen());
        change(&mut asked, &mut seen);
        let told = via(&asked, &seen).unwrap_err();
        assert!(told.contains(says), "{told}");
    }

    #[test]
    fn the_address_towards_the_machine_is_taken_or_the_one_that_is_named() {
        assert_eq!(via(&asked(), &seen()), Ok(OWN));
        let other = Ipv4Addr::new(192, 0, 2, 2);
        let named = Asked {
            via: Some((other, Way::Local)),
            ..asked()
        };
        assert_eq!(via(&named, &seen()), Ok(other));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let inner = Ipv4Addr::new(10, 168, 1, 1);
        refused(|_, seen| seen.runtime = "simulated".into(), "no containers");
        refused(|_, seen| seen.nodes = 2, "with --nodes 1");
        refused(|asked, _| asked.name = "node-1", "give another name");
        refused(|asked, _| asked.address = inner, "10.168.1.1 is in a range");
        refused(
            |_, seen| seen.towards = Way::Local,
            "own address, which is node-1",
        );
        refused(
            |_, seen| seen.towards = Way::Through(OWN),
            "the router 192.0.2.1",
        );
        refused(|_, seen| seen.towards = Way::Nowhere, "no route");
        refused(
            |_, seen| seen.towards = Way::Direct(inner),
            "10.168.1.1 is in a range",
        );
        refused(
            |asked, _| asked.via = Some((inner, Way::Local)),
            "10.168.1.1 is in a range",
        );
        refused(
            |asked, _| asked.via = Some((OWN, Way::Direct(OWN))),
            "no address of this machine",
        );
    }
}
