//! Takes fields out of an object.

use serde_json::Value;

use crate::patch::fields::{FieldSet, PathElement};
use crate::patch::shape::Shape;

/// Removes every member of `remove`. A container that this empties goes, too, unless it is a
/// member of `keep`.
pub(in crate::patch) fn prune(
    shape: Shape<'_>,
    value: &mut Value,
    remove: &FieldSet,
    keep: &FieldSet,
) {
    match value {
        Value::Object(map) if shape.is_object() => {
            for node in remove.nodes() {
                let PathElement::Field(key) = &node.element else {
                    continue;
                };
                let key: &str = key;
                if node.member {
                    map.shift_remove(key);
                    continue;
                }
                let Some(value) = map.get_mut(key) else {
                    continue;
                };
                let was_empty = is_empty(value);
                let kept = keep.get(&node.element);
                let keep_below = kept.map(|kept| &kept.children);
                let nothing = FieldSet::default();
                let keep_below = keep_below.unwrap_or(&nothing);
                prune(shape.child(key), value, &node.children, keep_below);
                if !was_empty && is_empty(value) && !kept.is_some_and(|kept| kept.member) {
                    map.shift_remove(key);
                }
            }
        }
        Value::Array(items) if shape.is_list() => items.retain_mut(|item| {
            let Ok(element) = shape.element(item) else {
                return true;
            };
            let Some(node) = remove.get(&element) else {
                return true;
            };
            if !node.member {
                let nothing = FieldSet::default();
                let keep_below = keep.get(&element).map_or(&nothing, |kept| &kept.children);
                prune(shape.item(), item, &node.children, keep_below);
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
