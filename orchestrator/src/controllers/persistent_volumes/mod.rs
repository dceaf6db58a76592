//! Binds claims to volumes, makes volumes of the class `local`, and keeps both from going while
//! they are in use. Never touches what is stored: the node's agent makes and removes the directory.

mod claim;
mod local;
#[cfg(test)]
mod tests;
mod volume;
mod wake;

use std::sync::Arc;

use api::local_volume::NODE;
use api::{Object, ObjectKey};
use async_trait::async_trait;
use client::{Cache, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::{Action, execute};
use super::collections::{claims, nodes, pods, storage_classes, volumes};
use super::pod::is_finished;
use crate::scheduler::Name;
use crate::scheduler::volume::{Claim, Class, Storage, Volume};

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
        pods.add_index(BY_CLAIM, Box::new(wake::claims_of));
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
        let around = volume::Surroundings {
            claim: claim.as_deref(),
            has_node: self.has_node(&object, context).await?,
        };
        Ok(volume::decide(&object, &volume, &around))
    }

    /// Asked only where it matters: of a local volume that is to go.
    async fn has_node(&self, volume: &Object, context: &Context<'_>) -> Result<bool, Error> {
        let node = volume.label(NODE).unwrap_or_default();
        if node.is_empty() || !volume.is_deleting() {
            return Ok(!node.is_empty());
        }
        let node = self.live(&nodes().key("", node), context).await?;
        Ok(node.is_some())
    }

    /// What the cache has, or else the server: "gone" must not be a matter of being early.
    async fn live(
        &self,
        key: &ObjectKey,
        context: &Context<'_>,
    ) -> Result<Option<Arc<Object>>, Error> {
        let caches = [&self.claims, &self.volumes, &self.nodes];
        let cache = caches
            .iter()
            .find(|cache| *cache.collection() == key.collection);
        if let Some(object) = cache.and_then(|cache| cache.get(key)) {
            return Ok(Some(object));
        }
        match context.client.get(key).await {
            Ok(object) => Ok(Some(Arc::new(object))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Controller for PersistentVolumes {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "persistentvolume-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        wake::watches(self)
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
