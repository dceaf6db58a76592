//! An object as a flat map of its fields, so that two versions can be compared field by field.
//! Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use api::Object;
use api::schema::{self, Field, FieldType, ListKind, Type};

/// Fields by path: `spec.template.spec.containers[name=web].image`.
pub(super) type Fields = BTreeMap<String, Value>;

/// Who the object is, and what only counts its writes.
const NOT_CONTENT: [&str; 10] = [
    "name",
    "namespace",
    "uid",
    "generateName",
    "creationTimestamp",
    "generation",
    "resourceVersion",
    "managedFields",
    "selfLink",
    "deletionGracePeriodSeconds",
];

/// One field that differs between two versions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FieldChange {
    pub(super) field: String,
    /// `None`: it was not there.
    pub(super) was: Option<Value>,
    /// `None`: it is gone.
    pub(super) is: Option<Value>,
}

/// The content of an object. What a list's schema tells apart by keys has a field for each of its
/// elements; any other list is one field.
pub(super) fn flatten(object: &Object) -> Fields {
    let ty = schema::kind(&object.gvk());
    let mut fields = Fields::new();
    for (key, value) in object.body.as_object().into_iter().flatten() {
        let child = ty.and_then(|ty| ty.child(key));
        match (key.as_str(), value) {
            ("apiVersion" | "kind", _) => {}
            ("metadata", Value::Object(metadata)) => {
                let ty = child.and_then(|field| field.ty.named());
                for (key, value) in metadata {
                    if !NOT_CONTENT.contains(&key.as_str()) {
                        let child = ty.and_then(|ty| ty.child(key));
                        below(
                            &format!("metadata.{key}"),
                            value,
                            Shape::of(child),
                            &mut fields,
                        );
                    }
                }
            }
            _ => below(key, value, Shape::of(child), &mut fields),
        }
    }
    fields
}

/// What differs, by field.
pub(super) fn changes(before: &Fields, after: &Fields) -> Vec<FieldChange> {
    let gone = before.keys().filter(|field| !after.contains_key(*field));
    let mut changes: Vec<FieldChange> = gone
        .chain(after.keys())
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| FieldChange {
            field: field.clone(),
            was: before.get(field).cloned(),
            is: after.get(field).cloned(),
        })
        .collect();
    changes.sort_by(|one, other| one.field.cmp(&other.field));
    changes
}

/// What is known of the value at a place.
#[derive(Clone, Copy)]
enum Shape<'a> {
    Struct(&'static Type),
    Map(&'a FieldType),
    /// Elements are told apart by these fields.
    Keyed(&'a FieldType, &'a [&'static str]),
    Set,
    /// One value, whatever is in it.
    Whole,
    Unknown,
}

impl<'a> Shape<'a> {
    fn of(field: Option<&'a Field>) -> Self {
        let Some(field) = field else {
            return Self::Unknown;
        };
        match (&field.ty, field.list) {
            (FieldType::List(element), ListKind::Map) => Self::Keyed(element, &field.keys),
            (FieldType::List(_), ListKind::Set) => Self::Set,
            (FieldType::List(element), ListKind::Atomic) => match &field.merge_key {
                Some(key) => Self::Keyed(element, std::slice::from_ref(key)),
                None => Self::Whole,
            },
            (ty, _) => Self::of_type(ty),
        }
    }

    fn of_type(ty: &'a FieldType) -> Self {
        match ty {
            FieldType::Named(named) => Self::Struct(named.get()),
            FieldType::Map(element) => Self::Map(element),
            _ => Self::Whole,
        }
    }
}

fn below(path: &str, value: &Value, shape: Shape<'_>, fields: &mut Fields) {
    match (shape, value) {
        (_, Value::Null) => {}
        (Shape::Struct(_) | Shape::Map(_) | Shape::Unknown, Value::Object(map))
            if !map.is_empty() =>
        {
            members(path, map, shape, fields);
        }
        (Shape::Keyed(element, keys), Value::Array(list)) if !list.is_empty() => {
            for item in list {
                let place = free(&format!("{path}[{}]", identity(item, keys)), fields);
                below(&place, item, Shape::of_type(element), fields);
            }
        }
        (Shape::Set, Value::Array(list)) if !list.is_empty() => {
            for item in list {
                fields.insert(format!("{path}[{}]", text(item)), item.clone());
            }
        }
        _ => {
            fields.insert(path.to_owned(), value.clone());
        }
    }
}

fn members(path: &str, map: &Map<String, Value>, shape: Shape<'_>, fields: &mut Fields) {
    for (key, value) in map {
        let inner = match shape {
            Shape::Struct(ty) => Shape::of(ty.child(key)),
            Shape::Map(element) => Shape::of_type(element),
            _ => Shape::Unknown,
        };
        let is_word = !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let place = if is_word {
            format!("{path}.{key}")
        } else {
            format!("{path}[{key}]")
        };
        below(&place, value, inner, fields);
    }
}

/// `name=web`, or `containerPort=80,protocol=TCP`.
fn identity(item: &Value, keys: &[&str]) -> String {
    let parts = keys.iter().filter_map(|key| {
        let value = item.get(*key)?;
        Some(format!("{key}={}", text(value)))
    });
    parts.collect::<Vec<_>>().join(",")
}

/// Two elements with the same keys stay two.
fn free(path: &str, fields: &Fields) -> String {
    let is_taken = |path: &str| {
        let next = fields.range(path.to_owned()..).next();
        next.is_some_and(|(known, _)| known.starts_with(path))
    };
    let mut candidates = (2_u32..).map(|number| format!("{path}#{number}"));
    if is_taken(path) {
        candidates
            .find(|candidate| !is_taken(candidate))
            .unwrap_or_default()
    } else {
        path.to_owned()
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}
