//! Removes pods that nobody else will: those whose node is gone, and those that are to go before
//! they had a node.

mod decide;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use api::{Object, ObjectKey};
use client::{
    Cache, Change, Context, Controller, DeleteOptions, Error, Informers, Patch, PatchOptions,
    Requeue, Target, Watch,
};

use super::collections::{nodes, pods};
use super::node_lifecycle::{BY_NODE, index_by_node};

use decide::{Observed, Verdict, decide};

pub(crate) struct PodCollector {
    pods: Cache,
    nodes: Cache,
    /// Since when each missing node has been missed.
    missing: Mutex<BTreeMap<String, Timestamp>>,
}

impl PodCollector {
    pub(crate) fn new(informers: &Informers) -> Self {
        let pods = informers.cache(&pods());
        index_by_node(&pods);
        Self {
            pods,
            nodes: informers.cache(&nodes()),
            missing: Mutex::default(),
        }
    }

    fn missing_since(&self, node: &str, now: Timestamp) -> Option<Timestamp> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if node.is_empty() || self.nodes.find("", node).is_some() {
            missing.remove(node);
            return None;
        }
        Some(*missing.entry(node.to_owned()).or_insert(now))
    }

    fn pod_watch(&self) -> Watch<ObjectKey> {
        let nodes = self.nodes.clone();
        let wake = move |change: &Change| {
            let Some(pod) = change.after.as_deref() else {
                return Vec::new();
            };
            let node = pod.text("/spec/nodeName");
            let is_unbound = node.is_empty() && pod.is_deleting();
            let is_orphan = !node.is_empty() && nodes.find("", node).is_none();
            (is_unbound || is_orphan)
                .then(|| change.key.clone())
                .into_iter()
                .collect()
        };
        Watch {
            cache: self.pods.clone(),
            wake: Box::new(wake),
        }
    }

    fn node_watch(&self) -> Watch<ObjectKey> {
        let cache = self.pods.clone();
        let wake = move |change: &Change| {
            if change.after.is_some() {
                return Vec::new();
            }
            let orphans = cache.indexed(BY_NODE, &change.key.name);
            orphans.iter().map(|pod| pod.key(&pods())).collect()
        };
        Watch {
            cache: self.nodes.clone(),
            wake: Box::new(wake),
        }
    }

    async fn remove(&self, pod: &Object, context: &Context<'_>) -> Result<(), Error> {
        let key = pod.key(&pods());
        let node = pod.text("/spec/nodeName");
        if !node.is_empty() {
            // The cache may be behind: ask before something is lost for good.
            match context.client.get(&nodes().key("", node)).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
            self.fail(pod, &key, context).await?;
        }
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(pod.uid()),
            ..DeleteOptions::default()
        };
        match context.client.delete(&key, &options).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Says how the pod ended, for whoever counts it (a finalizer may keep it a while).
    async fn fail(
        &self,
        pod: &Object,
        key: &ObjectKey,
        context: &Context<'_>,
    ) -> Result<(), Error> {
        if super::pod::is_finished(pod) {
            return Ok(());
        }
        let condition = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
            "message": "PodGC: node no longer exists",
            "lastTransitionTime": api::time(context.now),
        });
        let patch = Patch::Strategic(json!({
            "metadata": {"uid": pod.uid()},
            "status": {"phase": "Failed", "conditions": [condition]},
        }));
        let options = PatchOptions {
            field_manager: "kube-controller-manager".into(),
            ..PatchOptions::default()
        };
        let target = Target::status(key.clone());
        match context.client.patch(&target, &patch, &options).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Controller for PodCollector {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "pod-garbage-collector"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![self.pod_watch(), self.node_watch()]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(pod) = self.pods.get(key) else {
            return Ok(Requeue::Done);
        };
        let observed = Observed {
            missing_since: self.missing_since(pod.text("/spec/nodeName"), context.now),
            now: context.now,
            pod: &pod,
        };
        match decide(&observed) {
            Verdict::Keep => Ok(Requeue::Done),
            Verdict::LookAgain(wait) => Ok(Requeue::After(wait)),
            Verdict::Remove => {
                self.remove(&pod, context).await?;
                Ok(Requeue::Done)
            }
        }
    }
}
