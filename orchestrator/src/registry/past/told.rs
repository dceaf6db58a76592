//! Changes as they are told: who, when, what. Pure.

use serde_json::{Map, Value, json};

use crate::store::{Change, ChangeKind};

use super::fields::FieldChange;

/// Of a change everything but what it changed.
pub(super) fn deed(change: &Change) -> Map<String, Value> {
    let (user, manager) = parts(&change.actor);
    let told = json!({
        "revision": change.revision.to_string(),
        "time": change.at.to_string(),
        "operation": match change.kind {
            ChangeKind::Created => "created",
            ChangeKind::Replaced => "changed",
            ChangeKind::Deleted => "deleted",
        },
        "uid": change.uid,
        "user": user,
        "manager": manager,
        "commit": &*change.commit,
    });
    match told {
        Value::Object(told) => told,
        _ => Map::new(),
    }
}

/// `user/field-manager`. Names of users have no slash in any way of signing in that there is.
fn parts(actor: &str) -> (&str, &str) {
    actor.split_once('/').unwrap_or((actor, ""))
}

/// One field, before and after; what was not there is left out.
pub(super) fn field(change: &FieldChange) -> Value {
    let mut told = json!({"field": change.field});
    if let Some(was) = &change.was {
        told["was"] = was.clone();
    }
    if let Some(is) = &change.is {
        told["is"] = is.clone();
    }
    told
}
