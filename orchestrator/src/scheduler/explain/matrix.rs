//! Every node against every filter.

use client::placement::{Filtered, NodeVerdict};

use super::super::filter::{Filter, Request};
use super::super::node::Node;
use super::super::pod::Pod;
use super::super::reason::Reason;
use super::super::snapshot::Snapshot;

/// Nodes that are told: the rest is counted in the message.
const NODES: usize = 200;

/// By name; none where no node is at fault.
pub(super) fn of(snapshot: &Snapshot, pod: &Pod) -> Vec<NodeVerdict> {
    let Ok(request) = Request::new(pod, snapshot) else {
        return Vec::new();
    };
    let nodes = snapshot.nodes().iter().take(NODES);
    nodes.map(|node| verdict(&request, node)).collect()
}

fn verdict(request: &Request, node: &Node) -> NodeVerdict {
    let pod = request.pod;
    let said = |filter| request.ask(filter, node).err().unwrap_or_default();
    let of_amounts = said(Filter::Resources);
    let mut filters = amounts(pod, node)
        .into_iter()
        .map(|(name, wanted, free)| {
            let short = |reason: &Reason| *reason == Reason::Insufficient(name.clone());
            Filtered {
                filter: format!("{name} {}", amount(&name, wanted)),
                fits: !of_amounts.iter().any(short),
                text: format!("{} free", amount(&name, free.max(0))),
            }
        })
        .collect::<Vec<_>>();
    let room = node.facts.pods - i64::try_from(node.pods.len()).unwrap_or(i64::MAX);
    filters.push(Filtered {
        filter: "pods".into(),
        fits: !of_amounts.contains(&Reason::TooManyPods),
        text: format!("room for {}", room.max(0)),
    });
    for (filter, name, well) in COLUMNS {
        let reasons = said(*filter);
        filters.push(Filtered {
            filter: (*name).to_owned(),
            fits: reasons.is_empty(),
            text: reasons.first().map_or_else(|| (*well).to_owned(), word),
        });
    }
    NodeVerdict {
        node: node.name().to_owned(),
        filters,
    }
}

const COLUMNS: &[(Filter, &str, &str)] = &[
    (Filter::Accepts, "accepts", "allowed"),
    (Filter::Taints, "taints", "tolerated"),
    (Filter::Affinity, "node selector", "matches"),
    (Filter::Ports, "host ports", "free"),
    (Filter::Volumes, "volumes", "reached"),
    (Filter::Neighbours, "other pods", "agree"),
];

/// What the pod asks for by name, wanted and free.
pub(super) fn amounts(pod: &Pod, node: &Node) -> Vec<(String, i64, i64)> {
    let (wanted, used, all) = (
        &pod.requests.exact,
        &node.requested,
        &node.facts.allocatable,
    );
    let mut found = vec![
        (
            "cpu".to_owned(),
            wanted.milli_cpu,
            all.milli_cpu - used.milli_cpu,
        ),
        ("memory".to_owned(), wanted.memory, all.memory - used.memory),
        (
            "ephemeral-storage".to_owned(),
            wanted.ephemeral_storage,
            all.ephemeral_storage - used.ephemeral_storage,
        ),
    ];
    for (name, wanted) in &wanted.extended {
        let of =
            |map: &std::collections::BTreeMap<String, i64>| map.get(name).copied().unwrap_or(0);
        let free = of(&all.extended) - of(&used.extended);
        found.push((name.clone(), *wanted, free));
    }
    found.retain(|(_, wanted, _)| *wanted > 0);
    found
}

/// As it is written in a manifest; what is not whole is rounded down.
pub(super) fn amount(resource: &str, amount: i64) -> String {
    const MIB: i64 = 1 << 20;
    match resource {
        "cpu" => api::Quantity::millis(amount).to_string(),
        "memory" | "ephemeral-storage" if amount >= MIB => {
            api::Quantity::bytes(amount / MIB * MIB).to_string()
        }
        _ => amount.to_string(),
    }
}

fn word(reason: &Reason) -> String {
    match reason {
        Reason::Unschedulable => "cordoned".into(),
        Reason::OtherNodeRequested => "another node is named".into(),
        Reason::UntoleratedTaint { key, value } if value.is_empty() => key.clone(),
        Reason::UntoleratedTaint { key, value } => format!("{key}={value}"),
        Reason::NodeAffinity => "does not match".into(),
        Reason::HostPorts => "taken".into(),
        Reason::TooManyPods => "full".into(),
        Reason::Insufficient(resource) => format!("too little {resource}"),
        Reason::NoVolumeToBind => "no volume".into(),
        Reason::VolumeElsewhere => "volume elsewhere".into(),
        Reason::ClaimInUse => "claim in use".into(),
        Reason::PodAffinity => "none it wants near".into(),
        Reason::PodAntiAffinity => "one it avoids".into(),
        Reason::ExistingPodAntiAffinity => "one avoids it".into(),
    }
}
