//! Why a pod fits nowhere, and the smallest change after which it fits. Pure: the filters that
//! decide are the ones that are asked here, with every change anew. Never binds anything.

mod change;
mod matrix;
mod node;
mod pod;
#[cfg(test)]
mod tests;

use api::{Object, ObjectKey};
use client::placement::Placement;

use super::decide::decide;
use super::pod::Pod;
use super::snapshot::Snapshot;
use super::state::State;

use change::Search;

/// Fixes that are told.
const TOLD: usize = 5;

/// The cluster as objects say it is; see [`explain`].
#[derive(Default)]
pub struct Cluster(State);

impl Cluster {
    /// Takes in one object.
    pub fn add(&mut self, key: &ObjectKey, object: &Object) {
        self.0.apply(key, Some(object));
    }
}

/// Explains one pod. `others`: whether changes of other pods may be proposed, which names them.
pub fn explain(cluster: &Cluster, object: &Object, others: bool) -> Placement {
    let snapshot = &cluster.0.snapshot;
    let pod = Pod::from_object(object);
    let mut told = Placement::default();
    if !pod.node.is_empty() {
        told.node = pod.node;
        return told;
    }
    told.nodes = matrix::of(snapshot, &pod);
    match decide(&mut snapshot.clone(), &[pod.clone().into()]).remove(0) {
        Ok(placement) => told.node = placement.node,
        Err(misfit) => {
            told.message = misfit.to_string();
            match &misfit.obstacle {
                Some(obstacle) => told.obstacle = obstacle.to_string(),
                None => search(snapshot, object, &pod, others, &mut told),
            }
        }
    }
    told
}

fn search(snapshot: &Snapshot, object: &Object, pod: &Pod, others: bool, told: &mut Placement) {
    let mut search = Search::new(snapshot, object, pod);
    pod::changes(&mut search);
    node::changes(&mut search);
    if others {
        node::other_pods(&mut search);
    }
    node::another(&mut search);
    told.tried = search.tried;
    told.fixes = search.smallest(TOLD);
}
