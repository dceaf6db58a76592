//! The `scale` subresource (autoscaling/v1) of kinds that have replicas.

use api::selector::LabelSelector;
use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{cells, edit};

/// How a kind is read and written as a `Scale`.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The `Scale` object of an object.
    pub read: fn(&Object) -> Object,
    /// Takes the replicas of a `Scale` over into the object.
    pub write: fn(&mut Object, &Object) -> Result<(), Vec<Cause>>,
}

impl Scale {
    /// Name, type and format of what `kubectl get --subresource=scale` shows.
    pub const COLUMNS: [(&'static str, &'static str, &'static str); 4] = [
        ("Name", "string", "name"),
        ("Desired", "integer", ""),
        ("Available", "integer", ""),
        ("Age", "string", ""),
    ];

    /// The cells of a `Scale`, in the order of the columns.
    pub fn row(scale: &Object, now: Timestamp) -> Vec<Value> {
        vec![
            json!(scale.name()),
            json!(cells::number(scale, "/spec/replicas")),
            json!(cells::number(scale, "/status/replicas")),
            cells::age(scale, now),
        ]
    }
}

/// `spec.replicas`, `status.replicas` and `spec.selector`, as all workloads have them.
pub(super) const REPLICAS: Scale = Scale { read, write };

fn read(object: &Object) -> Object {
    let mut metadata = serde_json::Map::new();
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        if let Some(value) = object.body["metadata"].get(field) {
            metadata.insert(field.into(), value.clone());
        }
    }
    let number = |pointer| object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let selector = LabelSelector::from_object(object.pointer("/spec/selector")).to_string();
    json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata,
        "spec": {"replicas": number("/spec/replicas")},
        "status": {"replicas": number("/status/replicas"), "selector": selector},
    })
    .into()
}

fn write(object: &mut Object, scale: &Object) -> Result<(), Vec<Cause>> {
    let replicas = scale.pointer("/spec/replicas").unwrap_or(&Value::Null);
    let count = if replicas.is_null() {
        Some(0)
    } else {
        replicas.as_i64()
    };
    match count {
        Some(count) if (0..=i64::from(i32::MAX)).contains(&count) => {
            if let Some(spec) = edit::ensure(&mut object.body, "spec") {
                edit::put(spec, "replicas", count);
            }
            Ok(())
        }
        _ => Err(vec![Cause::invalid(
            "spec.replicas",
            replicas,
            "must be greater than or equal to 0",
        )]),
    }
}
