//! Changes of the pod itself: they belong into its manifest.

use std::collections::{BTreeMap, BTreeSet};

use client::placement::{Fix, NewValue};
use serde_json::{Value, json};

use super::super::filter::{Filter, Request};
use super::super::reason::Reason;
use super::super::terms::{items, text};
use super::change::Search;
use super::matrix::{amount, amounts};

/// Sorts of changes, the smallest first.
const REQUESTS: u8 = 1;
const TOLERATION: u8 = 2;
const SELECTOR: u8 = 3;
const PORT: u8 = 4;
const AFFINITY: u8 = 5;

pub(super) fn changes(search: &mut Search) {
    requests(search);
    tolerations(search);
    selector(search);
    host_ports(search);
    affinity(search);
}

/// Asking for what the node has that is nearest to enough, where nothing else is in the way.
fn requests(search: &mut Search) {
    let (snapshot, pod) = (search.snapshot, search.pod);
    let Ok(request) = Request::new(pod, snapshot) else {
        return;
    };
    // By resource: how much there is at most where nothing else is in the way.
    let mut most: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for node in snapshot.nodes() {
        let others = Filter::ALL.iter().filter(|it| **it != Filter::Resources);
        if others.clone().any(|it| request.ask(*it, node).is_err()) {
            continue;
        }
        let short: Vec<_> = amounts(pod, node)
            .into_iter()
            .filter(|(_, wanted, free)| wanted > free)
            .collect();
        let [(name, wanted, free)] = short.as_slice() else {
            continue;
        };
        let entry = most.entry(name.clone()).or_insert((*wanted, *free));
        entry.1 = entry.1.max(*free);
    }
    for (name, (wanted, free)) in most {
        lower(search, &name, wanted, free);
    }
}

/// Takes what is too much from the container that asks for most.
fn lower(search: &mut Search, resource: &str, wanted: i64, free: i64) {
    let unit = match resource {
        "cpu" => 10,
        "memory" | "ephemeral-storage" => 1 << 20,
        _ => 1,
    };
    let asked = |container: &Value| -> i64 {
        let requests = &container["resources"]["requests"][resource];
        let quantity = api::Quantity::from_json(requests);
        quantity.map_or(0, |it| {
            if resource == "cpu" {
                it.milli_value()
            } else {
                it.value()
            }
        })
    };
    let containers = items(&search.object.body["spec"]["containers"]);
    let Some((at, container)) = containers
        .enumerate()
        .max_by_key(|(at, it)| (asked(it), usize::MAX - at))
    else {
        return;
    };
    let (now, name) = (asked(container), text(&container["name"]));
    let then = (now - (wanted - free)) / unit * unit;
    if then <= 0 {
        return;
    }
    let value = amount(resource, then);
    let from = match &container["resources"]["requests"][resource] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let fix = Fix {
        change: format!("Request {value} of {resource} instead of {from} in container {name}"),
        effect: "It gets less than it asked for; whether that is enough, only its use can say."
            .into(),
        field: Some(NewValue {
            path: format!("spec.containers[name={name}].resources.requests.{resource}"),
            from,
            to: value.clone(),
        }),
        ..Fix::default()
    };
    let cost = (REQUESTS, (now - then) * 1000 / now.max(1));
    let resource = resource.to_owned();
    search.with_pod(cost, fix, |spec| {
        spec["containers"][at]["resources"]["requests"][&resource] = json!(value);
    });
}

fn tolerations(search: &mut Search) {
    let (snapshot, pod) = (search.snapshot, search.pod);
    let Ok(request) = Request::new(pod, snapshot) else {
        return;
    };
    let mut taints = BTreeSet::new();
    for node in snapshot.nodes() {
        for reason in request.ask(Filter::Taints, node).err().unwrap_or_default() {
            if let Reason::UntoleratedTaint { key, value } = reason {
                taints.insert((key, value));
            }
        }
    }
    for (key, value) in taints {
        // A node that is not well is not made well by tolerating it.
        if key.starts_with("node.kubernetes.io/") {
            continue;
        }
        let toleration = if value.is_empty() {
            json!({"key": key, "operator": "Exists"})
        } else {
            json!({"key": key, "value": value})
        };
        let body = toleration.as_object().into_iter().flatten();
        let lines: Vec<String> = body.map(|(key, value)| format!("{key}: {value}")).collect();
        let fix = Fix {
            change: format!("Tolerate the taint {key}"),
            effect: "The pod may then run on nodes that are kept for others.".into(),
            snippet: format!("tolerations:\n- {}", lines.join("\n  ")),
            ..Fix::default()
        };
        search.with_pod((TOLERATION, 0), fix, |spec| {
            let mut all = spec["tolerations"].as_array().cloned().unwrap_or_default();
            all.push(toleration);
            spec["tolerations"] = Value::Array(all);
        });
    }
}

/// Another value of one key that nodes have, or without it.
fn selector(search: &mut Search) {
    let wanted = search.pod.wishes.node_selector.clone();
    for (key, value) in &wanted {
        let mut there: Vec<String> = search
            .snapshot
            .nodes()
            .iter()
            .filter_map(|node| node.facts.labels.get(key).cloned())
            .filter(|has| has != value)
            .collect();
        there.sort();
        there.dedup();
        for has in there {
            let fix = Fix {
                change: format!("Select nodes with {key}={has} instead of {value}"),
                effect: format!("There are nodes with {key}={has}."),
                field: Some(NewValue {
                    path: format!("spec.nodeSelector[{key}]"),
                    from: value.clone(),
                    to: has.clone(),
                }),
                ..Fix::default()
            };
            search.with_pod((SELECTOR, 0), fix, |spec| {
                spec["nodeSelector"][key] = json!(has);
            });
        }
        let fix = Fix {
            change: format!("Do not ask for {key}={value}"),
            effect: "The pod may then run on any node that fits otherwise.".into(),
            snippet: format!("nodeSelector: # without {key}"),
            ..Fix::default()
        };
        search.with_pod((SELECTOR, 500), fix, |spec| {
            if let Some(selector) = spec["nodeSelector"].as_object_mut() {
                selector.remove(key);
            }
        });
    }
}

fn host_ports(search: &mut Search) {
    if search.pod.host_ports.is_empty() {
        return;
    }
    let fix = Fix {
        change: "Take no port of the node".into(),
        effect: "A Service of type NodePort or LoadBalancer leads to it as well.".into(),
        snippet: "ports: # without hostPort".into(),
        ..Fix::default()
    };
    search.with_pod((PORT, 0), fix, |spec| {
        for container in spec["containers"].as_array_mut().into_iter().flatten() {
            for port in container["ports"].as_array_mut().into_iter().flatten() {
                if let Some(port) = port.as_object_mut() {
                    port.remove("hostPort");
                }
            }
        }
    });
}

fn affinity(search: &mut Search) {
    for (part, words) in [
        ("nodeAffinity", "which nodes it may run on"),
        ("podAffinity", "which pods it has to be near"),
        ("podAntiAffinity", "which pods it may not be near"),
    ] {
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        if search.object.body["spec"]["affinity"][part][required].is_null() {
            continue;
        }
        let fix = Fix {
            change: format!("Prefer, and do not require, {words}"),
            effect: "The scheduler still keeps to it where it can.".into(),
            snippet: format!(
                "affinity:\n  {part}:\n    preferredDuringSchedulingIgnoredDuringExecution: # instead of {required}"
            ),
            ..Fix::default()
        };
        search.with_pod((AFFINITY, 0), fix, |spec| {
            if let Some(part) = spec["affinity"][part].as_object_mut() {
                part.remove(required);
            }
        });
    }
}
