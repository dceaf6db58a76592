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

/// The rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// Cordoned nodes, and pods that name their node.
    Accepts,
    Taints,
    Affinity,
    Ports,
    Resources,
    Volumes,
    Neighbours,
}

impl Filter {
    /// In the order in which they are asked.
    pub(super) const ALL: [Self; 7] = [
        Self::Accepts,
        Self::Taints,
        Self::Affinity,
        Self::Ports,
        Self::Resources,
        Self::Volumes,
        Self::Neighbours,
    ];
}

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
        Filter::ALL
            .iter()
            .try_for_each(|filter| self.ask(*filter, node))
    }

    /// What one of the rules says, whatever the others do.
    pub(super) fn ask(&self, filter: Filter, node: &Node) -> Result<(), Vec<Reason>> {
        match filter {
            Filter::Accepts => {
                unschedulable::check(self.pod, node)?;
                node_name::check(self.pod, node)
            }
            Filter::Taints => taints::check(self.pod, node),
            Filter::Affinity => node_affinity::check(self.pod, node),
            Filter::Ports => ports::check(self.pod, node),
            Filter::Resources => resources::check(self.pod, node),
            Filter::Volumes => self.volumes.check(node),
            Filter::Neighbours => self.neighbours.check(node),
        }
    }
}
