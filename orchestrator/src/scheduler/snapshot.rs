//! The cluster as one decision sees it. Kept up to date change by change, never rebuilt: placing
//! a pod costs the same however many there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::selector::LabelSelector;

use super::node::{Node, NodeFacts};
use super::pod::{Name, Pod};
use super::terms::Labels;
use super::volume::{ClaimReference, Storage};

/// Nodes with what is placed on them, and what else decisions look at.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Ordered by name.
    nodes: Vec<Node>,
    /// Pods with a node, whether or not that node is known.
    placed: BTreeMap<Name, Arc<Pod>>,
    /// Those of them that other pods matter to.
    choosy: BTreeSet<Name>,
    /// How many placed pods use each claim.
    claim_users: BTreeMap<Name, usize>,
    /// How many nodes have each image.
    image_nodes: BTreeMap<String, i64>,
    pub storage: Storage,
    pub namespaces: BTreeMap<String, Labels>,
    /// What Services select.
    pub services: BTreeMap<Name, LabelSelector>,
    /// Where the search for nodes begins, in clusters too large to look at every node.
    pub(super) start: usize,
}

impl Snapshot {
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn node(&self, name: &str) -> Option<&Node> {
        let index = self.position(name).ok()?;
        self.nodes.get(index)
    }

    pub fn placed(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.placed.values()
    }

    pub fn placed_in(&self, namespace: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.placed
            .range(Name::new(namespace, "")..)
            .take_while(move |(name, _)| name.namespace == namespace)
            .map(|(_, pod)| pod)
    }

    /// The placed pod of this name.
    pub fn pod(&self, name: &Name) -> Option<&Arc<Pod>> {
        self.placed.get(name)
    }

    /// Placed pods that say something about other pods.
    pub fn choosy(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.choosy.iter().filter_map(|name| self.placed.get(name))
    }

    pub fn claim_users(&self, claim: &Name) -> usize {
        self.claim_users.get(claim).copied().unwrap_or(0)
    }

    pub fn image_nodes(&self, image: &str) -> i64 {
        self.image_nodes.get(image).copied().unwrap_or(0)
    }

    /// Takes in what a node says of itself. `false` where nothing but its images is new.
    pub fn set_node(&mut self, facts: NodeFacts) -> bool {
        self.count_images(&facts, 1);
        match self.position(&facts.name) {
            Ok(index) => {
                let before = std::mem::replace(&mut self.nodes[index].facts, facts);
                self.count_images(&before, -1);
                let after = &self.nodes[index].facts;
                let same_but_images = NodeFacts {
                    images: after.images.clone(),
                    ..before
                };
                same_but_images != *after
            }
            Err(index) => {
                let mut node = Node::new(facts);
                for pod in self.placed.values() {
                    if pod.node == node.name() {
                        node.place(pod);
                    }
                }
                self.nodes.insert(index, node);
                true
            }
        }
    }

    /// `false` where there is no such node.
    pub fn remove_node(&mut self, name: &str) -> bool {
        let Ok(index) = self.position(name) else {
            return false;
        };
        let node = self.nodes.remove(index);
        self.count_images(&node.facts, -1);
        true
    }

    /// Puts a pod on its node, in place of an earlier state of it.
    pub fn place(&mut self, pod: Arc<Pod>) {
        self.remove_pod(&pod.name);
        if let Ok(index) = self.position(&pod.node) {
            self.nodes[index].place(&pod);
        }
        if pod.wishes.concerns_pods() {
            self.choosy.insert(pod.name.clone());
        }
        for claim in &pod.claims {
            let claim = Name::new(&pod.name.namespace, claim);
            *self.claim_users.entry(claim).or_default() += 1;
        }
        self.placed.insert(pod.name.clone(), pod);
    }

    /// Takes a pod off its node. `None` where it is on none.
    pub fn remove_pod(&mut self, name: &Name) -> Option<Arc<Pod>> {
        let pod = self.placed.remove(name)?;
        if let Ok(index) = self.position(&pod.node) {
            self.nodes[index].remove(name);
        }
        self.choosy.remove(name);
        for claim in &pod.claims {
            let claim = Name::new(&name.namespace, claim);
            if let Some(users) = self.claim_users.get_mut(&claim) {
                *users -= 1;
                if *users == 0 {
                    self.claim_users.remove(&claim);
                }
            }
        }
        Some(pod)
    }

    /// Holds a volume for a claim, so that the next pod does not choose it too.
    pub fn hold_volume(&mut self, volume: &str, claim: &Name) {
        let uid = self.storage.claims.get(claim).map(|each| each.uid.clone());
        if let (Some(volume), Some(uid)) = (self.storage.volumes.get_mut(volume), uid) {
            volume.claim = Some(ClaimReference {
                name: claim.clone(),
                uid,
            });
        }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.nodes.binary_search_by(|node| node.name().cmp(name))
    }

    fn count_images(&mut self, facts: &NodeFacts, by: i64) {
        for image in facts.images.keys() {
            let count = self.image_nodes.entry(image.clone()).or_default();
            *count += by;
            if *count <= 0 {
                self.image_nodes.remove(image);
            }
        }
    }
}
