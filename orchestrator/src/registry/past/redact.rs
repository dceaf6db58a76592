//! What is not told of a change: the values of a Secret, and the rest of a long one. Pure.

use serde_json::{Value, json};

use api::Object;

use super::fields::FieldChange;

/// Stands for a value that is not shown.
const HIDDEN: &str = "(hidden)";
/// kubectl keeps a copy of the whole object here.
const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Characters of a value; more is cut.
const LONGEST: usize = 1024;

/// A field as it may be shown. `secret` is whether the object is a Secret.
pub(super) fn field(change: FieldChange, secret: Secret) -> FieldChange {
    let is_hidden = secret == Secret::Yes && is_value(&change.field);
    let show = |value: Value| {
        if is_hidden {
            json!(HIDDEN)
        } else {
            clipped(value)
        }
    };
    FieldChange {
        was: change.was.map(show),
        is: change.is.map(show),
        field: change.field,
    }
}

/// Whether an object is a Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    Yes,
    No,
}

impl Secret {
    pub(super) fn of(object: &Object) -> Self {
        let gvk = object.gvk();
        if gvk.kind == "Secret" && gvk.group.is_empty() {
            Self::Yes
        } else {
            Self::No
        }
    }
}

fn is_value(field: &str) -> bool {
    let part = field.split(['.', '[']).next().unwrap_or_default();
    matches!(part, "data" | "stringData") || field.contains(COPY)
}

fn clipped(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        _ => return value,
    };
    let length = text.chars().count();
    if length <= LONGEST {
        return value;
    }
    let head: String = text.chars().take(LONGEST).collect();
    json!(format!("{head}… ({length} characters)"))
}
