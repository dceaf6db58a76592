//! What differs between two versions of an object.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::patch::fields::{FieldSet, Node, PathElement};
use crate::patch::shape::Shape;

/// The difference between two versions, as sets of fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::patch) struct Change {
    /// What the new version added or set otherwise.
    pub(in crate::patch) set: FieldSet,
    /// What the new version lacks.
    pub(in crate::patch) removed: FieldSet,
}

/// One side of a comparison.
#[derive(Clone, Copy)]
enum Side<'a> {
    Value(&'a Value),
    /// Not there, but Kubernetes would hold an empty struct in its place.
    Hollow,
    Absent,
}

/// The difference at one place and below it.
struct Difference {
    set: bool,
    removed: bool,
    below: Change,
}

/// Compares two versions of an object; `None` for one that is not there.
pub(in crate::patch) fn compare(shape: Shape<'_>, old: Option<&Value>, new: &Value) -> Change {
    let old = old.map_or(Side::Hollow, Side::Value);
    difference(shape, old, Side::Value(new)).map_or_else(Change::default, |found| found.below)
}

fn difference(shape: Shape<'_>, old: Side<'_>, new: Side<'_>) -> Option<Difference> {
    match (old, new) {
        (Side::Absent | Side::Hollow, Side::Absent | Side::Hollow) => return None,
        (Side::Value(old), Side::Value(new)) if old == new => return None,
        _ => {}
    }
    let below = if shape.is_object() {
        objects(shape, old, new)
    } else if shape.is_list() {
        lists(shape, old, new)
    } else {
        None
    };
    let is_leaf = below.is_none();
    if is_leaf && is_hollow(old) && is_hollow(new) {
        return None;
    }
    let found = Difference {
        set: matches!(old, Side::Absent) || (is_leaf && !matches!(new, Side::Absent)),
        removed: matches!(new, Side::Absent),
        below: below.unwrap_or_default(),
    };
    (found.set || found.removed || found.below != Change::default()).then_some(found)
}

/// A struct in memory without anything in it.
fn is_hollow(side: Side<'_>) -> bool {
    match side {
        Side::Hollow => true,
        Side::Absent => false,
        Side::Value(value) => value.as_object().is_some_and(Map::is_empty),
    }
}

/// What is below two objects; `None` when they are compared as a whole.
fn objects(shape: Shape<'_>, old: Side<'_>, new: Side<'_>) -> Option<Change> {
    let empty = Map::new();
    let old_map = map(old, &empty)?;
    let new_map = map(new, &empty)?;
    if old_map.is_empty() && new_map.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    for (key, value) in old_map {
        let new_side = side(shape, new, key, new_map.get(key));
        let difference = difference(
            shape.child(key),
            side(shape, old, key, Some(value)),
            new_side,
        );
        found.extend(difference.map(|found| (PathElement::field(key), found)));
    }
    for (key, value) in new_map {
        if !old_map.contains_key(key) {
            let old_side = side(shape, old, key, None);
            let difference = difference(
                shape.child(key),
                old_side,
                side(shape, new, key, Some(value)),
            );
            found.extend(difference.map(|found| (PathElement::field(key), found)));
        }
    }
    Some(collect(found))
}

fn map<'a>(side: Side<'a>, empty: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
    match side {
        Side::Value(value) => value.as_object(),
        Side::Hollow | Side::Absent => Some(empty),
    }
}

/// The side below a key. Null is no value: decoding an object drops it.
fn side<'a>(shape: Shape<'_>, parent: Side<'a>, key: &str, value: Option<&'a Value>) -> Side<'a> {
    match value {
        Some(value) if !value.is_null() => Side::Value(value),
        _ if !matches!(parent, Side::Absent) && shape.is_always_there(key) => Side::Hollow,
        _ => Side::Absent,
    }
}

/// What is below two lists; `None` when they are compared as a whole.
fn lists(shape: Shape<'_>, old: Side<'_>, new: Side<'_>) -> Option<Change> {
    let old = items(shape, old)?;
    let new = items(shape, new)?;
    if old.is_empty() && new.is_empty() {
        return None;
    }
    let mut found = Vec::new();
    for (element, value) in &old {
        let new = new.get(element).map_or(Side::Absent, |v| Side::Value(v));
        let difference = difference(shape.item(), Side::Value(value), new);
        found.extend(difference.map(|found| (element.clone(), found)));
    }
    for (element, value) in new {
        if !old.contains_key(&element) {
            let difference = difference(shape.item(), Side::Absent, Side::Value(value));
            found.extend(difference.map(|found| (element, found)));
        }
    }
    Some(collect(found))
}

/// The items by what tells them apart, the first of doubles; `None` when some cannot be told.
fn items<'a>(shape: Shape<'_>, side: Side<'a>) -> Option<BTreeMap<PathElement, &'a Value>> {
    let mut items = BTreeMap::new();
    if let Side::Value(value) = side {
        for item in value.as_array()? {
            items.entry(shape.element(item).ok()?).or_insert(item);
        }
    }
    Some(items)
}

fn collect(found: Vec<(PathElement, Difference)>) -> Change {
    let mut set = Vec::with_capacity(found.len());
    let mut removed = Vec::new();
    for (element, difference) in found {
        removed.push(Node {
            element: element.clone(),
            member: difference.removed,
            children: difference.below.removed,
        });
        set.push(Node {
            element,
            member: difference.set,
            children: difference.below.set,
        });
    }
    Change {
        set: FieldSet::from_nodes(set),
        removed: FieldSet::from_nodes(removed),
    }
}
