//! Which objects belong to an owner, which to adopt and which to let go.

use std::sync::Arc;

use serde_json::json;

use api::selector::LabelSelector;
use api::{Collection, Object, OwnerReference};

use client::Cache;

use super::action::Action;

const ORPHANS: &str = "orphans by namespace";

/// Makes [`candidates`] fast: without the index it would look at every object of a namespace.
pub(crate) fn index_orphans(cache: &Cache) {
    cache.add_index(
        ORPHANS,
        Box::new(|object| match object.controller() {
            Some(_) => Vec::new(),
            None => vec![object.namespace().to_owned()],
        }),
    );
}

/// What `owner` controls, and what it might adopt.
pub(crate) fn candidates(cache: &Cache, owner: &Object) -> Vec<Arc<Object>> {
    let mut candidates = cache.owned_by(&owner.uid());
    candidates.retain(|candidate| candidate.controller().is_some());
    candidates.extend(cache.indexed(ORPHANS, owner.namespace()));
    candidates
}

/// The candidates, sorted out.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// Controlled by the owner already, and staying.
    pub(crate) owned: Vec<Arc<Object>>,
    /// Adoptions and releases still to be done. While there are some, nothing else is safe.
    pub(crate) changes: Vec<Action>,
}

/// Sorts out `candidates`, all of `collection` and of the owner's namespace.
pub(crate) fn claim(
    owner: &Object,
    owners: &Collection,
    selector: &LabelSelector,
    collection: &Collection,
    candidates: Vec<Arc<Object>>,
) -> Claims {
    let mut claims = Claims::default();
    for candidate in candidates {
        let matches = selector.matches(&candidate);
        match candidate.controller() {
            Some(controller) if controller.uid != owner.uid() => {}
            Some(_) if matches || owner.is_deleting() => claims.owned.push(candidate),
            Some(_) => {
                claims.changes.push(Action::Replace {
                    collection: collection.clone(),
                    object: without_owner(&candidate, owner),
                });
            }
            None if matches && !owner.is_deleting() && !candidate.is_deleting() => {
                claims.changes.push(Action::Adopt {
                    owner: owner.key(owners),
                    owner_uid: owner.uid(),
                    collection: collection.clone(),
                    child: with_owner(&candidate, owner),
                });
            }
            None => {}
        }
    }
    claims
}

fn with_owner(child: &Object, owner: &Object) -> Object {
    let mut references = child.owner_references();
    references.retain(|reference| reference.uid != owner.uid());
    references.push(owner.controller_reference());
    with_references(child, &references)
}

fn without_owner(child: &Object, owner: &Object) -> Object {
    let mut references = child.owner_references();
    references.retain(|reference| reference.uid != owner.uid());
    with_references(child, &references)
}

/// `child` with exactly these owners.
pub(crate) fn with_references(child: &Object, references: &[OwnerReference]) -> Object {
    let mut child = child.clone();
    if references.is_empty() {
        child.metadata_mut().shift_remove("ownerReferences");
    } else {
        child
            .metadata_mut()
            .insert("ownerReferences".into(), json!(references));
    }
    child
}
