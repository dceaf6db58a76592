//! The objects of an application and what controllers made of them, as a forest.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use api::{Object, ObjectKey, Uid};
use engine::{Health, HealthStatus};

use super::component::{Tone, encoded};
use crate::history::{Action, RolloutDetail};
use crate::service::ObjectNode;

/// Finds a live object, however those are kept; for the few words about it.
pub(crate) type Find<'a> = &'a dyn Fn(&ObjectKey) -> Option<Arc<Object>>;

/// One object with what it owns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub key: ObjectKey,
    pub kind: String,
    /// The application whose pages it is shown on.
    pub home: String,
    /// `None` for kinds that have none: they just are.
    pub health: Option<Health>,
    /// A few words: `2 of 3`.
    pub meta: String,
    /// What is wrong although it is healthy; empty where nothing is.
    pub warning: String,
    /// The wave it waits for, while a rollout has not come there.
    pub waits_for: Option<i32>,
    /// Newest first.
    pub children: Vec<Node>,
}

/// Of a Service with a warning, in few words.
const NOWHERE: &str = "leads to no pod";
/// How many objects of one owner are looked at.
const CHILDREN: usize = 1_000;

impl Node {
    pub(crate) fn tone(&self) -> Tone {
        if self.waits_for.is_some() {
            return Tone::Unknown;
        }
        match self.health.as_ref().map(|health| health.status) {
            None | Some(HealthStatus::Healthy) if !self.warning.is_empty() => Tone::Warn,
            None | Some(HealthStatus::Healthy) => Tone::Ok,
            Some(HealthStatus::Suspended) => Tone::Hold,
            Some(HealthStatus::Progressing) => Tone::Run,
            Some(HealthStatus::Missing) => Tone::Warn,
            Some(HealthStatus::Degraded) => Tone::Bad,
            Some(HealthStatus::Unknown) => Tone::Unknown,
        }
    }

    pub(crate) fn icon(&self) -> &'static str {
        if self.waits_for.is_some() {
            return "wait";
        }
        match self.health.as_ref().map(|health| health.status) {
            None | Some(HealthStatus::Healthy) if !self.warning.is_empty() => "warn",
            None => "eq",
            Some(HealthStatus::Healthy) => "ok",
            Some(HealthStatus::Suspended) => "hold",
            Some(HealthStatus::Progressing) => "run",
            Some(HealthStatus::Missing) => "miss",
            Some(HealthStatus::Degraded) => "bad",
            Some(HealthStatus::Unknown) => "unk",
        }
    }

    /// The state in one word.
    pub(crate) fn word(&self) -> &'static str {
        match (&self.waits_for, &self.health) {
            (Some(_), _) => "Waiting",
            (None, Some(health)) => health.status.as_str(),
            (None, None) => "Present",
        }
    }

    /// Whether the object and everything below it is as it should be.
    pub(crate) fn is_well(&self) -> bool {
        matches!(self.tone(), Tone::Ok | Tone::Hold) && self.children.iter().all(Node::is_well)
    }

    /// Where more about it is said; empty where nowhere.
    pub(crate) fn href(&self) -> String {
        if self.kind == "Pod" && self.health.as_ref().is_some_and(exists) {
            return format!(
                "/pods/{}/{}",
                encoded(&self.key.namespace),
                encoded(&self.key.name)
            );
        }
        if self.waits_for.is_some() || !self.health.as_ref().is_none_or(exists) {
            return String::new();
        }
        super::object::href(&self.home, &self.kind, &self.key)
    }

    /// `Deployment shop/web: Degraded, container web …`
    pub(crate) fn label(&self) -> String {
        let place = if self.key.namespace.is_empty() {
            self.key.name.clone()
        } else {
            format!("{}/{}", self.key.namespace, self.key.name)
        };
        let message = self.health.as_ref().map_or("", |h| h.message.as_str());
        let mut label = format!("{} {place}: {}", self.kind, self.word());
        for more in [self.warning.as_str(), message, self.meta.as_str()] {
            if !more.is_empty() && !label.contains(more) {
                label = format!("{label}, {more}");
            }
        }
        label
    }
}

fn exists(health: &Health) -> bool {
    health.status != HealthStatus::Missing
}

/// The forest, worst first, then workloads before what just is. `running` is the rollout that
/// has not reached all of them yet.
pub(crate) fn forest(
    home: &str,
    objects: &[ObjectNode],
    running: Option<&RolloutDetail>,
    find: Find,
) -> Vec<Node> {
    let mut owned: BTreeMap<&Uid, Vec<&ObjectNode>> = BTreeMap::new();
    for object in objects {
        if let Some(owner) = &object.owner {
            owned.entry(owner).or_default().push(object);
        }
    }
    for children in owned.values_mut() {
        // What is not well is not lost with those that are too many.
        let well = |it: &ObjectNode| {
            let health = it.health.as_ref();
            health.is_none_or(|health| health.status == HealthStatus::Healthy)
        };
        children.sort_by(|a, b| {
            let newest = b.created_at.cmp(&a.created_at);
            well(a).cmp(&well(b)).then(newest).then(a.key.cmp(&b.key))
        });
        children.truncate(CHILDREN);
    }
    let waiting = waiting(running);
    let roots = objects.iter().filter(|object| object.owner.is_none());
    let mut nodes: Vec<Node> = roots
        .map(|object| {
            let mut node = node((home, object), &owned, find, DEPTH);
            node.waits_for = waiting.get(&object.key).copied();
            if let Some(wave) = node.waits_for {
                node.meta = format!("wave {wave}");
            }
            node
        })
        .collect();
    nodes.sort_by_key(|node| {
        (
            std::cmp::Reverse(weight(node)),
            node.children.is_empty(),
            node.health.is_none(),
            node.kind.clone(),
            node.key.clone(),
        )
    });
    nodes
}

/// Owners of owners; a loop ends here too.
const DEPTH: usize = 5;

/// What a running rollout will apply and has not yet, with its wave.
fn waiting(running: Option<&RolloutDetail>) -> BTreeMap<&ObjectKey, i32> {
    let objects = running
        .filter(|detail| !detail.rollout.phase.is_final())
        .map(|detail| detail.objects.as_slice())
        .unwrap_or_default();
    objects
        .iter()
        .filter(|object| matches!(object.action, Action::Create | Action::Change))
        .filter(|object| object.applied_at.is_none())
        .map(|object| (&object.key, object.wave))
        .collect()
}

fn weight(node: &Node) -> Tone {
    node.children
        .iter()
        .map(weight)
        .chain([node.tone()])
        .filter(|tone| matches!(tone, Tone::Bad | Tone::Warn | Tone::Run))
        .max()
        .unwrap_or(Tone::Ok)
}

fn node(
    (home, object): (&str, &ObjectNode),
    owned: &BTreeMap<&Uid, Vec<&ObjectNode>>,
    find: Find,
    depth: usize,
) -> Node {
    let live = find(&object.key);
    let children: &[&ObjectNode] = match depth {
        0 => &[],
        _ => owned
            .get(&object.uid)
            .map(Vec::as_slice)
            .unwrap_or_default(),
    };
    let newest = children
        .iter()
        .filter_map(|child| revision(find(&child.key).as_deref()?))
        .max();
    let mut node = Node {
        key: object.key.clone(),
        kind: object.kind.clone(),
        home: home.to_owned(),
        health: if object.missing {
            Some(Health::missing())
        } else {
            object.health.clone()
        },
        warning: object.warning.clone(),
        meta: match live.as_deref() {
            _ if object.missing => "missing".into(),
            _ if !object.warning.is_empty() => NOWHERE.into(),
            Some(live) => meta(live),
            None => String::new(),
        },
        waits_for: None,
        children: Vec::new(),
    };
    for child in children {
        let live = find(&child.key);
        if live.as_deref().is_some_and(is_spent) {
            continue;
        }
        let mut below = self::node((home, child), owned, find, depth - 1);
        if let Some(own) = live.as_deref().and_then(revision) {
            let age = if Some(own) == newest { "new" } else { "old" };
            below.kind = format!("{}, {age}", below.kind);
        }
        node.children.push(below);
    }
    // What needs somebody first; the rest stays in its order.
    node.children
        .sort_by_key(|child| std::cmp::Reverse(weight(child)));
    node
}

/// A ReplicaSet that was scaled to nothing is only history.
fn is_spent(object: &Object) -> bool {
    object.kind() == "ReplicaSet"
        && number(object, "/spec/replicas") == Some(0)
        && number(object, "/status/replicas").unwrap_or(0) == 0
}

/// Which version of its Deployment a ReplicaSet is.
fn revision(object: &Object) -> Option<i64> {
    (object.kind() == "ReplicaSet")
        .then(|| object.annotation("deployment.kubernetes.io/revision"))
        .flatten()?
        .parse()
        .ok()
}

/// A few words about the object, by its kind.
fn meta(object: &Object) -> String {
    let ready = |pointer: &str| number(object, pointer).unwrap_or(0);
    match object.kind() {
        "Deployment" | "ReplicaSet" | "StatefulSet" => format!(
            "{} of {}",
            ready("/status/readyReplicas"),
            number(object, "/spec/replicas").unwrap_or(1)
        ),
        "Job" => {
            let all = [
                ("done", ready("/status/succeeded")),
                ("active", ready("/status/active")),
                ("failed", ready("/status/failed")),
            ];
            let told = all.iter().filter(|(_, count)| *count > 0);
            let told: Vec<String> = told
                .map(|(what, count)| format!("{count} {what}"))
                .collect();
            if told.is_empty() {
                "no pod".into()
            } else {
                told.join(", ")
            }
        }
        "CronJob" => object.text("/spec/schedule").to_owned(),
        "Service" => object
            .pointer("/spec/ports")
            .and_then(Value::as_array)
            .and_then(|ports| ports.first())
            .and_then(|port| port["port"].as_i64())
            .map(|port| format!("port {port}"))
            .unwrap_or_default(),
        "EndpointSlice" => {
            let endpoints = object.pointer("/endpoints").and_then(Value::as_array);
            let ready = endpoints
                .into_iter()
                .flatten()
                .filter(|endpoint| endpoint["conditions"]["ready"].as_bool() != Some(false));
            format!("{} ready", ready.count())
        }
        "PersistentVolumeClaim" | "Namespace" => object.text("/status/phase").to_lowercase(),
        "Pod" => pod(object),
        _ => String::new(),
    }
}

fn pod(object: &Object) -> String {
    let statuses = object
        .pointer("/status/containerStatuses")
        .and_then(Value::as_array);
    let restarts: i64 = statuses
        .into_iter()
        .flatten()
        .filter_map(|status| status["restartCount"].as_i64())
        .sum();
    match restarts {
        0 => object.text("/status/phase").to_lowercase(),
        1 => "1 restart".into(),
        many => format!("{many} restarts"),
    }
}

fn number(object: &Object, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}
