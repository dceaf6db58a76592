//! Fills in what a schema says is meant where nothing is said.

use serde_json::Value;

use super::schema::{Additional, Schema};

/// Sets defaults where a field is absent, or null and may not be. Idempotent.
pub(super) fn fill(schema: &Schema, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, inner) in &schema.properties {
                let is_void = match map.get(name) {
                    None => true,
                    Some(Value::Null) => !inner.nullable,
                    Some(_) => false,
                };
                if let Some(default) = inner.default.as_ref().filter(|_| is_void) {
                    map.insert(name.clone(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                if let Some(inner) = schema.child(key) {
                    fill(inner, value);
                }
            }
            if let Additional::Of(inner) = &schema.additional
                && let Some(default) = inner.default.as_ref().filter(|_| !inner.nullable)
            {
                for value in map.values_mut().filter(|value| value.is_null()) {
                    *value = default.clone();
                }
            }
        }
        Value::Array(items) => {
            let Some(inner) = &schema.items else { return };
            for item in items {
                if let Some(default) = inner
                    .default
                    .as_ref()
                    .filter(|_| item.is_null() && !inner.nullable)
                {
                    *item = default.clone();
                }
                fill(inner, item);
            }
        }
        _ => {}
    }
}
