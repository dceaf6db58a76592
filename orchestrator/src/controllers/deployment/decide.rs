//! One step of a Deployment. The order: who belongs to it, which set is new, what size each set
//! has, what the status says. Each step leaves a state from which the next one follows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::selector::LabelSelector;
use api::{Object, Uid};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fraction::is_rolling;
use super::revision::{self, REVISION};
use super::scale::{self, Resize, size};
use super::status::Draft;
use super::{recreate, rolling};
use crate::controllers::action::Action;
use crate::controllers::collections::{deployments, replica_sets};
use crate::controllers::ownership::Claims;

/// What the caches hold for one Deployment.
pub(super) struct Observed {
    pub(super) deployment: Arc<Object>,
    /// Its ReplicaSets.
    pub(super) claims: Claims,
    /// Pods that have not finished, going ones included, per ReplicaSet.
    pub(super) running: BTreeMap<Uid, usize>,
    /// Names of ReplicaSets that begin with the Deployment's.
    pub(super) taken: BTreeSet<String>,
    pub(super) now: Timestamp,
}

pub(super) struct Decision {
    pub(super) actions: Vec<Action>,
    /// Look again after this long, although nothing may change: a deadline.
    pub(super) again: Option<SignedDuration>,
}

impl Decision {
    fn only(actions: Vec<Action>) -> Self {
        Self {
            actions,
            again: None,
        }
    }
}

/// The sets, sorted out.
pub(super) struct Sets {
    pub(super) new: Option<Arc<Object>>,
    /// Oldest first.
    pub(super) old: Vec<Arc<Object>>,
}

impl Sets {
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }
}

pub(super) fn decide(observed: &Observed) -> Decision {
    let deployment = &observed.deployment;
    if !observed.claims.changes.is_empty() {
        return Decision::only(observed.claims.changes.clone());
    }
    let (new, old) = revision::split(deployment, &observed.claims.owned);
    let sets = Sets { new, old };
    let mut draft = Draft::new(deployment, observed.now);
    if LabelSelector::from_object(deployment.pointer("/spec/selector")).is_empty() {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        let warning = Action::warning(deployment, "SelectingAll", message.to_owned());
        draft.observe_generation();
        return with_status(vec![warning], draft.finished(None));
    }
    if deployment.is_deleting() {
        return with_status(Vec::new(), draft.counted(&sets));
    }
    if let Some(action) = number(deployment, &sets) {
        return Decision::only(vec![action]);
    }
    draft.pause();
    if is_paused(deployment) || is_scaled(deployment, &sets) {
        let mut actions = resizes(deployment, scale::proportional(deployment, &sets));
        if is_paused(deployment) {
            actions.extend(cleanup(deployment, &sets));
        }
        return with_status(actions, draft.counted(&sets));
    }
    roll(observed, &sets, draft)
}

fn roll(observed: &Observed, sets: &Sets, mut draft: Draft<'_>) -> Decision {
    let deployment = &observed.deployment;
    let rolling = is_rolling(deployment);
    if !rolling {
        let stops = recreate::stops(sets);
        if !stops.is_empty() {
            return with_status(resizes(deployment, stops), draft.progressed(sets));
        }
        if recreate::is_still_running(sets, &observed.running) {
            return with_status(Vec::new(), draft.progressed(sets));
        }
    }
    let Some(new) = &sets.new else {
        return begin(observed, sets, draft);
    };
    draft.found(new);
    let next = if rolling {
        rolling::resizes(deployment, new, &sets.old)
    } else {
        recreate::starts(deployment, new)
    };
    let mut actions = resizes(deployment, next);
    if actions.is_empty() && draft.is_complete(sets) {
        actions = cleanup(deployment, sets);
    }
    with_status(actions, draft.progressed(sets))
}

/// Makes the set for the template. Its name may be taken by a set with another template: then
/// the hash is salted by the collision count.
fn begin(observed: &Observed, sets: &Sets, mut draft: Draft<'_>) -> Decision {
    let deployment = &observed.deployment;
    let name = revision::name(deployment);
    if observed.taken.contains(&name) {
        draft.collide();
        return with_status(Vec::new(), draft.finished(None));
    }
    let wanted = if is_rolling(deployment) {
        rolling::size_of_new(deployment, 0, &sets.old)
    } else {
        super::fraction::replicas(deployment)
    };
    let set = revision::replica_set(deployment, wanted, revision::next(&sets.old));
    let mut actions = vec![Action::Create {
        collection: replica_sets(),
        object: set,
    }];
    if wanted > 0 {
        actions.push(scale::event(deployment, &name, 0, wanted));
    }
    draft.created(&name);
    with_status(actions, draft.progressed(sets))
}

/// Keeps the revision numbers and copied annotations right: first of the set, then of the
/// Deployment.
fn number(deployment: &Object, sets: &Sets) -> Option<Action> {
    let new = sets.new.as_ref()?;
    let renewed = revision::renewed(new, deployment, revision::next(&sets.old));
    if renewed != **new {
        return Some(Action::Replace {
            collection: replica_sets(),
            object: renewed,
        });
    }
    let revision = new.annotation(REVISION)?;
    (deployment.annotation(REVISION) != Some(revision)).then(|| {
        let mut object = deployment.clone();
        object.set_annotation(REVISION, revision);
        Action::Replace {
            collection: deployments(),
            object,
        }
    })
}

fn resizes(deployment: &Object, resizes: Vec<Resize>) -> Vec<Action> {
    resizes
        .into_iter()
        .flat_map(|resize| resize.actions(deployment))
        .collect()
}

fn with_status(
    mut actions: Vec<Action>,
    status: (Option<Action>, Option<SignedDuration>),
) -> Decision {
    let (action, again) = status;
    actions.extend(action);
    Decision { actions, again }
}

fn is_paused(deployment: &Object) -> bool {
    deployment.pointer("/spec/paused") == Some(&Value::Bool(true))
}

/// Whether the Deployment's size is not the one that the sets' sizes were chosen for.
fn is_scaled(deployment: &Object, sets: &Sets) -> bool {
    let wanted = super::fraction::replicas(deployment);
    sets.all().filter(|set| size(set) > 0).any(|set| {
        set.annotation(revision::DESIRED)
            .and_then(|text| text.parse::<i64>().ok())
            .is_some_and(|chosen_for| chosen_for != wanted)
    })
}

/// Removes old sets beyond the history limit: empty ones, with the lowest revisions first.
fn cleanup(deployment: &Object, sets: &Sets) -> Vec<Action> {
    let limit = deployment
        .pointer("/spec/revisionHistoryLimit")
        .and_then(Value::as_i64);
    let limit = usize::try_from(limit.unwrap_or(10)).unwrap_or(0);
    let mut old: Vec<&Arc<Object>> = sets.old.iter().filter(|set| !set.is_deleting()).collect();
    let surplus = old.len().saturating_sub(limit);
    old.sort_by_key(|set| revision::revision(set));
    old.into_iter()
        .take(surplus)
        .filter(|set| is_spent(set))
        .map(|set| Action::delete(&replica_sets(), set))
        .collect()
}

fn is_spent(set: &Object) -> bool {
    size(set) == 0
        && scale::count(set, "replicas") == 0
        && set.observed_generation().unwrap_or(0) >= set.generation()
}
