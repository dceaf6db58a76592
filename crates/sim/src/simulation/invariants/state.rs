//! The cluster as it is committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Collection, Object, ObjectKey, Uid};
use orchestrator::store::{Change, ChangeKind};

#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<ObjectKey, Arc<Object>>,
}

impl State {
    pub(super) fn apply(&mut self, change: &Change, object: &Arc<Object>) {
        if change.kind == ChangeKind::Deleted {
            self.objects.remove(&change.key);
        } else {
            self.objects.insert(change.key.clone(), object.clone());
        }
    }

    /// All objects of a collection, ordered by namespace and name.
    pub fn all(&self, group: &str, resource: &str) -> impl Iterator<Item = &Object> {
        let collection = Collection::new(group, resource);
        let from = collection.key("", "");
        self.objects
            .range(from..)
            .take_while(move |(key, _)| key.collection == collection)
            .map(|(_, object)| &**object)
    }

    pub fn pods(&self) -> impl Iterator<Item = &Object> {
        self.all("", "pods")
    }

    /// `namespace` is empty for cluster-scoped objects.
    pub fn find(
        &self,
        group: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Option<&Object> {
        let key = Collection::new(group, resource).key(namespace, name);
        self.objects.get(&key).map(|object| &**object)
    }

    /// The objects of a collection that `owner` controls.
    pub fn children<'a>(
        &'a self,
        group: &str,
        resource: &str,
        owner: &'a Uid,
    ) -> impl Iterator<Item = &'a Object> {
        self.all(group, resource)
            .filter(move |object| object.controller().is_some_and(|its| its.uid == *owner))
    }

    /// Whether the node exists and says that it is ready.
    pub fn is_node_well(&self, name: &str) -> bool {
        self.find("", "nodes", "", name)
            .and_then(|node| node.condition("Ready"))
            .is_some_and(|ready| ready.status == "True")
    }

    /// Whether the namespace is there to stay.
    pub fn is_namespace_well(&self, name: &str) -> bool {
        self.find("", "namespaces", "", name)
            .is_some_and(|namespace| !namespace.is_deleting())
    }
}

pub fn node_of(pod: &Object) -> &str {
    pod.text("/spec/nodeName")
}

pub fn is_finished(pod: &Object) -> bool {
    matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}

/// Counts for its owner: neither over nor going.
pub fn is_active(pod: &Object) -> bool {
    !is_finished(pod) && !pod.is_deleting()
}

pub fn is_ready(pod: &Object) -> bool {
    pod.condition("Ready")
        .is_some_and(|ready| ready.status == "True")
}
