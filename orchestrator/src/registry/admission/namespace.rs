//! Nothing is created in a namespace that is missing or on its way out.

use api::{Cause, Collection, ObjectKey, Reason, Status};

use super::super::kinds::Kind;
use super::super::view::View;

pub(crate) fn exists(view: &View<'_>, kind: &Kind, key: &ObjectKey) -> Result<(), Status> {
    if !kind.resource.is_namespaced() {
        return Ok(());
    }
    let namespace = view.existing(&Collection::new("", "namespaces").key("", &key.namespace))?;
    if !namespace.object.is_deleting() {
        return Ok(());
    }
    let message = format!(
        "{} \"{}\" is forbidden: unable to create new content in namespace {} because it is being terminated",
        key.collection, key.name, key.namespace
    );
    let cause = Cause {
        reason: "NamespaceTerminating".into(),
        message: format!("namespace {} is being terminated", key.namespace),
        field: "metadata.namespace".into(),
    };
    Err(Status {
        causes: vec![cause],
        ..Status::new(Reason::Forbidden, message)
    })
}
