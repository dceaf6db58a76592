//! Definitions of kinds get to know whether their names are free; while one goes, nothing new of
//! its kind is made.

use api::custom::{self, Definition};
use api::{Object, ObjectKey, Reason, Status};
use jiff::Timestamp;

use super::super::kinds::{Kind, built_in_names};
use super::super::view::View;

/// Writes the status of a definition: whether its kind is served follows from that alone.
pub(crate) fn settle(view: &View<'_>, kind: &Kind, now: Timestamp, object: &mut Object) {
    if kind.resource.collection() != custom::definitions() {
        return;
    }
    let (definition, _) = Definition::read(object);
    let mut taken = built_in_names(&definition.group);
    for other in view.list(&custom::definitions()) {
        if other.name() != object.name() && other.text("/spec/group") == definition.group {
            taken.add_accepted(&other);
        }
    }
    let status = custom::status(object, &definition, &taken, &api::time(now));
    if let Some(body) = object.body.as_object_mut() {
        body.insert("status".into(), status);
    }
}

pub(crate) fn admit(kind: &Kind, key: &ObjectKey) -> Result<(), Status> {
    if kind.custom.as_ref().is_none_or(|custom| !custom.is_going) {
        return Ok(());
    }
    let message = format!(
        "create not allowed while custom resource definition is terminating: {} \"{}\"",
        key.collection, key.name
    );
    Err(Status::new(Reason::MethodNotAllowed, message))
}
