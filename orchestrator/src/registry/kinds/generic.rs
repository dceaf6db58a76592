//! What a kind does where it has nothing of its own to say.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use api::Object;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Allocations, Kind, Propagation, edit};

/// A kind with a spec and a status of which clients own the spec.
pub(super) fn kind(resource: api::Resource) -> Kind {
    Kind {
        resource: Arc::new(resource),
        custom: None,
        default: |_| {},
        prepare_create: drop_status,
        prepare_update: keep_status,
        prepare_status: take_status,
        validate_create: |_| Vec::new(),
        validate_update: |_, _| Vec::new(),
        validate_status: |_, _| Vec::new(),
        row,
        field: metadata_field,
        grace: |_, _| 0,
        begin_deletion: |_| {},
        is_held: |_| false,
        scale: None,
        allocations: |_| Allocations::default(),
        finalizer: None,
        propagation: Propagation::Background,
        unconditional_update: true,
        create_on_update: false,
    }
}

/// Create: the status is the controllers' to write.
pub(super) fn drop_status(new: &mut Object) {
    edit::remove(&mut new.body, "status");
}

/// As [`drop_status`], for kinds that count generations.
pub(super) fn first_generation(new: &mut Object) {
    drop_status(new);
    new.metadata_mut().insert("generation".into(), json!(1));
}

/// Main endpoint: the status stays what it was.
pub(super) fn keep_status(new: &mut Object, old: &Object) {
    edit::copy(&mut new.body, &old.body, "status");
}

/// As [`keep_status`]; the generation goes up iff something outside metadata and status changed.
pub(super) fn next_generation(new: &mut Object, old: &Object) {
    keep_status(new, old);
    bump_generation(new, old);
}

/// The generation of `old`, plus one iff something outside metadata and status changed.
pub(super) fn bump_generation(new: &mut Object, old: &Object) {
    let changed = content(new) != content(old);
    let generation = old.generation().max(1) + i64::from(changed);
    new.metadata_mut()
        .insert("generation".into(), json!(generation));
}

/// `/status` endpoint: everything but the status stays what it was. Of the metadata a status
/// writer may change labels, annotations, finalizers and managed fields.
pub(super) fn take_status(new: &mut Object, old: &Object) {
    let sent = mem::replace(&mut new.body, old.body.clone());
    edit::copy(&mut new.body, &sent, "metadata");
    edit::copy(&mut new.body, &sent, "status");
    new.metadata_mut();
    for field in ["generation", "ownerReferences"] {
        edit::copy(&mut new.body["metadata"], &old.body["metadata"], field);
    }
}

/// `metadata.name` and `metadata.namespace`: every kind has them.
pub(super) fn metadata_field(object: &Object, field: &str) -> Option<String> {
    match field {
        "metadata.name" => Some(object.name().to_owned()),
        "metadata.namespace" => Some(object.namespace().to_owned()),
        _ => None,
    }
}

fn row(object: &Object, _now: Timestamp) -> Vec<Value> {
    vec![json!(object.name()), json!(object.creation_timestamp())]
}

/// Everything outside metadata and status, in one order whatever the author's.
fn content(object: &Object) -> BTreeMap<&str, &Value> {
    object
        .body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, value)| (field.as_str(), value))
        .filter(|(field, _)| !["apiVersion", "kind", "metadata", "status"].contains(field))
        .collect()
}
