//! The structural comparison.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use api::schema::{self, FieldType, Type};
use api::{GroupVersionKind, Object};

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// `spec.template.spec.containers[web].image`
    pub path: String,
    /// `None` where the field was not there.
    pub old: Option<Value>,
    /// `None` where the field is gone.
    pub new: Option<Value>,
}

/// Metadata that only the server writes.
pub const SERVER_METADATA: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The object without what only the server sets: status and the server's metadata.
#[must_use]
pub fn clean(object: &Object) -> Object {
    let mut body = object.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.shift_remove("status");
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in SERVER_METADATA {
                metadata.shift_remove(*field);
            }
        }
    }
    body.into()
}

/// The fields in which `new` differs from `old`, in the order of the fields, old ones first.
pub fn changes(old: &Object, new: &Object) -> Vec<FieldChange> {
    let mut found = Vec::new();
    let shape = Shape::of(&new.gvk());
    compare("", &clean(old).body, &clean(new).body, shape, &mut found);
    found
}

/// `live` with every field of `desired` put over it: what an apply would store where the server's
/// own answer is not at hand. Fields that `desired` no longer has stay.
#[must_use]
pub fn overlay(live: &Object, desired: &Object) -> Object {
    let mut body = live.body.clone();
    merge(&mut body, &clean(desired).body, Shape::of(&desired.gvk()));
    body.into()
}

/// What the schema knows about a value: its type, and for a list the keys of its elements.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    kind: Option<&'static Type>,
    field: Option<&'static FieldType>,
    list: List,
}

#[derive(Clone, Copy)]
enum List {
    /// Nothing is known: elements with unique names are told apart by them.
    Unknown,
    Atomic,
    Keyed(&'static [&'static str]),
}

impl Shape {
    const UNKNOWN: Self = Self {
        kind: None,
        field: None,
        list: List::Unknown,
    };

    pub(crate) fn of(gvk: &GroupVersionKind) -> Self {
        Self {
            kind: schema::kind(gvk),
            ..Self::UNKNOWN
        }
    }

    pub(crate) fn child(self, key: &str) -> Self {
        if let Some(kind) = self.kind {
            return kind.child(key).map_or(Self::UNKNOWN, |field| Self {
                list: if field.keys.is_empty() {
                    field
                        .merge_key
                        .as_ref()
                        .map_or(List::Atomic, |key| List::Keyed(std::slice::from_ref(key)))
                } else {
                    List::Keyed(&field.keys)
                },
                ..Self::typed(&field.ty)
            });
        }
        self.element()
    }

    pub(crate) fn element(self) -> Self {
        self.field
            .and_then(FieldType::element)
            .map_or(Self::UNKNOWN, Self::typed)
    }

    fn typed(ty: &'static FieldType) -> Self {
        Self {
            kind: ty.named(),
            field: Some(ty),
            list: List::Unknown,
        }
    }

    /// What tells the elements of these lists apart; `None` where only their place does.
    pub(crate) fn keys(self, lists: [&[Value]; 2]) -> Option<Vec<Key>> {
        let names: &[&'static str] = match self.list {
            List::Atomic => return None,
            List::Keyed(names) => names,
            List::Unknown => &["name"],
        };
        let element = self.element().kind;
        let key = |name: &&'static str| Key {
            name,
            default: element
                .and_then(|kind| kind.child(name))
                .and_then(|field| field.default.as_ref()),
        };
        let keys: Vec<Key> = names.iter().map(key).collect();
        let unique = |list: &[Value]| {
            let mut seen = std::collections::BTreeSet::new();
            list.iter().all(|item| {
                keys[0].of(item).is_some_and(|key| !key.is_null())
                    && seen.insert(label(item, &keys))
            })
        };
        lists.iter().all(|list| unique(list)).then_some(keys)
    }
}

/// A field that tells the elements of a list apart.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What the server takes where a manifest leaves it out, such as the protocol of a port.
    default: Option<&'static Value>,
}

impl Key {
    pub(crate) fn of(self, item: &Value) -> Option<&Value> {
        item.get(self.name).or(self.default)
    }
}

/// `web`, or `80/TCP` where it takes several keys.
pub(super) fn label(item: &Value, keys: &[Key]) -> String {
    let parts = keys.iter().filter_map(|key| match key.of(item)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn compare(path: &str, old: &Value, new: &Value, shape: Shape, found: &mut Vec<FieldChange>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => compare_maps(path, old, new, shape, found),
        (Value::Array(old_list), Value::Array(new_list)) if old != new => {
            match shape.keys([old_list, new_list]) {
                Some(keys) => compare_keyed(path, old_list, new_list, &keys, shape, found),
                None if all_objects(old_list) && all_objects(new_list) => {
                    compare_places(path, old_list, new_list, shape, found);
                }
                None => push(found, path, Some(old), Some(new)),
            }
        }
        _ if same(old, new) => {}
        _ => push(found, path, Some(old), Some(new)),
    }
}

/// Equal, or both so empty that the server stores neither.
fn same(old: &Value, new: &Value) -> bool {
    old == new || (is_empty(old) && is_empty(new))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn all_objects(list: &[Value]) -> bool {
    list.iter().all(Value::is_object)
}

fn compare_maps(
    path: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    shape: Shape,
    found: &mut Vec<FieldChange>,
) {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let inner = join(path, key);
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => compare(&inner, old, new, shape.child(key), found),
            (old, new) => one_side(&inner, old, new, found),
        }
    }
}

/// A field only one side has. A small map of scalars is told field by field.
fn one_side(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<FieldChange>) {
    let value = old.or(new).unwrap_or(&Value::Null);
    if is_empty(value) {
        return;
    }
    match value {
        Value::Object(map) if map.values().all(|v| !v.is_object() && !v.is_array()) => {
            for (key, value) in map {
                let inner = join(path, key);
                let (old, new) = (old.map(|_| value), new.map(|_| value));
                push(found, &inner, old, new);
            }
        }
        _ => push(found, path, old, new),
    }
}

fn compare_keyed(
    path: &str,
    old: &[Value],
    new: &[Value],
    keys: &[Key],
    shape: Shape,
    found: &mut Vec<FieldChange>,
) {
    let find =
        |list: &'_ [Value], name: &str| list.iter().position(|item| label(item, keys) == name);
    for item in old {
        let name = label(item, keys);
        let inner = format!("{path}[{name}]");
        match find(new, &name) {
            Some(at) => compare(&inner, item, &new[at], shape.element(), found),
            None => push(found, &inner, Some(item), None),
        }
    }
    for item in new {
        let name = label(item, keys);
        if find(old, &name).is_none() {
            push(found, &format!("{path}[{name}]"), None, Some(item));
        }
    }
    let order = |list: &[Value], other: &[Value]| -> Vec<String> {
        let names = list.iter().map(|item| label(item, keys));
        names.filter(|name| find(other, name).is_some()).collect()
    };
    let (before, after) = (order(old, new), order(new, old));
    if before != after {
        push(
            found,
            &format!("{path} (order)"),
            Some(&before.into()),
            Some(&after.into()),
        );
    }
}

fn compare_places(
    path: &str,
    old: &[Value],
    new: &[Value],
    shape: Shape,
    found: &mut Vec<FieldChange>,
) {
    for at in 0..old.len().max(new.len()) {
        let inner = format!("{path}[{at}]");
        match (old.get(at), new.get(at)) {
            (Some(old), Some(new)) => compare(&inner, old, new, shape.element(), found),
            (old, new) => push(found, &inner, old, new),
        }
    }
}

fn push(found: &mut Vec<FieldChange>, path: &str, old: Option<&Value>, new: Option<&Value>) {
    found.push(FieldChange {
        path: path.to_owned(),
        old: old.cloned(),
        new: new.cloned(),
    });
}

/// `spec.replicas`, `data["app.conf"]`
pub(crate) fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    match (path.is_empty(), plain) {
        (true, _) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (false, false) => format!("{path}[{key:?}]"),
    }
}

fn merge(live: &mut Value, desired: &Value, shape: Shape) {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => {
            for (key, value) in desired {
                match live.get_mut(key) {
                    Some(current) => merge(current, value, shape.child(key)),
                    None if is_empty(value) => {}
                    None => {
                        live.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(live), Value::Array(desired)) => match shape.keys([live, desired]) {
            Some(keys) => merge_keyed(live, desired, &keys, shape),
            None if live.len() == desired.len() && all_objects(live) && all_objects(desired) => {
                for (live, desired) in live.iter_mut().zip(desired) {
                    merge(live, desired, shape.element());
                }
            }
            None => live.clone_from(desired),
        },
        (live, desired) => {
            if !same(live, desired) {
                live.clone_from(desired);
            }
        }
    }
}

fn merge_keyed(live: &mut Vec<Value>, desired: &[Value], keys: &[Key], shape: Shape) {
    for item in desired {
        let name = label(item, keys);
        match live.iter_mut().find(|live| label(live, keys) == name) {
            Some(current) => merge(current, item, shape.element()),
            None => live.push(item.clone()),
        }
    }
}
