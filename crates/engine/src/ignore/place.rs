//! Reads and writes a value at a path of field-set elements.

use api::patch::fields::{FieldSet, PathElement};
use serde_json::{Map, Value};

use super::locate::Path;

/// What an apply has to say at `path` for the live value to stay: nothing where others own it or
/// nobody does, the value itself where it is ours alone or a part of something that is owned as
/// one.
pub(super) fn kept(live: &Value, path: &Path, ours: &FieldSet, theirs: &FieldSet) -> Option<Value> {
    let value = path.iter().try_fold(live, at)?;
    let alone = ours.clone().difference(theirs);
    let mut set = &alone;
    let whole = ours.clone().union(theirs.clone());
    let mut all = &whole;
    let nothing = FieldSet::default();
    for (depth, element) in path.iter().enumerate() {
        let node = all.get(element);
        let last = depth + 1 == path.len();
        match node {
            // A part of a list or a map that has one owner.
            Some(node) if !last && node.children.is_empty() => return Some(value.clone()),
            None if matches!(element, PathElement::Index(_)) => return Some(value.clone()),
            None => return None,
            Some(node) => all = &node.children,
        }
        let own = set.get(element);
        if last {
            return own.and_then(|own| restricted(value, own.member, &own.children));
        }
        set = own.map_or(&nothing, |own| &own.children);
    }
    None
}

/// The parts of an object that are in the set.
pub(crate) fn part(body: &Value, set: &FieldSet) -> Option<Value> {
    restricted(body, false, set)
}

/// The parts of a value that are in the set.
fn restricted(value: &Value, member: bool, set: &FieldSet) -> Option<Value> {
    if set.is_empty() {
        return member.then(|| value.clone());
    }
    match value {
        Value::Object(map) => {
            let mut kept = Map::new();
            for node in set.nodes() {
                if let PathElement::Field(name) = &node.element
                    && let Some(value) = map.get(&**name)
                    && let Some(value) = restricted(value, node.member, &node.children)
                {
                    kept.insert(name.to_string(), value);
                }
            }
            (member || !kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(_) => {
            let mut kept = Vec::new();
            for node in set.nodes() {
                if let Some(place) = position(value, &node.element)
                    && let Some(mut item) = restricted(&value[place], node.member, &node.children)
                {
                    name(&mut item, &node.element);
                    kept.push((place, item));
                }
            }
            // The order of a list is the list's, not the set's.
            kept.sort_by_key(|(place, _)| *place);
            let kept: Vec<Value> = kept.into_iter().map(|(_, item)| item).collect();
            (member || !kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => member.then(|| value.clone()),
    }
}

/// Puts a value at a path, or takes away what is there.
pub(super) fn put(target: &mut Value, path: &[PathElement], value: Option<Value>) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        match value {
            Some(value) => set(target, first, value),
            None => take(target, first),
        }
        return;
    }
    if at(target, first).is_none_or(Value::is_null) {
        if value.is_none() || matches!(first, PathElement::Index(_)) {
            return;
        }
        let fresh = match &rest[0] {
            PathElement::Field(_) => Value::Object(Map::new()),
            _ => Value::Array(Vec::new()),
        };
        set(target, first, fresh);
    }
    if let Some(inner) = at_mut(target, first) {
        put(inner, rest, value);
    }
}

fn set(target: &mut Value, element: &PathElement, mut value: Value) {
    name(&mut value, element);
    if let Some(place) = at_mut(target, element) {
        *place = value;
        return;
    }
    match (target, element) {
        (Value::Object(map), PathElement::Field(name)) => {
            map.insert(name.to_string(), value);
        }
        (Value::Array(items), PathElement::Key(_) | PathElement::Value(_)) => items.push(value),
        _ => {}
    }
}

fn take(target: &mut Value, element: &PathElement) {
    let place = position(target, element);
    match (target, element) {
        (Value::Object(map), PathElement::Field(name)) => {
            map.shift_remove(&**name);
        }
        (Value::Array(items), _) => {
            if let Some(place) = place {
                items.remove(place);
            }
        }
        _ => {}
    }
}

/// An item of a keyed list has its keys.
fn name(item: &mut Value, element: &PathElement) {
    if let (Value::Object(item), PathElement::Key(pairs)) = (item, element) {
        for (key, value) in pairs {
            item.entry(key.to_string()).or_insert_with(|| value.clone());
        }
    }
}

fn at<'a>(value: &'a Value, element: &PathElement) -> Option<&'a Value> {
    match element {
        PathElement::Field(name) => value.get(&**name),
        _ => value.get(position(value, element)?),
    }
}

fn at_mut<'a>(value: &'a mut Value, element: &PathElement) -> Option<&'a mut Value> {
    if let PathElement::Field(name) = element {
        return value.get_mut(&**name);
    }
    let place = position(value, element)?;
    value.get_mut(place)
}

/// The place of an item in its list. A key that the item leaves out has its default there.
fn position(list: &Value, element: &PathElement) -> Option<usize> {
    let items = list.as_array()?;
    match element {
        PathElement::Field(_) => None,
        PathElement::Index(at) => usize::try_from(*at).ok().filter(|at| *at < items.len()),
        PathElement::Value(value) => items.iter().position(|item| item == value),
        PathElement::Key(pairs) => {
            let exact = |item: &Value| pairs.iter().all(|(key, value)| item[&**key] == *value);
            let close = |item: &Value| {
                item.is_object()
                    && pairs.iter().any(|(key, value)| item[&**key] == *value)
                    && pairs
                        .iter()
                        .all(|(key, value)| item[&**key].is_null() || item[&**key] == *value)
            };
            let found = items.iter().position(exact);
            found.or_else(|| items.iter().position(close))
        }
    }
}
