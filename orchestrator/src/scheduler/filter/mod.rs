//! Which nodes can take a pod. One file per rule, in the order in which they are asked: the first
//! rule that says no names the reasons.

mod node_affinity;
mod node_name;
mod pod_affinity;
mod ports;
mod resources;
mod taints;
mod unschedulable;
mod volumes;

use super::node::Node;
use super::pod::Pod;
use super::reason::{Obstacle, Reason};
use super::snapshot::Snapshot;

use pod_affinity::Neighbours;
pub use volumes::VolumeChoice;
use volumes::VolumeNeeds;

/// What is worked out once per pod, before any node is looked at.
pub(super) struct Request<'a> {
    pub(super) pod: &'a Pod,
    pub(super) snapshot: &'a Snapshot,
    pub(super) volumes: VolumeNeeds<'a>,
    pub(super) neighbours: Neighbours,
}

impl<'a> Request<'a> {
    /// # Errors
    /// Why no node can take the pod, whatever the nodes are like.
    pub(super) fn new(pod: &'a Pod, snapshot: &'a Snapshot) -> Result<Self, Obstacle> {
        Ok(Self {
            pod,
            snapshot,
            volumes: VolumeNeeds::of(pod, snapshot)?,
            neighbours: Neighbours::of(pod, snapshot),
        })
    }

    /// Whether `node` can take the pod; if not, why.
    pub(super) fn check(&self, node: &Node) -> Result<(), Vec<Reason>> {
        unschedulable::check(self.pod, node)?;
        node_name::check(self.pod, node)?;
        taints::check(self.pod, node)?;
        node_affinity::check(self.pod, node)?;
        ports::check(self.pod, node)?;
        resources::check(self.pod, node)?;
        self.volumes.check(node)?;
        self.neighbours.check(node)
    }
}
