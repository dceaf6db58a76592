//! What a definition may say, and what its schema does to objects.

mod definitions;
mod objects;

use serde_json::{Value, json};

use super::*;
use crate::Object;

/// A definition whose one version has this schema for `spec`.
fn definition(spec: &Value) -> Object {
    let schema = json!({"type": "object", "properties": {
        "spec": spec,
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }});
    with_schema(&schema)
}

fn with_schema(schema: &Value) -> Object {
    let mut object = Object::from(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.org"},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema},
                "subresources": {"status": {}, "scale": {
                    "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                }},
            }],
        },
    }));
    default(&mut object);
    object
}

fn version(definition: &Object) -> Version {
    let (read, wrong) = Definition::read(definition);
    assert_eq!(wrong, Vec::new());
    read.versions[0].clone()
}

fn widget(spec: &Value) -> Object {
    json!({
        "apiVersion": "example.org/v1", "kind": "Widget",
        "metadata": {"name": "a", "namespace": "b"}, "spec": spec,
    })
    .into()
}

fn told(causes: &[crate::Cause]) -> Vec<String> {
    causes
        .iter()
        .map(|it| format!("{}: {}", it.field, it.message))
        .collect()
}
