//! Notices nodes that stopped answering, says so in taints, and moves pods away from them.
//!
//! A node's clock is never trusted: what counts is when a new sign of life was *seen*. A
//! controller that starts, or was itself cut off, therefore gives every node a whole grace period.

mod conditions;
mod decide;
mod evict;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use api::ObjectKey;
use client::{Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::execute;
use super::collections::{leases, nodes, pods};
use super::wake;

use decide::{Decision, Observed, decide, heartbeat, is_ready};

const LEASES: &str = "kube-node-lease";
/// Pods by `spec.nodeName`.
pub(super) const BY_NODE: &str = "pods by node";

pub(crate) struct NodeLifecycle {
    nodes: Cache,
    leases: Cache,
    pods: Cache,
    grace: Duration,
    /// The last sign of life of each node and when it was seen.
    signs: Mutex<BTreeMap<String, (String, Timestamp)>>,
    recorder: EventRecorder,
}

impl NodeLifecycle {
    /// A node that gave no sign of life for `grace` counts as unreachable.
    pub(crate) fn new(informers: &Informers, grace: Duration, recorder: EventRecorder) -> Self {
        let pods = informers.cache(&pods());
        index_by_node(&pods);
        Self {
            nodes: informers.cache(&nodes()),
            leases: informers.cache(&leases()),
            pods,
            grace,
            signs: Mutex::default(),
            recorder,
        }
    }

    fn last_seen(&self, name: &str, sign: String, now: Timestamp) -> Timestamp {
        let mut signs = self.signs.lock().unwrap_or_else(PoisonError::into_inner);
        match signs.get(name) {
            Some((known, at)) if *known == sign => *at,
            _ => {
                signs.insert(name.to_owned(), (sign, now));
                now
            }
        }
    }

    fn forget(&self, name: &str) {
        let mut signs = self.signs.lock().unwrap_or_else(PoisonError::into_inner);
        signs.remove(name);
    }

    fn lease_watch(&self) -> Watch<ObjectKey> {
        Watch {
            cache: self.leases.clone(),
            wake: Box::new(|change: &Change| {
                let is_node = change.key.namespace == LEASES;
                let node = || nodes().key("", &change.key.name);
                is_node.then(node).into_iter().collect()
            }),
        }
    }

    /// A pod that came to a node may have to leave it.
    fn pod_watch(&self) -> Watch<ObjectKey> {
        Watch {
            cache: self.pods.clone(),
            wake: Box::new(|change: &Change| {
                let node = |pod: &api::Object| pod.text("/spec/nodeName").to_owned();
                let before = change.before.as_deref().map(node);
                let after = change.after.as_deref().map(node).unwrap_or_default();
                if after.is_empty() || before.as_ref() == Some(&after) {
                    Vec::new()
                } else {
                    vec![nodes().key("", after)]
                }
            }),
        }
    }
}

/// Makes the pods of one node quick to find.
pub(super) fn index_by_node(pods: &Cache) {
    pods.add_index(
        BY_NODE,
        Box::new(|pod| {
            let node = pod.text("/spec/nodeName");
            (!node.is_empty())
                .then(|| node.to_owned())
                .into_iter()
                .collect()
        }),
    );
}

#[async_trait]
impl Controller for NodeLifecycle {
    type Key = ObjectKey;

    fn name(&self) -> &'static str {
        "node-controller"
    }

    fn watches(&self) -> Vec<Watch<ObjectKey>> {
        vec![
            wake::itself(&self.nodes),
            self.lease_watch(),
            self.pod_watch(),
        ]
    }

    async fn reconcile(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Requeue, Error> {
        let Some(node) = self.nodes.get(key) else {
            self.forget(&key.name);
            return Ok(Requeue::Done);
        };
        let lease = self.leases.find(LEASES, &key.name);
        let sign = heartbeat(&node, lease.as_deref());
        let observed = Observed {
            last_seen: self.last_seen(&key.name, sign, context.now),
            pods: self.pods.indexed(BY_NODE, &key.name),
            any_ready: self.nodes.all().iter().any(|node| is_ready(node)),
            grace: self.grace,
            now: context.now,
            node,
        };
        let Decision { actions, again } = decide(&observed);
        execute(&actions, context, &self.recorder).await?;
        Ok(again.map_or(Requeue::Done, Requeue::After))
    }
}
