//! Sizes of ReplicaSets when the Deployment's own size changes, or while it is paused. Pure.

use std::cmp::Reverse;
use std::sync::Arc;

use api::Object;
use serde_json::{Value, json};

use super::decide::Sets;
use super::fraction::{is_rolling, limits, replicas};
use super::revision::{DESIRED, MAX, has_sizes, set_sizes};
use crate::controllers::action::Action;
use crate::controllers::collections::replica_sets;

/// A set and the size it is to have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resize {
    pub(super) set: Arc<Object>,
    pub(super) to: i64,
}

impl Resize {
    /// `None` where the set has that size.
    pub(super) fn unless_same(set: &Arc<Object>, to: i64) -> Option<Self> {
        (size(set) != to).then(|| Self {
            set: set.clone(),
            to,
        })
    }

    /// The write and its event; a write alone where only the noted sizes are old.
    pub(super) fn actions(self, deployment: &Object) -> Vec<Action> {
        let from = size(&self.set);
        if from == self.to && has_sizes(&self.set, deployment) {
            return Vec::new();
        }
        let mut object = self.set.as_ref().clone();
        object.body["spec"]["replicas"] = json!(self.to);
        set_sizes(&mut object, deployment);
        let mut actions = vec![Action::Replace {
            collection: replica_sets(),
            object,
        }];
        if from != self.to {
            actions.push(event(deployment, self.set.name(), from, self.to));
        }
        actions
    }
}

pub(super) fn event(deployment: &Object, set: &str, from: i64, to: i64) -> Action {
    let direction = if from < to { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
    Action::normal(deployment, "ScalingReplicaSet", message)
}

/// The wanted size of a set.
pub(super) fn size(set: &Object) -> i64 {
    replicas(set)
}

/// A number of a set's status.
pub(super) fn count(set: &Object, field: &str) -> i64 {
    set.body["status"][field].as_i64().unwrap_or(0)
}

pub(super) fn total<'a>(sets: impl IntoIterator<Item = &'a Arc<Object>>) -> i64 {
    sets.into_iter().map(|set| size(set)).sum()
}

/// A lone set takes the whole size. Otherwise, once the new set has all it needs, the old ones go;
/// while both run, each changes in proportion to its size, so that a broken new template does not
/// get the whole growth.
pub(super) fn proportional(deployment: &Object, sets: &Sets) -> Vec<Resize> {
    let wanted = replicas(deployment);
    if let Some(only) = active_or_latest(sets) {
        return vec![Resize {
            set: only,
            to: wanted,
        }];
    }
    if is_saturated(deployment, sets.new.as_deref()) {
        return sets
            .old
            .iter()
            .filter_map(|set| Resize::unless_same(set, 0))
            .collect();
    }
    if !is_rolling(deployment) {
        return Vec::new();
    }
    let allowed = if wanted > 0 {
        wanted + limits(deployment).surge
    } else {
        0
    };
    let mut active: Vec<Arc<Object>> = sets.all().filter(|set| size(set) > 0).cloned().collect();
    let change = allowed - total(&active);
    // The sizes decide, then the age: newer sets grow first, older ones shrink first.
    active.sort_by(|one, other| super::revision::age(one).cmp(&super::revision::age(other)));
    if change > 0 {
        active.reverse();
    }
    active.sort_by_key(|set| Reverse(size(set)));
    distribute(deployment, active, change)
}

fn distribute(deployment: &Object, active: Vec<Arc<Object>>, change: i64) -> Vec<Resize> {
    let mut given = 0;
    let mut resizes: Vec<Resize> = Vec::with_capacity(active.len());
    for set in active {
        let part = proportion(deployment, &set, change, given);
        given += part;
        let to = size(&set) + part;
        resizes.push(Resize { set, to });
    }
    if let Some(first) = resizes.first_mut() {
        // What rounding left over goes to the largest.
        first.to = (first.to + change - given).max(0);
    }
    resizes
}

/// This set's part of `change`, of which `given` is taken.
fn proportion(deployment: &Object, set: &Object, change: i64, given: i64) -> i64 {
    let left = change - given;
    if left == 0 {
        return 0;
    }
    let fraction = fraction(deployment, set);
    if change > 0 {
        fraction.min(left)
    } else {
        fraction.max(left)
    }
}

/// How much the set would change if it grew exactly with the Deployment.
fn fraction(deployment: &Object, set: &Object) -> i64 {
    let wanted = replicas(deployment);
    if wanted == 0 {
        return -size(set);
    }
    let before = set
        .annotation(MAX)
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|before| *before > 0)
        .or_else(|| {
            deployment
                .pointer("/status/replicas")
                .and_then(Value::as_i64)
        })
        .unwrap_or(0);
    if before <= 0 {
        return 0;
    }
    let most = wanted + limits(deployment).surge;
    // Rounds half up; sizes are never negative.
    (2 * size(set) * most + before) / (2 * before) - size(set)
}

fn active_or_latest(sets: &Sets) -> Option<Arc<Object>> {
    let mut active = sets.all().filter(|set| size(set) > 0);
    match (active.next(), active.next()) {
        (None, _) => sets.new.clone().or_else(|| sets.old.last().cloned()),
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}

/// Whether the new set has all pods and all are available.
fn is_saturated(deployment: &Object, new: Option<&Object>) -> bool {
    let wanted = replicas(deployment);
    new.is_some_and(|new| {
        size(new) == wanted
            && new.annotation(DESIRED) == Some(wanted.to_string().as_str())
            && count(new, "availableReplicas") == wanted
    })
}
