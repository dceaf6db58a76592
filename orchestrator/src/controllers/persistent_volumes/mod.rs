//! Binds claims to volumes, makes volumes of the class `local`, and keeps both from going while
//! they are in use. Never touches what is stored: the node's agent makes the directory.

mod claim;
mod local;
#[cfg(test)]
mod tests;
mod volume;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use api::{Object, ObjectKey};
use client::{Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::{Action, execute};
use super::collections::{claims, nodes, pods, storage_classes, volumes};
use super::pod::is_finished;
use crate::scheduler::Name;
use crate::scheduler::volume::{Claim, Class, SELECTED_NODE, Storage, Volume};

pub use local::install;

/// Pods by `namespace/claim`.
const BY_CLAIM: &str = "pods by claim";

pub(crate) struct PersistentVolumes {
    claims: Cache,
    volumes: Cache,
    classes: Cache,
    nodes: Cache,
    pods: Cache,
    directory: String,
    recorder: EventRecorder,
}

impl PersistentVolumes {
    /// `directory` is where nodes keep volumes of the class `local`.
    pub(crate) fn new(informers: &Informers, directory: &str, recorder: EventRecorder) -> Self {
        let pods = informers.cache(&pods());
        pods.add_index(BY_CLAIM, Box::new(claims_of));
        Self {
            claims: informers.cache(&claims()),
            volumes: informers.cache(&volumes()),
            classes: informers.cache(&storage_classes()),
            nodes: informers.cache(&nodes()),
            pods,
            directory: directory.trim_end_matches('/').to_owned(),
            recorder,
        }
    }

    fn observe_claim(&self, object: Arc<Object>) -> claim::Observed {
        let claim = Claim::from_object(&object);
        let mut storage = Storage::default();
        for class in self.classes.all() {
            let class = Class::from_object(&class);
            storage.classes.insert(class.name.clone(), class);
        }
        if claim.volume.is_empty() {
            for volume in self.volumes.all() {
                let volume = Volume::from_object(&volume);
                storage.volumes.insert(volume.name.clone(), volume);
            }
        }
        let users = self.pods.indexed(BY_CLAIM, &claim.name.to_string());
        claim::Observed {
            is_used: users.iter().any(|pod| !is_finished(pod)),
            node: self.nodes.find("", &claim.selected_node),
            directory: self.directory.clone(),
            storage,
            claim,
            object,
        }
    }

    async fn claim(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Vec<Action>, Error> {
        let Some(object) = self.claims.get(key) else {
            return Ok(Vec::new());
        };
        let observed = self.observe_claim(object);
        let volume = match observed.volume_name() {
            Some(name) => self.live(&volumes().key("", name), context).await?,
            None => None,
        };
        Ok(claim::decide(&observed, volume.as_deref()))
    }

    async fn volume(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Vec<Action>, Error> {
        let Some(object) = self.volumes.get(key) else {
            return Ok(Vec::new());
        };
        let volume = Volume::from_object(&object);
        let claim = match &volume.claim {
            Some(reference) => {
                let Name { namespace, name } = &reference.name;
                self.live(&claims().key(namespace, name), context).await?
            }
            None => None,
        };
        Ok(volume::decide(&object, &volume, claim.as_deref()))
    }

    /// What the cache has, or else the server: "gone" must not be a matter of being early.
    async fn live(
        &self,
        key: &ObjectKey,
        context: &Context<'_>,
    ) -> Result<Option<Arc<Object>>, Error> {
        let cache = if key.collection == claims() {
            &self.claims
        } else {
            &self.volumes
        };
        if let Some(object) = cache.get(key) {
            return Ok(Some(object));
        }
        match context.client.get(key).await {
            Ok(object) => Ok(Some(Arc::new(object))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
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

/// `namespace/claim` for every claim the pod mounts.
fn claims_of(pod: &Object) -> Vec<String> {
    pod.pointer("/spec/volumes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())
        .map(|claim| format!("{}/{claim}", pod.namespace()))
        .collect()
}

#[async_trait]
impl Controller for PersistentVolumes {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "persistentvolume-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        let (for_volumes, for_classes, for_nodes) = (
            self.claims.clone(),
            self.claims.clone(),
            self.claims.clone(),
        );
        let sent_to = move |change: &Change| {
            let mut sent = waiting(&for_nodes);
            sent.retain(|claim| claim.annotation(SELECTED_NODE) == Some(change.key.name.as_str()));
            keys(&sent)
        };
        let let_go = |change: &Change| {
            let is_over = change.after.as_deref().is_none_or(is_finished);
            let pod = change.object();
            let names = if is_over { claims_of(pod) } else { Vec::new() };
            names
                .iter()
                .filter_map(|name| name.split_once('/'))
                .map(|(namespace, name)| claims().key(namespace, name))
                .collect()
        };
        vec![
            watch(&self.claims, woken_by_claim),
            watch(&self.volumes, move |change| {
                woken_by_volume(change, &for_volumes)
            }),
            watch(&self.classes, move |_| keys(&waiting(&for_classes))),
            watch(&self.nodes, sent_to),
            watch(&self.pods, let_go),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let actions = if key.collection == claims() {
            self.claim(key, context).await?
        } else {
            self.volume(key, context).await?
        };
        execute(&actions, context, &self.recorder).await?;
        Ok(Requeue::Done)
    }
}
