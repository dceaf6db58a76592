//! What the cluster's policy adds to an object and demands of it. Pure, over a view of the state.

pub(crate) mod definition;
pub(crate) mod namespace;
mod pod;
pub(crate) mod record;
mod service_account;
mod storage_class;

use api::{Object, Status};
use client::Env;

use super::intent::Intent;
use super::kinds::Kind;
use super::view::View;
use crate::auth::Authorizer;
use crate::auth::node::Change;
use crate::auth::rbac::check_escalation;

/// Completes a new object, after its kind's own defaults.
pub(crate) fn mutate(
    view: &View<'_>,
    env: &Env,
    kind: &Kind,
    object: &mut Object,
) -> Result<(), Status> {
    match (kind.resource.group.as_str(), kind.resource.plural.as_str()) {
        ("", "pods") => {
            pod::default_tolerations(object);
            service_account::complete(view, env, object)
        }
        ("", "persistentvolumeclaims") => {
            storage_class::complete(view, object);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Has the last word on a complete object: nobody hands out more rights than they hold, and a
/// node agent writes about itself alone.
pub(crate) fn validate(
    authorizer: &Authorizer,
    intent: &Intent<'_>,
    old: Option<&Object>,
    new: &Object,
) -> Result<(), Status> {
    let identity = &intent.context.identity;
    check_escalation(authorizer, identity, old, new)?;
    let key = new.key(&intent.kind.resource.collection());
    let verb = if old.is_some() { "update" } else { "create" };
    let subresource = intent.part.subresource();
    authorizer.restrict(
        identity,
        &Change {
            verb,
            key: &key,
            subresource,
            old,
            new: Some(new),
        },
    )
}
