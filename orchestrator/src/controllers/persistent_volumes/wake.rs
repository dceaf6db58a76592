//! Which claims and volumes a change is news for.

use std::sync::Arc;

use serde_json::Value;

use api::local_volume::NODE;
use api::{Object, ObjectKey};
use client::{Cache, Change, Watch};

use super::PersistentVolumes;
use crate::controllers::collections::{claims, volumes};
use crate::controllers::pod::is_finished;
use crate::scheduler::volume::SELECTED_NODE;

pub(super) fn watches(of: &PersistentVolumes) -> Vec<Watch<ObjectKey>> {
    let (for_volumes, for_classes) = (of.claims.clone(), of.claims.clone());
    let (for_nodes, on_nodes) = (of.claims.clone(), of.volumes.clone());
    vec![
        watch(&of.claims, woken_by_claim),
        watch(&of.volumes, move |change| {
            woken_by_volume(change, &for_volumes)
        }),
        watch(&of.classes, move |_| keys(&waiting(&for_classes))),
        watch(&of.nodes, move |change| {
            woken_by_node(change, &for_nodes, &on_nodes)
        }),
        watch(&of.pods, woken_by_pod),
    ]
}

/// Claims that have no volume yet.
fn waiting(claims: &Cache) -> Vec<Arc<Object>> {
    let mut waiting = claims.all();
    waiting.retain(|claim| claim.text("/spec/volumeName").is_empty());
    waiting
}

fn keys(objects: &[Arc<Object>]) -> Vec<ObjectKey> {
    objects.iter().map(|object| object.key(&claims())).collect()
}

fn watch(
    cache: &Cache,
    wake: impl Fn(&Change) -> Vec<ObjectKey> + Send + Sync + 'static,
) -> Watch<ObjectKey> {
    Watch {
        cache: cache.clone(),
        wake: Box::new(wake),
    }
}

/// The claim, and the volume it names.
fn woken_by_claim(change: &Change) -> Vec<ObjectKey> {
    let named = change.states().filter_map(|claim| {
        let volume = claim.text("/spec/volumeName");
        (!volume.is_empty()).then(|| volumes().key("", volume))
    });
    std::iter::once(change.key.clone()).chain(named).collect()
}

/// The volume, the claim it is for, and for a free one every claim that waits.
fn woken_by_volume(change: &Change, claims_cache: &Cache) -> Vec<ObjectKey> {
    let mut keys = vec![change.key.clone()];
    for volume in change.states() {
        let reference = &volume.body["spec"]["claimRef"];
        if let (Some(namespace), Some(name)) =
            (reference["namespace"].as_str(), reference["name"].as_str())
        {
            keys.push(claims().key(namespace, name));
        }
    }
    let is_free = |volume: &Object| volume.pointer("/spec/claimRef").is_none_or(Value::is_null);
    if change.after.as_deref().is_some_and(is_free) {
        keys.extend(self::keys(&waiting(claims_cache)));
    }
    keys
}

/// The claims whose first consumer was sent there; the volumes of a node that is gone.
fn woken_by_node(change: &Change, claims: &Cache, on_nodes: &Cache) -> Vec<ObjectKey> {
    let node = Some(change.key.name.as_str());
    let mut sent = waiting(claims);
    sent.retain(|claim| claim.annotation(SELECTED_NODE) == node);
    let mut keys = keys(&sent);
    if change.after.is_none() {
        let stored = on_nodes.all().into_iter();
        let stored = stored.filter(|volume| volume.label(NODE) == node);
        keys.extend(stored.map(|volume| volume.key(&volumes())));
    }
    keys
}

/// The claims that a pod no longer uses.
fn woken_by_pod(change: &Change) -> Vec<ObjectKey> {
    let is_over = change.after.as_deref().is_none_or(is_finished);
    let pod = change.object();
    let names = if is_over { claims_of(pod) } else { Vec::new() };
    names
        .iter()
        .filter_map(|name| name.split_once('/'))
        .map(|(namespace, name)| claims().key(namespace, name))
        .collect()
}

/// `namespace/claim` for every claim the pod mounts.
pub(super) fn claims_of(pod: &Object) -> Vec<String> {
    pod.pointer("/spec/volumes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())
        .map(|claim| format!("{}/{claim}", pod.namespace()))
        .collect()
}
