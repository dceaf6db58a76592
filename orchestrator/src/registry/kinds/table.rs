//! The table: one entry for every kind that is stored.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use api::resource::{self, Resource};
use api::{Cause, Collection, Object};
use jiff::Timestamp;
use serde_json::Value;

use super::{Allocations, Scale, generic, scale};

/// What is particular about a kind. Everything else is one generic implementation.
///
/// Order of a create: decode, `default`, uid and timestamps, `prepare_create`, admission,
/// `default` again where admission changed something, `validate_create`, allocations, write.
/// An update: decode, `default`, `metadata::inherit`, `prepare_update`, `validate_update`, ….
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub resource: &'static Resource,
    /// Fills in defaults; after decoding, on create, update and patch. Idempotent.
    pub default: fn(&mut Object),
    /// Drops or sets what the server owns. The uid is set already (a Job's selector needs it).
    pub prepare_create: fn(&mut Object),
    /// Main endpoint, `(new, old)`: the old status stays, the generation counts spec changes.
    pub prepare_update: fn(&mut Object, &Object),
    /// `/status` endpoint, `(new, old)`: the old spec stays.
    pub prepare_status: fn(&mut Object, &Object),
    /// Of the kind's own fields; metadata is validated apart (`metadata::validate`).
    pub validate_create: fn(&Object) -> Vec<Cause>,
    /// `(new, old)`; includes what `validate_create` checks where that still applies.
    pub validate_update: fn(&Object, &Object) -> Vec<Cause>,
    /// `(new, old)`, at the `/status` endpoint.
    pub validate_status: fn(&Object, &Object) -> Vec<Cause>,
    /// The cells in the order of `resource.columns`.
    pub row: fn(&Object, Timestamp) -> Vec<Value>,
    /// The value of a selectable field; `None` means "field label not supported".
    pub field: fn(&Object, &str) -> Option<String>,
    /// Seconds between the begin of a deletion and its end, given what the request asked for.
    /// 0: remove at once (unless finalizers hold the object).
    pub grace: fn(&Object, Option<i64>) -> i64,
    /// Called when `deletionTimestamp` has just been set.
    pub begin_deletion: fn(&mut Object),
    /// Whether something besides `metadata.finalizers` keeps a deleted object there.
    pub is_held: fn(&Object) -> bool,
    pub scale: Option<Scale>,
    /// Names the object takes from cluster-wide pools.
    pub allocations: fn(&Object) -> Allocations,
    /// What becomes of dependents when a deletion does not say.
    pub propagation: Propagation,
    /// Whether an update without a resource version overwrites whatever is there.
    pub unconditional_update: bool,
    /// Whether a PUT of an absent object creates it.
    pub create_on_update: bool,
}

/// What becomes of the dependents of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    Background,
    Orphan,
}

/// The entry of a collection; `None` for resources that are never stored (reviews, bindings).
pub fn of(collection: &Collection) -> Option<&'static Kind> {
    TABLE.get(collection)
}

/// Every stored kind.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    TABLE.values()
}

static TABLE: LazyLock<BTreeMap<Collection, Kind>> = LazyLock::new(|| {
    resource::served()
        .iter()
        .filter(|resource| resource.verbs.iter().any(|verb| verb == "list"))
        .map(|resource| (resource.collection(), kind(resource)))
        .collect()
});

fn kind(resource: &'static Resource) -> Kind {
    let base = generic::kind(resource);
    match resource.plural.as_str() {
        "deployments" | "replicasets" => Kind {
            prepare_create: generic::first_generation,
            prepare_update: generic::next_generation,
            scale: Some(scale::REPLICAS),
            ..base
        },
        _ => base,
    }
}
