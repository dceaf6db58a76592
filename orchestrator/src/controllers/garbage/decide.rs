//! Whether an object outlives its owners.

use std::sync::Arc;

use api::{Collection, Object, OwnerReference};
use serde_json::json;

use crate::controllers::action::{Action, Propagation};
use crate::controllers::ownership::with_references;

/// Kubernetes' finalizers of the two propagation policies.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
pub(super) const ORPHAN: &str = "orphan";

/// An object and where it is.
#[derive(Debug, Clone)]
pub(super) struct Dependent {
    pub(super) collection: Collection,
    pub(super) object: Arc<Object>,
}

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnerState {
    Present,
    /// It is going, and waits for what it owns.
    Waiting,
    /// The server has no object of its uid.
    Absent,
}

impl OwnerState {
    pub(super) fn of(owner: &Object) -> Self {
        if is_waiting(owner) {
            Self::Waiting
        } else {
            Self::Present
        }
    }
}

pub(super) struct Observed {
    pub(super) dependent: Dependent,
    pub(super) owners: Vec<(OwnerReference, OwnerState)>,
    /// What it owns itself.
    pub(super) dependents: Vec<Dependent>,
}

/// For an object that is not going. One owner that stays is enough to stay.
pub(super) fn decide(observed: &Observed) -> Vec<Action> {
    let object = &observed.dependent.object;
    let any = |wanted: OwnerState| observed.owners.iter().any(|(_, state)| *state == wanted);
    if observed.owners.is_empty() {
        return Vec::new();
    }
    if any(OwnerState::Present) {
        return keep(observed);
    }
    if any(OwnerState::Waiting) && !observed.dependents.is_empty() {
        // Two objects that own each other would wait for each other for ever.
        let is_circle = observed
            .dependents
            .iter()
            .any(|dependent| is_waiting(&dependent.object));
        if is_circle && let Some(action) = unblock(observed) {
            return vec![action];
        }
        return vec![delete(observed, Propagation::Foreground)];
    }
    let asked = if has(object, ORPHAN) {
        Propagation::Orphan
    } else if has(object, FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    vec![delete(observed, asked)]
}

/// Forgets the owners that are gone or going.
fn keep(observed: &Observed) -> Vec<Action> {
    let staying: Vec<OwnerReference> = observed
        .owners
        .iter()
        .filter(|(_, state)| *state == OwnerState::Present)
        .map(|(owner, _)| owner.clone())
        .collect();
    if staying.len() == observed.owners.len() {
        return Vec::new();
    }
    vec![replace(
        &observed.dependent,
        with_references(&observed.dependent.object, &staying),
    )]
}

/// Lets waiting owners go without this object, once.
fn unblock(observed: &Observed) -> Option<Action> {
    let mut references = Vec::new();
    let mut changed = false;
    for (owner, state) in &observed.owners {
        let mut owner = owner.clone();
        if *state == OwnerState::Waiting && owner.block_owner_deletion {
            owner.block_owner_deletion = false;
            changed = true;
        }
        references.push(owner);
    }
    let object = with_references(&observed.dependent.object, &references);
    changed.then(|| replace(&observed.dependent, object))
}

/// For an owner that goes in the foreground: what it waits for, or its release.
pub(super) fn hold(owner: &Dependent, dependents: Vec<Dependent>) -> (Vec<Action>, Vec<Dependent>) {
    let uid = owner.object.uid();
    let blocking: Vec<Dependent> = dependents
        .into_iter()
        .filter(|dependent| {
            let references = dependent.object.owner_references();
            references
                .iter()
                .any(|reference| reference.uid == uid && reference.block_owner_deletion)
        })
        .collect();
    if blocking.is_empty() {
        (vec![release(owner, FOREGROUND)], blocking)
    } else {
        (Vec::new(), blocking)
    }
}

/// For an owner that leaves what it owns behind.
pub(super) fn orphan(owner: &Dependent, dependents: &[Dependent]) -> Vec<Action> {
    let uid = owner.object.uid();
    let mut actions: Vec<Action> = dependents
        .iter()
        .map(|dependent| {
            let mut references = dependent.object.owner_references();
            references.retain(|reference| reference.uid != uid);
            replace(dependent, with_references(&dependent.object, &references))
        })
        .collect();
    actions.push(release(owner, ORPHAN));
    actions
}

fn release(owner: &Dependent, finalizer: &str) -> Action {
    let mut object = owner.object.as_ref().clone();
    let rest: Vec<&str> = owner
        .object
        .finalizers()
        .filter(|name| *name != finalizer)
        .collect();
    object
        .metadata_mut()
        .insert("finalizers".into(), json!(rest));
    replace(owner, object)
}

fn replace(dependent: &Dependent, object: Object) -> Action {
    Action::Replace {
        collection: dependent.collection.clone(),
        object,
    }
}

fn delete(observed: &Observed, propagation: Propagation) -> Action {
    let Dependent { collection, object } = &observed.dependent;
    Action::Delete {
        key: object.key(collection),
        uid: object.uid(),
        version: object.resource_version(),
        propagation,
    }
}

fn is_waiting(object: &Object) -> bool {
    object.is_deleting() && has(object, FOREGROUND)
}

fn has(object: &Object, finalizer: &str) -> bool {
    object.finalizers().any(|name| name == finalizer)
}
