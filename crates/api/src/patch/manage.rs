//! Field management of everything but apply: who wrote a field owns it.

use jiff::Timestamp;

use super::fields::FieldSet;
use super::managed::{Entry, Managed, Operation, Said, said};
use super::manager::Manager;
use super::reset::{out_of_reach, server_set};
use super::shape::{Schema, Shape};
use super::typed::compare;
use crate::Object;

/// Brings `metadata.managedFields` of an object that is about to be stored up to date.
///
/// `old` is what is stored (`None` when the object is new), `new` the final object, defaults
/// included. What differs goes to the manager, operation `Update`. Without a `schema` lists are
/// owned as a whole. An object nobody manages stays so until it is applied.
pub fn update<'s>(
    old: Option<&Object>,
    new: &mut Object,
    manager: &Manager<'_>,
    now: Timestamp,
    schema: impl Into<Schema<'s>>,
) {
    let mut managed = stored_or_sent(old, new, manager);
    new.metadata_mut().shift_remove("managedFields");
    if managed.is_empty() && old.is_some() {
        return;
    }
    track(&mut managed, old, new, manager, now, schema.into());
    managed.cap();
    managed.write(new);
}

/// Gives what differs between two versions to a manager.
pub(super) fn track(
    managed: &mut Managed,
    old: Option<&Object>,
    new: &Object,
    manager: &Manager<'_>,
    now: Timestamp,
    schema: Schema<'_>,
) {
    let shape = Shape::of_kind(schema);
    let change = compare(shape, old.map(|object| &object.body), &new.body);
    let out_of_reach = FieldSet::of_fields(out_of_reach(schema, new.kind(), manager.subresource));
    let set = change
        .set
        .recursive_difference(&out_of_reach)
        .difference(server_set());
    managed.release(&set);
    managed.release(&change.removed.recursive_difference(&out_of_reach));
    let entry = Entry {
        manager: manager.name.to_owned(),
        operation: Operation::Update,
        api_version: new.text("/apiVersion").to_owned(),
        subresource: manager.subresource.to_owned(),
        time: None,
        fields: set,
    };
    managed.add(entry, now);
}

/// The entries to start from: those a client sent, else those that are stored.
fn stored_or_sent(old: Option<&Object>, new: &Object, manager: &Manager<'_>) -> Managed {
    let stored = || old.map(Managed::of).unwrap_or_default();
    if !manager.subresource.is_empty() {
        return stored();
    }
    match said(new) {
        Said::Nothing => stored(),
        Said::Reset => Managed::default(),
        Said::Entries(sent) => sent,
    }
}
