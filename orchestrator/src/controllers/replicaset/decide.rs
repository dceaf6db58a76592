//! Which pods to make and which to remove.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::Object;
use jiff::Timestamp;

use super::rank;
use crate::controllers::action::Action;
use crate::controllers::collections::pods;
use crate::controllers::names::Seed;
use crate::controllers::ownership::Claims;
use crate::controllers::pod;

/// The most pods that one run makes or removes.
const BURST: usize = 500;

/// What the caches hold for one ReplicaSet.
pub(super) struct Observed {
    pub(super) set: Arc<Object>,
    pub(super) claims: Claims,
    /// Active pods per node, siblings' pods included.
    pub(super) nodes: BTreeMap<String, usize>,
    /// Every pod name of the namespace.
    pub(super) taken: BTreeSet<String>,
    pub(super) now: Timestamp,
}

impl Observed {
    pub(super) fn active(&self) -> Vec<&Arc<Object>> {
        self.claims
            .owned
            .iter()
            .filter(|pod| pod::is_active(pod))
            .collect()
    }

    pub(super) fn desired(&self) -> usize {
        let replicas = self
            .set
            .pointer("/spec/replicas")
            .and_then(serde_json::Value::as_i64);
        usize::try_from(replicas.unwrap_or(1)).unwrap_or(0)
    }
}

pub(super) fn decide(observed: &Observed) -> Vec<Action> {
    if observed.set.is_deleting() {
        return Vec::new();
    }
    if !observed.claims.changes.is_empty() {
        return observed.claims.changes.clone();
    }
    let active = observed.active();
    let desired = observed.desired();
    if active.len() < desired {
        create(observed, (desired - active.len()).min(BURST))
    } else {
        delete(observed, active, desired)
    }
}

fn create(observed: &Observed, count: usize) -> Vec<Action> {
    let set = &observed.set;
    let uid = set.uid();
    let version = set.resource_version();
    let known: Vec<String> = observed
        .claims
        .owned
        .iter()
        .map(|pod| pod.uid().0)
        .collect();
    let parts = [uid.0.as_str(), version.0.as_str()];
    let seed = Seed::new(parts.into_iter().chain(known.iter().map(String::as_str)));
    seed.names(set.name(), count, &observed.taken)
        .into_iter()
        .map(|name| Action::Create {
            collection: pods(),
            object: pod::from_template(&set.body["spec"]["template"], set, set.name(), &name),
        })
        .collect()
}

fn delete(observed: &Observed, active: Vec<&Arc<Object>>, desired: usize) -> Vec<Action> {
    let surplus = active.len() - desired;
    let mut ranked: Vec<&Object> = active.into_iter().map(Arc::as_ref).collect();
    ranked.sort_by(|one, other| rank::compare(one, other, &observed.nodes, observed.now));
    ranked
        .into_iter()
        .take(surplus.min(BURST))
        .map(|pod| Action::delete(&pods(), pod))
        .collect()
}
