//! What people put into the lists of a configuration by hand, and what cannot stand beside it.

use serde_json::Value;

use super::fields::{FieldSet, Node, PathElement};
use super::managed::{Managed, Operation};
use super::shape::Shape;

/// The tool whose writes are made by hand. What it applies with a name of its own is stated on
/// purpose, and is not meant.
const BY_HAND: &str = "kubectl";

/// What tells the items of lists of ports apart, beside their number. Their names have to be
/// different as well: of two with the same name the server takes neither.
const PORTS: &str = "protocol";

/// The items to take out of the lists that a configuration states.
pub(super) fn intruders(
    shape: Shape<'_>,
    live: &Value,
    stated: &Value,
    managed: &Managed,
) -> FieldSet {
    let is_by_hand = |name: &str| name.starts_with(BY_HAND);
    let mut by_hand = FieldSet::default();
    let mut others = FieldSet::default();
    for entry in &managed.entries {
        let edits = entry.operation == Operation::Update && entry.subresource.is_empty();
        if edits && is_by_hand(&entry.manager) {
            by_hand = by_hand.union(entry.fields.clone());
        } else {
            others = others.union(entry.fields.clone());
        }
    }
    let added = unstated(shape, stated, &by_hand.difference(&others));
    added.union(in_the_way(shape, live, stated))
}

/// Items that are owned, of lists that are stated without them.
fn unstated(shape: Shape<'_>, stated: &Value, owned: &FieldSet) -> FieldSet {
    FieldSet::from_nodes(owned.nodes().iter().filter_map(|node| {
        let deeper = |shape, stated| Node {
            element: node.element.clone(),
            member: false,
            children: unstated(shape, stated, &node.children),
        };
        match (stated, &node.element) {
            (Value::Object(map), PathElement::Field(key)) if shape.is_object() => {
                Some(deeper(shape.child(key), map.get(&**key)?))
            }
            (Value::Array(items), element) if shape.is_list() => {
                match items.iter().find(|it| is(shape, it, element)) {
                    Some(twin) => Some(deeper(shape.item(), twin)),
                    None => node
                        .member
                        .then(|| Node::member(element.clone(), FieldSet::default())),
                }
            }
            _ => None,
        }
    }))
}

/// Ports that are there under another number with a name that is stated.
fn in_the_way(shape: Shape<'_>, live: &Value, stated: &Value) -> FieldSet {
    match (live, stated) {
        (Value::Object(live), Value::Object(stated)) if shape.is_object() => {
            FieldSet::from_nodes(stated.iter().filter_map(|(key, stated)| {
                Some(Node {
                    element: PathElement::field(key),
                    member: false,
                    children: in_the_way(shape.child(key), live.get(key)?, stated),
                })
            }))
        }
        (Value::Array(live), Value::Array(stated)) if shape.is_list() => {
            FieldSet::from_nodes(live.iter().filter_map(|item| {
                let element = shape.element(item).ok()?;
                if let Some(twin) = stated.iter().find(|it| is(shape, it, &element)) {
                    let children = in_the_way(shape.item(), item, twin);
                    return Some(Node {
                        element,
                        member: false,
                        children,
                    });
                }
                let same = |it: &&Value| it["name"].is_string() && it["name"] == item["name"];
                let clashes = is_port(&element) && stated.iter().any(|it| same(&it));
                clashes.then(|| Node::member(element, FieldSet::default()))
            }))
        }
        _ => FieldSet::default(),
    }
}

fn is(shape: Shape<'_>, item: &Value, element: &PathElement) -> bool {
    shape.element(item).as_ref() == Ok(element)
}

fn is_port(element: &PathElement) -> bool {
    match element {
        PathElement::Key(pairs) => pairs.iter().any(|(name, _)| &**name == PORTS),
        _ => false,
    }
}
