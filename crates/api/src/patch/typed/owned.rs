//! The fields that a configuration mentions.

use serde_json::Value;

use crate::patch::fields::{FieldSet, Node, PathElement};
use crate::patch::shape::Shape;

/// Every leaf, list item and map key of a value. Structs are not members themselves, unless they
/// are all there is.
pub(in crate::patch) fn owned(shape: Shape<'_>, value: &Value) -> FieldSet {
    match value {
        Value::Object(map) if shape.is_object() => {
            FieldSet::from_nodes(map.iter().map(|(key, value)| {
                let is_hollow = match value {
                    Value::Null => true,
                    Value::Object(map) => map.is_empty(),
                    _ => false,
                };
                let below = shape.child(key);
                Node {
                    element: PathElement::field(key),
                    member: is_hollow || is_leaf(below, value) || !shape.declares(key),
                    children: owned(below, value),
                }
            }))
        }
        Value::Array(items) if shape.is_list() => {
            FieldSet::from_nodes(items.iter().filter_map(|item| {
                let element = shape.element(item).ok()?;
                Some(Node::member(element, owned(shape.item(), item)))
            }))
        }
        _ => FieldSet::default(),
    }
}

fn is_leaf(shape: Shape<'_>, value: &Value) -> bool {
    match value {
        Value::Object(_) => !shape.is_object(),
        Value::Array(_) => !shape.is_list(),
        _ => true,
    }
}

/// The set with every declared field that has a member below it: who owns `.spec.replicas` holds
/// `.spec`, too.
pub(in crate::patch) fn with_declared_parents(shape: Shape<'_>, set: &FieldSet) -> FieldSet {
    FieldSet::from_nodes(set.nodes().iter().map(|node| {
        let (declared, below) = match &node.element {
            PathElement::Field(name) => (shape.declares(name), shape.child(name)),
            _ => (false, shape.item()),
        };
        Node {
            element: node.element.clone(),
            member: node.member || declared,
            children: with_declared_parents(below, &node.children),
        }
    }))
}
