//! What becomes of a node and of the pods on it.

use std::sync::Arc;
use std::time::Duration;

use api::Object;
use jiff::Timestamp;

use super::conditions::{silent, taints};
use super::evict::{driving, due};
use crate::controllers::action::Action;
use crate::controllers::collections::{nodes, pods};
use crate::controllers::conditions::{self, Wanted};
use crate::controllers::pod;

/// How soon to look again while no node at all is ready.
const OUTAGE_RETRY: Duration = Duration::from_secs(5);

/// What the caches hold for one node.
pub(super) struct Observed {
    pub(super) node: Arc<Object>,
    /// Bound to it, whatever their state.
    pub(super) pods: Vec<Arc<Object>>,
    /// When it last gave a new sign of life.
    pub(super) last_seen: Timestamp,
    /// Any node of the cluster is ready.
    pub(super) any_ready: bool,
    pub(super) grace: Duration,
    pub(super) now: Timestamp,
}

pub(super) struct Decision {
    pub(super) actions: Vec<Action>,
    /// Look again after this long.
    pub(super) again: Option<Duration>,
}

/// What changes with every sign of life: the lease's renewal and the status' heartbeat.
pub(super) fn heartbeat(node: &Object, lease: Option<&Object>) -> String {
    let renewed = lease.map_or("", |lease| lease.text("/spec/renewTime"));
    let posted = conditions::find(&node.body["status"], "Ready")
        .and_then(|ready| ready["lastHeartbeatTime"].as_str())
        .unwrap_or_default();
    format!("{renewed}|{posted}")
}

pub(super) fn is_ready(node: &Object) -> bool {
    conditions::is_true(&node.body["status"], "Ready")
}

pub(super) fn decide(observed: &Observed) -> Decision {
    let Observed { node, now, .. } = observed;
    let deadline = later(observed.last_seen, observed.grace);
    let is_silent = *now > deadline;
    // Each write changes the node; what follows from it is decided when that has come back.
    if is_silent && let Some(status) = silent(node, *now) {
        let mut object = (**node).clone();
        object.body["status"] = status;
        let message = format!("Node {} status is now: NodeNotReady", node.name());
        return at_once(vec![
            Action::ReplaceStatus {
                collection: nodes(),
                object,
            },
            Action::normal(node, "NodeNotReady", message),
        ]);
    }
    if let Some(taints) = taints(node, *now) {
        let mut object = (**node).clone();
        object.body["spec"]["taints"] = taints;
        return at_once(vec![Action::Replace {
            collection: nodes(),
            object,
        }]);
    }
    let mut actions = Vec::new();
    if is_silent {
        actions.extend(unready(observed));
    }
    let (evictions, next) = evictions(observed);
    actions.extend(evictions);
    let wait = |at: Timestamp| Duration::try_from(at.duration_since(*now)).unwrap_or_default();
    // One step past the deadline: at the deadline itself the node still counts as alive.
    let silence = (!is_silent).then(|| wait(deadline) + Duration::from_millis(1));
    Decision {
        actions,
        again: next.map(wait).into_iter().chain(silence).min(),
    }
}

fn at_once(actions: Vec<Action>) -> Decision {
    Decision {
        actions,
        again: Some(Duration::ZERO),
    }
}

/// Pods on a silent node take no traffic.
fn unready(observed: &Observed) -> impl Iterator<Item = Action> {
    observed
        .pods
        .iter()
        .filter(|pod| pod::is_ready(pod) && !pod::is_finished(pod))
        .map(|pod| {
            let mut object = (**pod).clone();
            let wanted = Wanted {
                kind: "Ready",
                status: "False",
                reason: "NodeNotReady",
                message: "the node stopped answering",
            };
            conditions::set(&mut object.body["status"], wanted, None, observed.now);
            Action::ReplaceStatus {
                collection: pods(),
                object,
            }
        })
}

/// Deletions that are due, and when the next one is.
fn evictions(observed: &Observed) -> (Vec<Action>, Option<Timestamp>) {
    let now = observed.now;
    let driving = driving(&observed.node, now);
    if driving.is_empty() {
        return (Vec::new(), None);
    }
    // Where nothing is ready, it is more likely that the network is at fault than every node, and
    // the pods would have nowhere to go.
    let outage = !observed.any_ready && !is_ready(&observed.node);
    let mut actions = Vec::new();
    let mut next: Option<Timestamp> = None;
    for pod in &observed.pods {
        if pod.is_deleting() || pod::is_finished(pod) {
            continue;
        }
        match due(pod, &driving) {
            None => {}
            Some(_) if outage => {
                next = Some(later(now, OUTAGE_RETRY));
            }
            Some(at) if at <= now => {
                let message = format!(
                    "Marking for deletion Pod {}/{}",
                    pod.namespace(),
                    pod.name()
                );
                actions.push(Action::normal(pod, "TaintManagerEviction", message));
                actions.push(Action::delete(&pods(), pod));
            }
            Some(at) => next = Some(next.map_or(at, |earlier| earlier.min(at))),
        }
    }
    (actions, next)
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
