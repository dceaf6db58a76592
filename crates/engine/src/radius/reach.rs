//! Finds how far a plan reaches.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use api::{Object, ObjectKey};

use super::loss::losses;
use super::{Content, Managed, Radius, Restart, Use, Workload};
use crate::Plan;
use crate::plan::{Change, Step};

/// What others name in their pods.
const NAMED: [&str; 3] = ["ConfigMap", "Secret", "Service"];

const DEFINITION: &str = "CustomResourceDefinition";

/// Finds how far the plan reaches among these workloads, and these objects of others.
pub fn radius(plan: &Plan, workloads: &[Workload], others: &[Managed]) -> Radius {
    let live = |key: &ObjectKey| workloads.iter().find(|it| it.key == *key);
    let mut restarts = Vec::new();
    let mut replaced: BTreeSet<&ObjectKey> = BTreeSet::new();
    for step in plan.steps() {
        if let Some(restart) = restart(step, live(&step.key)) {
            replaced.insert(&step.key);
            restarts.push(restart);
        }
    }
    for deletion in &plan.deletes {
        replaced.insert(&deletion.key);
        let Some(workload) = live(&deletion.key).filter(|_| is_scaled(&deletion.kind)) else {
            continue;
        };
        let pods = pods(&deletion.kind, &workload.object, Some(&workload.object));
        restarts.push(Restart {
            workload: title(&deletion.kind, &deletion.key),
            pods,
            added: 0,
            away: pods,
            gone: true,
        });
    }
    let changed = plan
        .steps()
        .filter(|step| matches!(step.change, Change::Update(_) | Change::Renew(_)));
    let changed = changed.map(|step| (&step.kind, &step.key, false));
    let deleted = plan.deletes.iter().map(|it| (&it.kind, &it.key, true));
    let mut uses = Vec::new();
    for (kind, key, is_deleted) in changed.chain(deleted) {
        if !NAMED.contains(&kind.as_str()) {
            continue;
        }
        let staying = workloads.iter().filter(|it| !replaced.contains(&it.key));
        let users = staying.filter(|it| uses_it(it, kind, key));
        uses.extend(users.map(|it| Use {
            object: title(kind, key),
            deleted: is_deleted,
            by: title(it.object.kind(), &it.key),
            application: it.application.clone(),
        }));
    }
    uses.sort();
    uses.dedup();
    Radius {
        restarts,
        uses,
        contents: contents(plan, others),
        losses: losses(plan),
    }
}

/// What others have in a namespace that goes, or of a kind that goes or changes.
fn contents(plan: &Plan, others: &[Managed]) -> Vec<Content> {
    let changed = plan
        .steps()
        .filter(|it| !matches!(it.change, Change::Unchanged | Change::Create))
        .filter(|it| it.kind == DEFINITION)
        .map(|it| (&it.kind, &it.key, false));
    let deleted = plan.deletes.iter().map(|it| (&it.kind, &it.key, true));
    let mut found = Vec::new();
    for (kind, key, is_deleted) in changed.chain(deleted) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for other in others.iter().filter(|it| belongs_to(&it.key, kind, key)) {
            *counts.entry(&other.application).or_default() += 1;
        }
        found.extend(counts.into_iter().map(|(application, objects)| Content {
            object: title(kind, key),
            deleted: is_deleted,
            objects,
            application: application.to_owned(),
        }));
    }
    found
}

/// Whether an object is in that namespace, or of the kind that is defined there.
pub fn belongs_to(object: &ObjectKey, kind: &str, of: &ObjectKey) -> bool {
    let collection = &object.collection;
    match kind {
        "Namespace" => object.namespace == of.name,
        DEFINITION => format!("{}.{}", collection.resource, collection.group) == of.name,
        _ => false,
    }
}

pub(super) fn title(kind: &str, key: &ObjectKey) -> String {
    match key.namespace.as_str() {
        "" => format!("{kind} {}", key.name),
        namespace => format!("{kind} {namespace}/{}", key.name),
    }
}

pub(super) fn is_scaled(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet")
}

fn restart(step: &Step, live: Option<&Workload>) -> Option<Restart> {
    if !is_scaled(&step.kind) {
        return None;
    }
    let is_template = |path: &str| path.starts_with("spec.template");
    let all_at_once = match &step.change {
        Change::Recreate | Change::Renew(_) => true,
        Change::Update(changes) if changes.iter().any(|it| is_template(&it.path)) => false,
        Change::Update(_) | Change::Create | Change::Unchanged => return None,
    };
    let live = live.map(|it| &it.object);
    let wanted = pods(&step.kind, &step.object, live);
    // What is not there yet cannot start again.
    let now = live.and_then(running).unwrap_or(wanted).min(wanted);
    let (pods, away) = if all_at_once {
        (now, now)
    } else {
        replaced(&step.kind, &step.object, now, wanted)?
    };
    (pods > 0).then(|| Restart {
        workload: title(&step.kind, &step.key),
        pods,
        added: wanted - now,
        away,
        gone: false,
    })
}

/// How many pods it is to have.
pub(super) fn pods(kind: &str, wanted: &Object, live: Option<&Object>) -> u64 {
    if kind == "DaemonSet" {
        let number = live.map(|it| &it.body["status"]["desiredNumberScheduled"]);
        return number.and_then(Value::as_u64).unwrap_or(0);
    }
    let of = |object: &Object| object.body["spec"]["replicas"].as_u64();
    of(wanted).or_else(|| live.and_then(of)).unwrap_or(1)
}

/// How many pods there are of it.
fn running(live: &Object) -> Option<u64> {
    let (status, spec) = (&live.body["status"], &live.body["spec"]);
    let counted = status["replicas"]
        .as_u64()
        .or_else(|| status["currentNumberScheduled"].as_u64());
    counted.or_else(|| spec["replicas"].as_u64())
}

/// How many of those that run `now` are replaced by the workload's own rule, which is about all
/// that it is to have, and how many of them may be away at a time; `None` where nothing is replaced
/// until somebody deletes them.
fn replaced(kind: &str, wanted: &Object, now: u64, pods: u64) -> Option<(u64, u64)> {
    let spec = &wanted.body["spec"];
    let rule = match kind {
        "Deployment" => &spec["strategy"],
        _ => &spec["updateStrategy"],
    };
    let (name, rolling) = (rule["type"].as_str(), &rule["rollingUpdate"]);
    let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    match (kind, name) {
        (_, Some("OnDelete")) => None,
        ("Deployment", Some("Recreate")) => Some((now, now)),
        ("Deployment", _) => {
            let away = share(unavailable, pods, Round::Down).unwrap_or(pods / 4);
            let more = share(surge, pods, Round::Up).unwrap_or(pods.div_ceil(4));
            // With neither, the Deployment takes one away all the same.
            let away = if away + more == 0 { 1 } else { away };
            Some((now, away.min(now)))
        }
        ("StatefulSet", _) => {
            let left = rolling["partition"].as_u64().unwrap_or(0);
            let (now, pods) = (now.saturating_sub(left), pods.saturating_sub(left));
            let away = share(unavailable, pods, Round::Down).unwrap_or(1).max(1);
            Some((now, away.min(now)))
        }
        _ => {
            let more = share(surge, pods, Round::Up).unwrap_or(0);
            let away = share(unavailable, pods, Round::Up).unwrap_or(u64::from(more == 0));
            Some((now, away.min(now)))
        }
    }
}

#[derive(Clone, Copy)]
enum Round {
    Up,
    Down,
}

/// A number, or a percentage of all.
fn share(value: &Value, all: u64, round: Round) -> Option<u64> {
    if let Some(number) = value.as_u64() {
        return Some(number.min(all));
    }
    let percent: u64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let hundredfold = all.saturating_mul(percent);
    Some(match round {
        Round::Up => hundredfold.div_ceil(100),
        Round::Down => hundredfold / 100,
    })
}

/// The pod that a workload is made of.
pub(super) fn template(workload: &Object) -> &Value {
    match workload.kind() {
        "CronJob" => &workload.body["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        "Pod" => &workload.body["spec"],
        _ => &workload.body["spec"]["template"]["spec"],
    }
}

fn uses_it(workload: &Workload, kind: &str, key: &ObjectKey) -> bool {
    let pod = template(&workload.object);
    if kind == "Service" {
        return speaks_to(pod, key, &workload.key.namespace);
    }
    workload.key.namespace == key.namespace && mentions(pod, kind, &key.name)
}

/// Whether a pod takes a volume, a variable or its registry's password from it.
fn mentions(pod: &Value, kind: &str, name: &str) -> bool {
    let fields: &[(&str, &str)] = match kind {
        "ConfigMap" => &[
            ("configMap", "name"),
            ("configMapRef", "name"),
            ("configMapKeyRef", "name"),
        ],
        _ => &[
            ("secret", "secretName"),
            ("secret", "name"),
            ("secretRef", "name"),
            ("secretKeyRef", "name"),
            ("imagePullSecrets", "name"),
        ],
    };
    match pod {
        Value::Object(members) => members.iter().any(|(field, value)| {
            let names = fields.iter().filter(|(known, _)| known == field);
            let is_it = |value: &Value| names.clone().any(|(_, inner)| value[*inner] == name);
            let listed = value.as_array().is_some_and(|list| list.iter().any(is_it));
            is_it(value) || listed || mentions(value, kind, name)
        }),
        Value::Array(items) => items.iter().any(|item| mentions(item, kind, name)),
        _ => false,
    }
}

/// Whether a pod's variables or arguments have the Service's name where a host would be.
fn speaks_to(pod: &Value, service: &ObjectKey, namespace: &str) -> bool {
    let lists = ["containers", "initContainers"];
    let containers = lists
        .iter()
        .filter_map(|list| pod[*list].as_array())
        .flatten();
    let texts = containers.flat_map(|container| {
        let list = |field: &str| container[field].as_array().into_iter().flatten();
        let values = list("env").map(|variable| &variable["value"]);
        let words = list("command").chain(container["args"].as_array().into_iter().flatten());
        values
            .chain(words)
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
    });
    let is_near = service.namespace == namespace;
    let full = format!("{}.{}", service.name, service.namespace);
    let mut texts = texts;
    texts.any(|text| has_host(text, &full) || is_near && has_host(text, &service.name))
}

/// Whether `host` stands in the text as a whole: not within a longer name.
pub(super) fn has_host(text: &str, host: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(host).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + host.len()..]);
        let begins = !before.ends_with(|c: char| is_part(c) || c == '.' || c == '/')
            || before.ends_with("//")
            || before.ends_with('@');
        let ends = match after.chars().next() {
            None => before.is_empty() || before.ends_with("//") || before.ends_with('@'),
            Some('.') => after.starts_with(".svc") || after.contains(".svc"),
            Some(':') => after[1..].starts_with(|c: char| c.is_ascii_digit()),
            Some('/') => before.ends_with("//") || before.ends_with('@'),
            Some(_) => false,
        };
        begins && ends
    })
}
