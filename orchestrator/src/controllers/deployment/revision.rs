//! Which ReplicaSet has the Deployment's template, and the numbers that order them. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use api::Object;

use super::fraction::{limits, replicas};
use crate::controllers::names::{Fnv32, canonical, safe_encode};

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAX: &str = "deployment.kubernetes.io/max-replicas";
pub(super) const HASH: &str = "pod-template-hash";
/// Annotations that do not go from the Deployment to its ReplicaSets.
const OWN: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
];
/// The history of one ReplicaSet's revisions, in bytes, the oldest dropped first.
const HISTORY_LENGTH: usize = 2000;

/// The template as it compares: without the hash that ReplicaSets add, without nulls.
fn template(object: &Object) -> Value {
    let mut template = canonical(&object.body["spec"]["template"]);
    if let Some(metadata) = template["metadata"].as_object_mut() {
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.shift_remove(HASH);
        }
        metadata.retain(|_, value| value.as_object().is_none_or(|map| !map.is_empty()));
    }
    template
}

/// Splits the sets, oldest first, into the one with the Deployment's template and the others.
pub(super) fn split(
    deployment: &Object,
    sets: &[Arc<Object>],
) -> (Option<Arc<Object>>, Vec<Arc<Object>>) {
    let wanted = template(deployment);
    let mut sets = sets.to_vec();
    sets.sort_by(|one, other| age(one).cmp(&age(other)));
    let found = sets.iter().position(|set| template(set) == wanted);
    let new = found.map(|position| sets.remove(position));
    (new, sets)
}

/// Orders oldest first.
pub(super) fn age(set: &Object) -> (&str, &str) {
    (set.creation_timestamp(), set.name())
}

pub(super) fn revision(set: &Object) -> i64 {
    set.annotation(REVISION)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// The revision that the new set has or gets: beyond all others.
pub(super) fn next(old: &[Arc<Object>]) -> i64 {
    old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1
}

pub(super) fn hash(deployment: &Object) -> String {
    let template = template(deployment).to_string();
    let mut hash = Fnv32::new().write(template.as_bytes());
    let collisions = deployment
        .pointer("/status/collisionCount")
        .and_then(Value::as_i64);
    if let Some(collisions) = collisions.and_then(|count| u32::try_from(count).ok()) {
        hash = hash.write(&collisions.to_le_bytes());
    }
    safe_encode(hash.finish())
}

pub(super) fn name(deployment: &Object) -> String {
    format!("{}-{}", deployment.name(), hash(deployment))
}

/// The ReplicaSet for the Deployment's template.
pub(super) fn replica_set(deployment: &Object, size: i64, revision: i64) -> Object {
    let hash = hash(deployment);
    let mut template = deployment.body["spec"]["template"].clone();
    template["metadata"]["labels"][HASH] = json!(hash);
    let mut selector = deployment.body["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = json!(hash);
    let mut set = Object::from(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name(deployment), "namespace": deployment.namespace(),
            "labels": template["metadata"]["labels"],
            "ownerReferences": [deployment.controller_reference()],
        },
        "spec": {
            "replicas": size,
            "minReadySeconds": min_ready_seconds(deployment),
            "selector": selector,
            "template": template,
        },
    }));
    annotate(&mut set, deployment, revision);
    set_sizes(&mut set, deployment);
    set
}

/// `set` as it has to be while it is the new one, apart from its size.
pub(super) fn renewed(set: &Object, deployment: &Object, revision: i64) -> Object {
    let mut set = set.clone();
    annotate(&mut set, deployment, revision);
    if set
        .pointer("/spec/minReadySeconds")
        .and_then(Value::as_i64)
        .unwrap_or(0)
        != min_ready_seconds(deployment)
    {
        set.body["spec"]["minReadySeconds"] = json!(min_ready_seconds(deployment));
    }
    set
}

fn min_ready_seconds(deployment: &Object) -> i64 {
    deployment
        .pointer("/spec/minReadySeconds")
        .and_then(Value::as_i64)
        .unwrap_or(0)
}

fn annotate(set: &mut Object, deployment: &Object, next: i64) {
    for (key, value) in deployment.annotations() {
        if !OWN.contains(&key) && set.annotation(key) != Some(value) {
            set.set_annotation(key, value);
        }
    }
    let before = revision(set);
    if before < next {
        if before > 0 {
            let history = history(set, before);
            set.set_annotation(HISTORY, &history);
        }
        set.set_annotation(REVISION, &next.to_string());
    }
}

fn history(set: &Object, before: i64) -> String {
    let mut history = set.annotation(HISTORY).unwrap_or_default().to_owned();
    if !history.is_empty() {
        history.push(',');
    }
    history.push_str(&before.to_string());
    while history.len() > HISTORY_LENGTH {
        let Some(comma) = history.find(',') else {
            break;
        };
        history.drain(..=comma);
    }
    history
}

/// Notes for which size of the Deployment the set's size was chosen.
pub(super) fn set_sizes(set: &mut Object, deployment: &Object) {
    for (key, value) in sizes(deployment) {
        set.set_annotation(key, &value);
    }
}

pub(super) fn has_sizes(set: &Object, deployment: &Object) -> bool {
    sizes(deployment)
        .iter()
        .all(|(key, value)| set.annotation(key) == Some(value))
}

fn sizes(deployment: &Object) -> BTreeMap<&'static str, String> {
    let wanted = replicas(deployment);
    let most = wanted + limits(deployment).surge;
    BTreeMap::from([(DESIRED, wanted.to_string()), (MAX, most.to_string())])
}
