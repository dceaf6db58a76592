//! Which node has something to do with which object, kept from what the watch cache tells.

use std::collections::{BTreeMap, BTreeSet};

use api::{Object, ObjectKey};

use super::references::{Referent, references};

/// What the node authorizer asks. Answers from memory.
pub trait NodeGraph {
    /// A pod bound to the node refers to this object.
    fn refers(&self, node: &str, referent: Referent, namespace: &str, name: &str) -> bool;

    /// A pod bound to the node uses a claim that this volume backs.
    fn uses_volume(&self, node: &str, volume: &str) -> bool;

    /// The pod is bound to the node.
    fn runs(&self, node: &str, namespace: &str, pod: &str) -> bool;

    /// The uid of a pod bound to the node that runs as this service account.
    fn runs_as(&self, node: &str, namespace: &str, pod: &str, account: &str) -> Option<String>;
}

type Place = (String, String);

/// The pods that are bound to nodes, and what they refer to.
#[derive(Debug, Default)]
pub struct Graph {
    pods: BTreeMap<Place, Pod>,
    /// By referent and place: on how many pods of each node it is needed.
    needed: BTreeMap<(Referent, Place), BTreeMap<String, usize>>,
    /// The claim behind each volume.
    volumes: BTreeMap<String, Place>,
}

#[derive(Debug)]
struct Pod {
    node: String,
    uid: String,
    account: String,
    references: BTreeSet<(Referent, String)>,
}

impl Graph {
    /// Takes in the state of a pod or a claim; other kinds are passed over.
    pub fn observe(&mut self, object: &Object) {
        let place = (object.namespace().to_owned(), object.name().to_owned());
        match object.kind() {
            "Pod" => {
                self.forget_pod(&place);
                let node = object.text("/spec/nodeName");
                if !node.is_empty() {
                    self.insert(place, node, object);
                }
            }
            "PersistentVolumeClaim" => {
                self.volumes.retain(|_, claim| *claim != place);
                let volume = object.text("/spec/volumeName");
                if !volume.is_empty() {
                    self.volumes.insert(volume.to_owned(), place);
                }
            }
            _ => {}
        }
    }

    /// Drops a pod or a claim.
    pub fn forget(&mut self, key: &ObjectKey) {
        let place = (key.namespace.clone(), key.name.clone());
        if !key.collection.group.is_empty() {
            return;
        }
        match key.collection.resource.as_str() {
            "pods" => self.forget_pod(&place),
            "persistentvolumeclaims" => self.volumes.retain(|_, claim| *claim != place),
            _ => {}
        }
    }

    fn insert(&mut self, place: Place, node: &str, pod: &Object) {
        // A mirror pod is the node's own statement: it must not open anything to the node.
        let references = if pod.annotation("kubernetes.io/config.mirror").is_some() {
            BTreeSet::new()
        } else {
            references(pod)
        };
        for (referent, name) in &references {
            let target = (*referent, (place.0.clone(), name.clone()));
            let nodes = self.needed.entry(target).or_default();
            *nodes.entry(node.to_owned()).or_default() += 1;
        }
        let pod = Pod {
            node: node.to_owned(),
            uid: pod.uid().0,
            account: pod.text("/spec/serviceAccountName").to_owned(),
            references,
        };
        self.pods.insert(place, pod);
    }

    fn forget_pod(&mut self, place: &Place) {
        let Some(pod) = self.pods.remove(place) else {
            return;
        };
        for (referent, name) in pod.references {
            let target = (referent, (place.0.clone(), name));
            let Some(nodes) = self.needed.get_mut(&target) else {
                continue;
            };
            if let Some(count) = nodes.get_mut(&pod.node) {
                *count -= 1;
                if *count == 0 {
                    nodes.remove(&pod.node);
                }
            }
            if nodes.is_empty() {
                self.needed.remove(&target);
            }
        }
    }

    fn pod(&self, node: &str, namespace: &str, pod: &str) -> Option<&Pod> {
        self.pods
            .get(&(namespace.to_owned(), pod.to_owned()))
            .filter(|pod| pod.node == node)
    }
}

impl NodeGraph for Graph {
    fn refers(&self, node: &str, referent: Referent, namespace: &str, name: &str) -> bool {
        let target = (referent, (namespace.to_owned(), name.to_owned()));
        self.needed
            .get(&target)
            .is_some_and(|nodes| nodes.contains_key(node))
    }

    fn uses_volume(&self, node: &str, volume: &str) -> bool {
        self.volumes
            .get(volume)
            .is_some_and(|(namespace, claim)| self.refers(node, Referent::Claim, namespace, claim))
    }

    fn runs(&self, node: &str, namespace: &str, pod: &str) -> bool {
        self.pod(node, namespace, pod).is_some()
    }

    fn runs_as(&self, node: &str, namespace: &str, pod: &str, account: &str) -> Option<String> {
        self.pod(node, namespace, pod)
            .filter(|pod| pod.account == account)
            .map(|pod| pod.uid.clone())
    }
}
