//! Which keys a change concerns. Called with a cache locked: never reads that same cache.

use api::selector::LabelSelector;
use api::{Collection, Object, ObjectKey};
use client::{Cache, Change, Watch};

/// The changed object itself.
pub(crate) fn itself(cache: &Cache) -> Watch<ObjectKey> {
    Watch {
        cache: cache.clone(),
        wake: Box::new(|change: &Change| vec![change.key.clone()]),
    }
}

/// The controllers of the changed object, old and new, where they are of `owners`.
pub(crate) fn owners(cache: &Cache, owners: &Collection) -> Watch<ObjectKey> {
    let owners = owners.clone();
    Watch {
        cache: cache.clone(),
        wake: Box::new(move |change| owner_keys(change, &owners)),
    }
}

/// The controllers, and for an object without one every owner that selects it and may adopt it.
pub(crate) fn owners_and_selectors(cache: &Cache, owners: &Cache) -> Watch<ObjectKey> {
    let owners = owners.clone();
    Watch {
        cache: cache.clone(),
        wake: Box::new(move |change| {
            let mut keys = owner_keys(change, owners.collection());
            if let Some(orphan) = change.after.as_deref().filter(|o| o.controller().is_none()) {
                keys.extend(selecting(&owners, orphan));
            }
            keys
        }),
    }
}

fn owner_keys(change: &Change, owners: &Collection) -> Vec<ObjectKey> {
    let mut keys: Vec<ObjectKey> = change
        .states()
        .filter_map(|state| {
            let owner = state.controller()?;
            let group = owner
                .api_version
                .split_once('/')
                .map_or("", |(group, _)| group);
            let kind = api::resource::by_collection(owners).map(|resource| &resource.kind);
            (group == owners.group && Some(&owner.kind) == kind)
                .then(|| owners.key(state.namespace(), owner.name))
        })
        .collect();
    keys.dedup();
    keys
}

fn selecting(owners: &Cache, object: &Object) -> Vec<ObjectKey> {
    owners
        .in_namespace(object.namespace())
        .iter()
        .filter(|owner| LabelSelector::from_object(owner.pointer("/spec/selector")).matches(object))
        .map(|owner| owner.key(owners.collection()))
        .collect()
}
