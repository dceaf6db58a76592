//! What real containers need, and how the nodes' containerd is.

use super::facts::{Containerd, Facts, Node};
use super::judge::{Finding, Level};

/// What the nodes' network configuration names, and what containerd itself calls.
pub(super) const PLUGINS: [&str; 4] = ["bridge", "host-local", "loopback", "portmap"];

pub(super) fn file_systems(facts: &Facts) -> Vec<Finding> {
    if !facts.containers {
        return Vec::new();
    }
    let place = "/proc/filesystems";
    vec![if facts.overlay {
        Finding::ok("containers", place, "overlayfs is there")
    } else {
        let what = "overlayfs is not loaded: images are unpacked for it";
        Finding::new("containers", Level::Warning, place, what)
            .advice("modprobe overlay, and the same in /etc/modules-load.d")
    }]
}

pub(super) fn plugins(facts: &Facts) -> Vec<Finding> {
    if !facts.containers {
        return Vec::new();
    }
    let place = nodeagent::containerd::PLUGINS;
    let missing: Vec<&str> = facts
        .plugins
        .iter()
        .filter(|(_, there)| !there)
        .map(|(name, _)| name.as_str())
        .collect();
    vec![if missing.is_empty() {
        let what = format!("the CNI plugins {} are there", PLUGINS.join(", "));
        Finding::ok("containers", place, what)
    } else {
        let what = format!("no CNI plugin {}: pods get no network", missing.join(", "));
        Finding::new("containers", Level::Broken, place, what)
            .advice("apt-get install containernetworking-plugins, or scripts/packages.sh run")
    }]
}

pub(super) fn ranges(facts: &Facts) -> Vec<Finding> {
    let file = format!("{}/networks.json", facts.data_dir);
    let ranges = facts.instance.iter().filter_map(|it| it.ranges.as_ref());
    let judged = ranges.map(|ranges| match ranges {
        Ok(ranges) => Finding::ok("networks", &file, format!("{ranges}, used by nobody else")),
        Err(why) => Finding::new("networks", Level::Broken, &file, why.as_str())
            .advice("docs/network.md tells how ranges are chosen"),
    });
    judged.collect()
}

pub(super) fn containerd(facts: &Facts) -> Vec<Finding> {
    let nodes = facts.instance.iter().flat_map(|it| &it.nodes);
    nodes.map(containerd_of).collect()
}

fn containerd_of(node: &Node) -> Finding {
    let (name, log) = (&node.name, &node.log);
    match &node.containerd {
        Ok(Containerd { version, not_ready }) if not_ready.is_empty() => {
            let what = format!("{version} of {name} is ready");
            Finding::ok("containerd", &node.socket, what)
        }
        Ok(Containerd { version, not_ready }) => {
            let what = format!("{version} of {name} is not ready: {not_ready}");
            Finding::new("containerd", Level::Broken, &node.socket, what).advice(format!(
                "look into {log}; containerd reads its network's configuration and plugins at start"
            ))
        }
        Err(why) => {
            let what = format!("of {name} does not answer: {why}");
            Finding::new("containerd", Level::Broken, &node.socket, what).advice(format!(
                "the agent starts it again within 10 s; if it does not stay, {log} says why"
            ))
        }
    }
}
