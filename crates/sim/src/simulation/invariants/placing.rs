//! The scheduler places no more on a node than it can know there is room for.

use std::collections::BTreeMap;

use api::Object;
use jiff::Timestamp;

use super::Commit;
use super::history::is_lately;
use super::pods::{quantity, requested};
use super::state::{State, is_finished, node_of};

#[derive(Default)]
pub(super) struct Placing {
    /// When the lease of the control planes last changed hands: for a while two may think that
    /// they lead, and the node has the last word.
    handover: Option<Timestamp>,
    /// When somebody else than the scheduler last placed a pod on a node.
    by_others: BTreeMap<String, Timestamp>,
}

impl Placing {
    /// Looks at the state that a commit led to.
    pub(super) fn check(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
        match commit.change.key.collection.resource.as_str() {
            "leases" => {
                let holder = |lease: &Object| lease.text("/spec/holderIdentity").to_owned();
                let is_election = commit.change.key.namespace == "kube-system";
                if is_election && commit.before.map(holder) != Some(holder(commit.object)) {
                    self.handover = Some(commit.now);
                }
            }
            "pods" if !commit.is_deletion() => self.pod(state, commit, found),
            _ => {}
        }
    }

    fn pod(&mut self, state: &State, commit: &Commit<'_>, found: &mut Vec<String>) {
        let node = node_of(commit.object);
        let was = commit.before.map(node_of).unwrap_or_default();
        if node.is_empty() || !was.is_empty() {
            return;
        }
        if !commit.change.actor.starts_with("system:scheduler/") {
            self.by_others.insert(node.to_owned(), commit.now);
            return;
        }
        let is_unclear = is_lately(self.handover.as_ref(), commit.now)
            || is_lately(self.by_others.get(node), commit.now);
        if !is_unclear {
            within_allocatable(state, node, found);
        }
    }
}

fn within_allocatable(state: &State, node: &str, found: &mut Vec<String>) {
    let Some(object) = state.find("", "nodes", "", node) else {
        return;
    };
    let pods: Vec<&Object> = state
        .pods()
        .filter(|pod| node_of(pod) == node && !is_finished(pod))
        .collect();
    for resource in ["cpu", "memory"] {
        let pointer = format!("/status/allocatable/{resource}");
        let Some(room) = quantity(object.text(&pointer)) else {
            continue;
        };
        let wanted: i128 = pods.iter().map(|pod| requested(pod, resource)).sum();
        if wanted > room {
            found.push(format!(
                "{node} has {room}m {resource}, its pods ask for {wanted}m"
            ));
        }
    }
    let most = quantity(object.text("/status/allocatable/pods"));
    let count = i128::try_from(pods.len()).unwrap_or(i128::MAX) * 1000;
    if most.is_some_and(|most| count > most) {
        found.push(format!("{node} has more pods than it may have"));
    }
}
