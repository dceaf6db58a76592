//! Strategic merge as Kustomize does it: what the patch has comes first in merged lists.

use serde_json::{Map, Value};

use super::shape::Shape;

const DIRECTIVE: &str = "$patch";

/// What is left of an object after a patch.
pub(super) enum Merged {
    Object,
    /// The patch said `$patch: delete`.
    Deleted,
}

/// Puts `patch` over `target`.
pub(super) fn merge(target: &mut Value, patch: &Value, shape: Shape) -> Merged {
    match directive(patch) {
        Some("delete") => return Merged::Deleted,
        // Kustomize leaves the object as it is.
        Some("replace") => {}
        _ => merge_value(target, patch, shape),
    }
    Merged::Object
}

fn directive(value: &Value) -> Option<&str> {
    value.get(DIRECTIVE)?.as_str()
}

fn merge_value(target: &mut Value, patch: &Value, shape: Shape) {
    match (&mut *target, patch) {
        (Value::Object(map), Value::Object(patch)) => merge_map(map, patch, shape),
        (Value::Array(list), Value::Array(patch)) => merge_list(list, patch, shape),
        _ => *target = without_directives(patch),
    }
}

fn merge_map(map: &mut Map<String, Value>, patch: &Map<String, Value>, shape: Shape) {
    for (key, value) in patch {
        if key == DIRECTIVE {
            continue;
        }
        if value.is_null() || directive(value) == Some("delete") {
            map.shift_remove(key);
            continue;
        }
        match map.get_mut(key) {
            Some(current) if directive(value) != Some("replace") && !current.is_null() => {
                merge_value(current, value, shape.child(key));
            }
            _ => {
                map.insert(key.clone(), without_directives(value));
            }
        }
    }
}

fn merge_list(list: &mut Vec<Value>, patch: &[Value], shape: Shape) {
    let replace = patch
        .iter()
        .any(|item| directive(item) == Some("replace") && is_directive_only(item));
    if replace || !shape.merges() {
        *list = patch
            .iter()
            .filter(|item| !is_directive_only(item))
            .map(without_directives)
            .collect();
        return;
    }
    if let Some(key) = shape.key() {
        merge_keyed(list, patch, key, shape);
        return;
    }
    let mut merged: Vec<Value> = patch.to_vec();
    merged.extend(list.iter().filter(|item| !patch.contains(item)).cloned());
    *list = merged;
}

fn merge_keyed(list: &mut Vec<Value>, patch: &[Value], key: &str, shape: Shape) {
    let keys = keys(list, patch, key, shape);
    let same = |a: &Value, b: &Value| keys.iter().all(|key| a.get(*key) == b.get(*key));
    // Elements with several keys stay where they are; others move to the front.
    let stays = keys.len() > 1;
    let mut merged = Vec::new();
    for item in patch {
        let current = list.iter().position(|current| same(current, item));
        match (current, directive(item)) {
            (Some(at), Some("delete")) => {
                list.remove(at);
            }
            // Kustomize finds the element, and keeps what was there.
            (Some(at), Some("replace")) if !stays => merged.push(list.remove(at)),
            (None, Some("delete")) | (Some(_), Some("replace")) => {}
            (Some(at), _) if stays => merge_value(&mut list[at], item, shape.element()),
            (Some(at), _) => {
                let mut value = list.remove(at);
                merge_value(&mut value, item, shape.element());
                merged.push(value);
            }
            (None, _) => merged.push(without_directives(item)),
        }
    }
    merged.append(list);
    *list = merged;
}

/// All keys of the list where every element has them, else only the first.
fn keys<'a>(list: &[Value], patch: &[Value], key: &'a str, shape: Shape<'a>) -> Vec<&'a str> {
    let all = shape.keys();
    let complete = all.len() > 1
        && list.iter().chain(patch).all(|item| {
            directive(item).is_some() || all.iter().all(|key| item.get(*key).is_some())
        });
    if complete { all } else { vec![key] }
}

fn is_directive_only(item: &Value) -> bool {
    item.as_object()
        .is_some_and(|map| map.len() == 1 && map.contains_key(DIRECTIVE))
}

/// The value as new content: no nulls in maps, no directives.
fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, value)| *key != DIRECTIVE && !value.is_null())
            .map(|(key, value)| (key.clone(), without_directives(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_directives).collect(),
        other => other.clone(),
    }
}
