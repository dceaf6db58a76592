//! Secrets are never shown: a value is replaced by a short fingerprint that tells whether it
//! changed.

use serde_json::Value;
use sha2::{Digest, Sha256};

use api::Object;

use super::FieldChange;
use crate::tree::hex;

/// Whether the object's data must not be shown.
pub fn is_secret(object: &Object) -> bool {
    object.kind() == "Secret" && object.gvk().group.is_empty()
}

/// The first four characters of the value's SHA-256: enough to see a change, too little to test
/// guesses against.
pub fn fingerprint(value: &Value) -> String {
    let bytes = match value {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    hex(&Sha256::digest(bytes)).chars().take(4).collect()
}

/// The object as it may be shown: every value of a Secret's data replaced.
#[must_use]
pub fn masked(object: &Object) -> Object {
    let mut object = object.clone();
    if !is_secret(&object) {
        return object;
    }
    for field in ["data", "stringData"] {
        if let Some(data) = object.body.get_mut(field).and_then(Value::as_object_mut) {
            for value in data.values_mut() {
                *value = format!("(hidden, sha256 {}…)", fingerprint(value)).into();
            }
        }
    }
    // What kubectl applied last is a copy of all of it.
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    if object.annotation(last_applied).is_some() {
        object.set_annotation(last_applied, "(hidden)");
    }
    object
}

/// The change as it may be shown: of a Secret only its type and plain metadata.
#[must_use]
pub fn shown(change: &FieldChange, secret: bool) -> FieldChange {
    if !secret || !hides(&change.path) {
        return change.clone();
    }
    let hide = |value: &Value| Value::from(format!("(hidden, sha256 {}…)", fingerprint(value)));
    FieldChange {
        path: change.path.clone(),
        old: change.old.as_ref().map(hide),
        new: change.new.as_ref().map(hide),
    }
}

fn hides(path: &str) -> bool {
    let is_plain = path.starts_with("metadata.") || path == "type" || path == "immutable";
    !is_plain || path.contains("last-applied")
}

/// A change in one line, as it may be shown: `spec.replicas: 2 -> 3`.
pub fn show(change: &FieldChange, secret: bool) -> String {
    let path = &change.path;
    if secret && !path.starts_with("metadata.") && path != "type" && path != "immutable" {
        let print = |value: &Value| format!("sha256 {}…", fingerprint(value));
        return match (&change.old, &change.new) {
            (None, Some(new)) => format!("{path}: added ({})", print(new)),
            (Some(_), None) => format!("{path}: removed"),
            (Some(old), Some(new)) => format!("{path}: changed ({} -> {})", print(old), print(new)),
            (None, None) => path.clone(),
        };
    }
    let secret = secret && path.contains("last-applied");
    let text = |value: &Value| {
        if secret {
            "(hidden)".into()
        } else {
            short(value)
        }
    };
    match (&change.old, &change.new) {
        (None, Some(new)) => format!("{path}: added {}", text(new)),
        (Some(old), None) => format!("{path}: removed (was {})", text(old)),
        (Some(old), Some(new)) => format!("{path}: {} -> {}", text(old), text(new)),
        (None, None) => path.clone(),
    }
}

/// The longest value in a line, in characters.
const VALUE: usize = 100;

fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
            text.clone()
        }
        other => other.to_string(),
    };
    if text.chars().count() <= VALUE {
        return text;
    }
    let head: String = text.chars().take(VALUE).collect();
    format!("{head}…")
}
