//! What comes back of a deleted object. Pure.

use api::{Object, OwnerReference};
use serde_json::json;

/// Set anew by the server.
const SERVERS: [&str; 7] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
];

/// The object to create: what was asked for, not what became of it. Owners that are gone are left
/// out, for the garbage collector would take the object after them; a pod is placed again.
pub(super) fn revived(mut object: Object, is_there: &dyn Fn(&OwnerReference) -> bool) -> Object {
    let owners: Vec<OwnerReference> = object
        .owner_references()
        .into_iter()
        .filter(is_there)
        .collect();
    let metadata = object.metadata_mut();
    for field in SERVERS {
        metadata.shift_remove(field);
    }
    if owners.is_empty() {
        metadata.shift_remove("ownerReferences");
    } else {
        metadata.insert("ownerReferences".into(), json!(owners));
    }
    let is_pod = object.kind() == "Pod";
    if let Some(body) = object.body.as_object_mut() {
        body.shift_remove("status");
        if is_pod && let Some(spec) = body.get_mut("spec").and_then(|spec| spec.as_object_mut()) {
            spec.shift_remove("nodeName");
        }
    }
    object
}
