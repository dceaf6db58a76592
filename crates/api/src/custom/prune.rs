//! Takes out of an object what its schema does not mention.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::schema::{Additional, Schema};
use crate::codec::strict::Unknown;
use crate::codec::strict::nearest;

/// Findings; a body that is wrong throughout needs no longer list.
const MOST: usize = 100;
const TYPE_META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Drops unknown fields and says which they were.
pub(super) fn prune(schema: &Schema, body: &mut Value) -> Vec<Unknown> {
    let mut pruner = Pruner::default();
    if let Value::Object(map) = body {
        pruner.fields(schema, map, true);
    }
    pruner.found
}

/// As [`prune`], of a value that is no whole object.
pub(super) fn prune_value(schema: &Schema, value: &mut Value) -> Vec<Unknown> {
    let mut pruner = Pruner::default();
    pruner.value(schema, value);
    pruner.found
}

#[derive(Default)]
struct Pruner {
    found: Vec<Unknown>,
    path: String,
}

impl Pruner {
    fn value(&mut self, schema: &Schema, value: &mut Value) {
        match value {
            Value::Object(map) => self.fields(schema, map, schema.is_embedded),
            Value::Array(items) => {
                let Some(of) = &schema.items else { return };
                let length = self.path.len();
                for (at, item) in items.iter_mut().enumerate() {
                    let _ = write!(self.path, "[{at}]");
                    self.value(of, item);
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn fields(&mut self, schema: &Schema, map: &mut Map<String, Value>, is_object: bool) {
        let keeps = schema.preserves_unknown || matches!(schema.additional, Additional::Any);
        let length = self.path.len();
        map.retain(|key, value| {
            // Metadata has a type of its own, and is looked at with that.
            if is_object && TYPE_META.contains(&key.as_str()) {
                return true;
            }
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            let known = schema.child(key);
            match known {
                Some(schema) => self.value(schema, value),
                None if keeps => {}
                None => self.unknown(schema, key),
            }
            self.path.truncate(length);
            known.is_some() || keeps
        });
    }

    fn unknown(&mut self, schema: &Schema, key: &str) {
        if self.found.len() < MOST {
            let names = schema.properties.keys().map(String::as_str);
            self.found.push(Unknown {
                field: self.path.clone(),
                suggestion: nearest(key, names).map(str::to_owned),
            });
        }
    }
}
