//! Where the fields are that a rule names, told by keys and not by places in lists.

use api::Object;
use api::json_path::JsonPath;
use api::patch::fields::{FieldSet, PathElement};
use api::patch::managed::Entry;
use serde_json::Value;

use super::Rule;
use crate::diff::Shape;

pub(super) type Path = Vec<PathElement>;

/// The name of a field.
pub(super) fn name(element: &PathElement) -> Option<&str> {
    match element {
        PathElement::Field(name) => Some(name),
        _ => None,
    }
}

/// Every field of `object` that the rules name.
pub(super) fn paths(rules: &[&Rule], object: &Object, managed: &[Entry]) -> Vec<Path> {
    let shape = Shape::of(&object.gvk());
    let mut found = Vec::new();
    let mut picked: Vec<*const Value> = Vec::new();
    for rule in rules {
        let pointers = rule.json_pointers.iter();
        found.extend(pointers.filter_map(|it| pointer(&object.body, it, shape)));
        // What cannot be read was refused when the Application was written.
        let expressions = rule
            .json_paths
            .iter()
            .filter_map(|it| JsonPath::parse(it).ok());
        for expression in expressions {
            let values = expression.find(&object.body).into_iter();
            picked.extend(values.map(std::ptr::from_ref));
        }
        for entry in managed {
            if rule.managed_fields_managers.contains(&entry.manager) {
                leaves(&entry.fields, &mut Vec::new(), &mut found);
            }
        }
    }
    if !picked.is_empty() {
        picked.sort_unstable();
        walk(&object.body, shape, &picked, &mut Vec::new(), &mut found);
    }
    found
}

/// A pointer's path. It may lead to a field that is not there.
fn pointer(value: &Value, pointer: &str, shape: Shape) -> Option<Path> {
    let mut path = Vec::new();
    let (mut value, mut shape) = (value, shape);
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        if let Value::Array(items) = value {
            let at: usize = token.parse().ok()?;
            path.push(element(items, at, shape));
            value = items.get(at).unwrap_or(&Value::Null);
            shape = shape.element();
        } else {
            path.push(PathElement::field(&token));
            value = value.get(&token).unwrap_or(&Value::Null);
            shape = shape.child(&token);
        }
    }
    Some(path)
}

/// An item of a list: by its keys, where it has some.
fn element(items: &[Value], at: usize, shape: Shape) -> PathElement {
    let item = items.get(at);
    let keys = shape.keys([items, items]);
    let pairs = keys.into_iter().flatten().filter_map(|key| {
        let value = key.of(item?)?;
        Some((Box::from(key.name), value.clone()))
    });
    match pairs.collect::<Vec<_>>() {
        none if none.is_empty() => PathElement::Index(u64::try_from(at).unwrap_or(u64::MAX)),
        pairs => PathElement::key(pairs),
    }
}

/// The paths of the very values that were picked.
fn walk(
    value: &Value,
    shape: Shape,
    picked: &[*const Value],
    path: &mut Path,
    found: &mut Vec<Path>,
) {
    if picked.binary_search(&std::ptr::from_ref(value)).is_ok() {
        found.push(path.clone());
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                path.push(PathElement::field(key));
                walk(value, shape.child(key), picked, path, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(element(items, at, shape));
                walk(item, shape.element(), picked, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// What a manager owns, down to the last field.
fn leaves(set: &FieldSet, path: &mut Path, found: &mut Vec<Path>) {
    for node in set.nodes() {
        path.push(node.element.clone());
        if node.children.is_empty() {
            found.push(path.clone());
        } else {
            leaves(&node.children, path, found);
        }
        path.pop();
    }
}
