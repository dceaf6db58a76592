//! Takes fields out of an object.

use serde_json::Value;

use crate::patch::fields::{FieldSet, PathElement};
use crate::patch::shape::Shape;

/// Removes every member of `remove`. A container that this empties goes, too, unless the
/// configuration states it.
pub(in crate::patch) fn prune(
    shape: Shape<'_>,
    value: &mut Value,
    remove: &FieldSet,
    stated: Option<&Value>,
) {
    match value {
        Value::Object(map) if shape.is_object() => {
            for node in remove.nodes() {
                let PathElement::Field(key) = &node.element else {
                    continue;
                };
                let key: &str = key;
                let Some(value) = map.get_mut(key) else {
                    continue;
                };
                let stated = stated.and_then(|stated| stated.get(key));
                let was_empty = is_empty(value);
                prune(shape.child(key), value, &node.children, stated);
                let is_gone = node.member || (!was_empty && is_empty(value));
                if is_gone && stated.is_none_or(Value::is_null) {
                    map.shift_remove(key);
                }
            }
        }
        Value::Array(items) if shape.is_list() => items.retain_mut(|item| {
            let found = shape.element(item).ok();
            let Some(node) = found.and_then(|element| remove.get(&element)) else {
                return true;
            };
            if !node.member {
                let stated = stated.and_then(Value::as_array).and_then(|items| {
                    let is_twin = |item: &&Value| shape.element(item).as_ref() == Ok(&node.element);
                    items.iter().find(is_twin)
                });
                prune(shape.item(), item, &node.children, stated);
            }
            !node.member
        }),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
