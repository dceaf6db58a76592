//! Changes of nodes, and of what is on them.

use std::collections::BTreeMap;

use client::placement::Fix;

use super::super::filter::{Filter, Request};
use super::super::node::Node;
use super::super::terms::Effect;
use super::change::Search;
use super::matrix::{amount, amounts};

/// Sorts of changes, between those of the pod.
const UNCORDON: u8 = 0;
const TAINT: u8 = 2;
const LABEL: u8 = 3;
const OTHER_POD: u8 = 6;
const ANOTHER: u8 = 7;
/// What a cordoned node is tainted with.
const CORDONED: &str = "node.kubernetes.io/unschedulable";

pub(super) fn changes(search: &mut Search) {
    for node in search.snapshot.nodes() {
        let name = node.name();
        if node.facts.unschedulable {
            let fix = Fix {
                change: format!("Uncordon {name}"),
                effect: "It takes new pods again.".into(),
                command: format!("kubectl uncordon {name}"),
                ..Fix::default()
            };
            search.with_node((UNCORDON, 0), fix, node, |node| {
                node.facts.unschedulable = false;
                node.facts.taints.retain(|taint| taint.key != CORDONED);
            });
        }
        taints(search, node);
        labels(search, node);
    }
}

fn taints(search: &mut Search, node: &Node) {
    let name = node.name();
    let hard = node
        .facts
        .taints
        .iter()
        .filter(|it| it.effect != Effect::PreferNoSchedule);
    // What says that a node is not well is the agent's to take away.
    for taint in hard.filter(|it| !it.key.starts_with("node.kubernetes.io/")) {
        let key = &taint.key;
        let fix = Fix {
            change: format!("Take the taint {key} from {name}"),
            effect: "Any pod may run there then.".into(),
            command: format!("kubectl taint nodes {name} {key}-"),
            ..Fix::default()
        };
        search.with_node((TAINT, 500), fix, node, |node| {
            node.facts.taints.retain(|it| it.key != *key);
        });
    }
}

/// The labels that the pod selects by, where one is all that is missing.
fn labels(search: &mut Search, node: &Node) {
    let name = node.name();
    let wanted = search.pod.wishes.node_selector.clone();
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(key, value)| node.facts.labels.get(*key) != Some(value))
        .collect();
    let [(key, value)] = missing.as_slice() else {
        return;
    };
    if key.starts_with("kubernetes.io/") || key.starts_with("node.kubernetes.io/") {
        return;
    }
    let fix = Fix {
        change: format!("Label {name} with {key}={value}"),
        effect: "It is selected then, by this pod and by others that ask for the same.".into(),
        command: format!("kubectl label node {name} {key}={value} --overwrite"),
        ..Fix::default()
    };
    search.with_node((LABEL, 250), fix, node, |node| {
        node.facts.labels.insert((*key).clone(), (*value).clone());
    });
}

/// The smallest pod whose leaving is enough, where nothing but room is missing.
pub(super) fn other_pods(search: &mut Search) {
    let (snapshot, pod) = (search.snapshot, search.pod);
    let Ok(request) = Request::new(pod, snapshot) else {
        return;
    };
    for node in snapshot.nodes() {
        let others = Filter::ALL.iter().filter(|it| **it != Filter::Resources);
        if others.clone().any(|it| request.ask(*it, node).is_err()) {
            continue;
        }
        let short: BTreeMap<String, i64> = amounts(pod, node)
            .into_iter()
            .filter(|(_, wanted, free)| wanted > free)
            .map(|(name, wanted, free)| (name, wanted - free))
            .collect();
        let gives = |other: &super::super::pod::Pod| {
            amounts(other, node)
                .into_iter()
                .map(|(name, asks, _)| (name, asks))
                .collect::<BTreeMap<_, _>>()
        };
        let enough = node.pods.values().filter(|other| {
            let gives = gives(other);
            other.priority <= pod.priority
                && short
                    .iter()
                    .all(|(name, gap)| gives.get(name).is_some_and(|it| it >= gap))
        });
        let Some(other) =
            enough.min_by_key(|it| (gives(it).values().sum::<i64>(), it.name.clone()))
        else {
            continue;
        };
        let freed: Vec<String> = gives(other)
            .iter()
            .filter(|(name, _)| short.contains_key(*name))
            .map(|(name, asks)| format!("{} of {name}", amount(name, *asks)))
            .collect();
        let fix = Fix {
            change: format!("Move pod {} away from {}", other.name, node.name()),
            effect: format!(
                "It requests {}. Run fewer replicas of it, or give it another node.",
                freed.join(" and ")
            ),
            ..Fix::default()
        };
        let name = other.name.clone();
        search.with_node((OTHER_POD, 0), fix, node, |node| node.remove(&name));
    }
}

/// One more node, empty, as large as one there is.
pub(super) fn another(search: &mut Search) {
    let largest = search.snapshot.nodes().iter().max_by_key(|node| {
        let has = &node.facts.allocatable;
        (
            has.memory,
            has.milli_cpu,
            std::cmp::Reverse(node.name().to_owned()),
        )
    });
    let Some(like) = largest else {
        return;
    };
    let fix = Fix {
        change: format!("Add a node like {}", like.name()),
        effect: format!(
            "Empty, it has {} of cpu and {} of memory to give.",
            amount("cpu", like.facts.allocatable.milli_cpu),
            amount("memory", like.facts.allocatable.memory)
        ),
        ..Fix::default()
    };
    let mut facts = like.facts.clone();
    facts.name = format!("another {}", facts.name);
    facts
        .labels
        .insert("kubernetes.io/hostname".into(), facts.name.clone());
    facts.unschedulable = false;
    facts.taints.retain(|taint| taint.key != CORDONED);
    search.with_node((ANOTHER, 0), fix, &Node::new(facts), |_| {});
}
