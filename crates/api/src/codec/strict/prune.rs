//! Takes out of a body what its type does not have.

use serde_json::{Map, Value};

use super::value::TYPE_META;
use crate::Object;
use crate::schema::{self, FieldType, Type};

/// Drops the fields that a check calls unknown, as Kubernetes does for clients that do not ask
/// for a strict reading: a stored field that nobody knows would fail the next strict client,
/// for something it did not write.
pub fn prune(object: &mut Object) {
    if let (Some(ty), Value::Object(map)) = (schema::kind(&object.gvk()), &mut object.body) {
        fields(ty, map, true);
    }
}

/// As [`prune`], of the metadata alone: of a kind that is in no table nothing else is known.
pub fn prune_metadata(object: &mut Object) {
    let ty = schema::named("apimachinery.pkg.apis.meta.v1.ObjectMeta");
    if let (Some(ty), Some(Value::Object(map))) = (ty, object.body.get_mut("metadata")) {
        fields(ty, map, false);
    }
}

fn fields(ty: &'static Type, map: &mut Map<String, Value>, is_root: bool) {
    let has_type_meta = is_root || ty.gvk.is_some();
    map.retain(|key, inner| match ty.child(key) {
        Some(field) => {
            value(&field.ty, inner);
            true
        }
        None => has_type_meta && TYPE_META.contains(&key.as_str()),
    });
}

fn value(ty: &FieldType, body: &mut Value) {
    match (ty, body) {
        (FieldType::Named(named), Value::Object(map)) => fields(named.get(), map, false),
        (FieldType::List(element), Value::Array(list)) => {
            for inner in list {
                value(element, inner);
            }
        }
        (FieldType::Map(element), Value::Object(map)) => {
            for inner in map.values_mut() {
                value(element, inner);
            }
        }
        _ => {}
    }
}
