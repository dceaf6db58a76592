//! Strategic merge as Kustomize does it: what the patch has comes first in merged lists.

use serde_json::{Map, Value};

use api::GroupVersionKind;
use api::schema::{self, Field, FieldType, Type};

const DIRECTIVE: &str = "$patch";

/// What is left of an object after a patch.
pub(super) enum Merged {
    Object,
    /// The patch said `$patch: delete`.
    Deleted,
}

/// Puts `patch` over `target`.
pub(super) fn merge(target: &mut Value, patch: &Value, gvk: &GroupVersionKind) -> Merged {
    match directive(patch) {
        Some("delete") => return Merged::Deleted,
        Some("replace") => *target = without_directives(patch),
        _ => merge_value(target, patch, Shape::of(schema::kind(gvk))),
    }
    Merged::Object
}

/// What the schema knows about a value.
#[derive(Clone, Copy)]
struct Shape {
    kind: Option<&'static Type>,
    field: Option<&'static Field>,
    ty: Option<&'static FieldType>,
}

impl Shape {
    fn of(kind: Option<&'static Type>) -> Self {
        Self {
            kind,
            field: None,
            ty: None,
        }
    }

    fn child(self, key: &str) -> Self {
        if let Some(kind) = self.kind {
            let field = kind.child(key);
            return Self {
                field,
                ..Self::typed(field.map(|field| &field.ty))
            };
        }
        Self::typed(self.ty.and_then(FieldType::element))
    }

    fn element(self) -> Self {
        Self::typed(self.ty.and_then(FieldType::element))
    }

    fn typed(ty: Option<&'static FieldType>) -> Self {
        Self {
            kind: ty.and_then(FieldType::named),
            field: None,
            ty,
        }
    }
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
    let merges = shape.field.is_some_and(|field| field.patch.merges());
    if replace || !merges {
        *list = patch
            .iter()
            .filter(|item| !is_directive_only(item))
            .map(without_directives)
            .collect();
        return;
    }
    if let Some(key) = shape.field.and_then(|field| field.merge_key) {
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
    let mut merged = Vec::new();
    for item in patch {
        let current = list.iter().position(|current| same(current, item));
        if directive(item) == Some("delete") {
            if let Some(at) = current {
                list.remove(at);
            }
            continue;
        }
        match current {
            Some(at) => {
                let mut value = list.remove(at);
                if directive(item) == Some("replace") {
                    value = without_directives(item);
                } else {
                    merge_value(&mut value, item, shape.element());
                }
                merged.push(value);
            }
            None => merged.push(without_directives(item)),
        }
    }
    merged.append(list);
    *list = merged;
}

/// All keys of the list where every element has them, else only the first.
fn keys<'a>(list: &[Value], patch: &[Value], key: &'a str, shape: Shape) -> Vec<&'a str> {
    let all = shape
        .field
        .map(|field| field.keys.as_slice())
        .unwrap_or_default();
    let complete = all.len() > 1
        && list.iter().chain(patch).all(|item| {
            directive(item).is_some() || all.iter().all(|key| item.get(*key).is_some())
        });
    if complete { all.to_vec() } else { vec![key] }
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
