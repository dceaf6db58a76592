//! What is to be done about the definitions of one group.

use api::custom::{self, Definition, FINALIZER, Taken};
use api::{Collection, Object};
use serde_json::json;

use crate::controllers::action::Action;
use crate::registry::kinds::built_in_names;

/// What the status of a definition is to be; `None` where it is that. `group` are all definitions
/// of its group, this one included.
pub(super) fn settle(definition: &Object, group: &[&Object], now: &str) -> Option<Action> {
    let (read, _) = Definition::read(definition);
    let mut taken: Taken = built_in_names(&read.group);
    for other in group.iter().filter(|other| comes_first(other, definition)) {
        taken.add_accepted(other);
    }
    let status = custom::status(definition, &read, &taken, now);
    if definition.body.get("status") == Some(&status) {
        return None;
    }
    let mut object = definition.clone();
    object.body["status"] = status;
    Some(Action::ReplaceStatus {
        collection: custom::definitions(),
        object,
    })
}

/// Whether the names of `other` count against `own`: those of everybody, until they are accepted;
/// where both have been at once, the older one keeps them.
fn comes_first(other: &Object, own: &Object) -> bool {
    if other.uid() == own.uid() {
        return false;
    }
    let age = |it: &Object| (it.creation_timestamp().to_owned(), it.name().to_owned());
    let accepted = own
        .condition("NamesAccepted")
        .is_some_and(|it| it.status == "True");
    !accepted || age(other) < age(own)
}

/// Whether a definition waits for its objects to go.
pub(super) fn is_going(definition: &Object) -> bool {
    definition.is_deleting() && definition.finalizers().any(|it| it == FINALIZER)
}

/// The deletion of what is there of the kind of a definition; without that, the definition goes.
pub(super) fn empty(
    definition: &Object,
    collection: &Collection,
    objects: &[Object],
    now: &str,
) -> Vec<Action> {
    if objects.is_empty() {
        return vec![released(definition)];
    }
    let left = objects.iter().filter(|object| !object.is_deleting());
    let mut actions: Vec<Action> = terminating(definition, now).into_iter().collect();
    actions.extend(left.map(|object| Action::delete(collection, object)));
    actions
}

fn released(definition: &Object) -> Action {
    let mut object = definition.clone();
    let left: Vec<&str> = definition
        .finalizers()
        .filter(|it| *it != FINALIZER)
        .collect();
    let left = json!(left);
    object.metadata_mut().insert("finalizers".into(), left);
    Action::Replace {
        collection: custom::definitions(),
        object,
    }
}

/// Tells that the objects are going; once.
fn terminating(definition: &Object, now: &str) -> Option<Action> {
    if definition.condition("Terminating").is_some() {
        return None;
    }
    let mut object = definition.clone();
    let conditions = object.body["status"]["conditions"].as_array_mut()?;
    conditions.push(json!({
        "type": "Terminating", "status": "True", "lastTransitionTime": now,
        "reason": "InstanceDeletionInProgress", "message": "CustomResource deletion is in progress",
    }));
    Some(Action::ReplaceStatus {
        collection: custom::definitions(),
        object,
    })
}
