//! Kedge's own kinds as custom ones: what a Kubernetes that is not Kedge's is given of them.

use serde_json::{Map, Value, json};

use super::{GROUP, application, rollout};
use crate::schema::{self, Field, FieldType, ListKind, Special, Type};
use crate::{Collection, GroupVersionKind, Object, Resource, resource};

/// Where a column of `kubectl get` is in an object, by kind and column.
const COLUMNS: [(&str, &str, &str); 10] = [
    ("Application", "Sync", ".status.sync.status"),
    ("Application", "Health", ".status.health.status"),
    ("Application", "Revision", ".status.revision"),
    ("Application", "Path", ".spec.source.path"),
    ("Application", "Message", ".status.health.message"),
    ("Rollout", "Application", ".spec.application"),
    ("Rollout", "Revision", ".spec.revision"),
    ("Rollout", "Phase", ".status.phase"),
    ("Rollout", "Rollback Of", ".spec.rollbackOf"),
    ("Rollout", "Message", ".status.message"),
];

/// Where definitions of custom kinds are.
pub fn definition_collection() -> Collection {
    Collection::new("apiextensions.k8s.io", "customresourcedefinitions")
}

/// A `CustomResourceDefinition` of each.
pub fn definitions() -> Vec<Object> {
    let known = [application(), rollout()];
    let known = known.iter().filter_map(resource::by_kind);
    known.filter_map(definition).collect()
}

fn definition(resource: &Resource) -> Option<Object> {
    let gvk = GroupVersionKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let name = format!("{}.{GROUP}", resource.plural);
    let mut object = Object::new(&gvk, "", &name);
    let mut names = json!({
        "plural": resource.plural, "singular": resource.singular, "kind": resource.kind,
        "listKind": format!("{}List", resource.kind), "shortNames": resource.short_names,
    });
    if !resource.categories.is_empty() {
        names["categories"] = json!(resource.categories);
    }
    object.body["spec"] = json!({
        "group": GROUP,
        "names": names,
        "scope": "Namespaced",
        "versions": [{
            "name": resource.version, "served": true, "storage": true,
            "subresources": {"status": {}},
            "additionalPrinterColumns": columns(resource),
            "schema": {"openAPIV3Schema": kind(schema::kind(&resource.gvk())?)},
        }],
    });
    Some(object)
}

fn columns(resource: &Resource) -> Vec<Value> {
    let mut columns = Vec::new();
    for column in &resource.columns {
        let of = |it: &&(&str, &str, &str)| it.0 == resource.kind && it.1 == column.name;
        let Some((_, name, path)) = COLUMNS.iter().find(of) else {
            continue;
        };
        let mut row = json!({"name": name, "type": "string", "jsonPath": path});
        if column.priority != 0 {
            row["priority"] = json!(column.priority);
        }
        columns.push(row);
    }
    columns.push(json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}));
    columns
}

/// The server knows the fields that all kinds have.
fn kind(ty: &Type) -> Value {
    let mut schema = structure(ty);
    schema["properties"]["apiVersion"] = json!({"type": "string"});
    schema["properties"]["kind"] = json!({"type": "string"});
    schema["properties"]["metadata"] = json!({"type": "object"});
    schema
}

/// Without references: a definition has none.
fn structure(ty: &Type) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in ty.json_fields() {
        if field.required {
            required.push(field.name);
        }
        let is_metadata = field.type_name.ends_with(".ObjectMeta");
        let property = if is_metadata {
            json!({"type": "object"})
        } else {
            property(field)
        };
        properties.insert(field.name.to_owned(), property);
    }
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !ty.description.is_empty() {
        schema["description"] = json!(ty.description);
    }
    schema
}

fn property(field: &Field) -> Value {
    let mut property = value(&field.ty);
    if !field.description.is_empty() {
        property["description"] = json!(field.description);
    }
    if let Some(default) = &field.default {
        property["default"] = default.clone();
    }
    match field.list {
        ListKind::Map => {
            property["x-kubernetes-list-type"] = json!("map");
            property["x-kubernetes-list-map-keys"] = json!(field.keys);
        }
        ListKind::Set => property["x-kubernetes-list-type"] = json!("set"),
        ListKind::Atomic => {}
    }
    property
}

fn value(ty: &FieldType) -> Value {
    match ty {
        FieldType::String => json!({"type": "string"}),
        FieldType::Bool => json!({"type": "boolean"}),
        FieldType::Int32 => json!({"type": "integer", "format": "int32"}),
        FieldType::Int64 => json!({"type": "integer", "format": "int64"}),
        FieldType::Double => json!({"type": "number"}),
        FieldType::Bytes => json!({"type": "string", "format": "byte"}),
        FieldType::Special(Special::Time | Special::MicroTime) => {
            json!({"type": "string", "format": "date-time"})
        }
        FieldType::Special(Special::Quantity | Special::IntOrString) => {
            json!({"x-kubernetes-int-or-string": true})
        }
        FieldType::Special(_) => json!({"x-kubernetes-preserve-unknown-fields": true}),
        FieldType::Named(named) => structure(named.get()),
        FieldType::List(element) => json!({"type": "array", "items": value(element)}),
        FieldType::Map(element) => {
            json!({"type": "object", "additionalProperties": value(element)})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server wants of a schema: every part has a type, a default is of it, and the keys of
    /// a list are there in each of its items.
    fn check(at: &str, schema: &Value) {
        let is_open = schema["x-kubernetes-int-or-string"] == true
            || schema["x-kubernetes-preserve-unknown-fields"] == true;
        assert!(is_open || schema["type"].is_string(), "{at}: {schema}");
        if let Some(default) = schema.get("default") {
            let fits = match schema["type"].as_str() {
                Some("boolean") => default.is_boolean(),
                Some("integer") => default.is_i64(),
                Some("string") => default.is_string(),
                _ => is_open,
            };
            assert!(fits, "{at}: {default}");
        }
        let keys = schema["x-kubernetes-list-map-keys"].as_array();
        for key in keys.into_iter().flatten() {
            let required = schema["items"]["required"].as_array();
            assert!(required.is_some_and(|it| it.contains(key)), "{at}: {key}");
        }
        assert!(schema.get("$ref").is_none(), "{at}");
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            check(&format!("{at}.{name}"), property);
        }
        for inner in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(inner) {
                check(&format!("{at}[]"), inner);
            }
        }
    }

    #[test]
    fn both_kinds_are_defined_as_a_server_takes_them() {
        let all = definitions();
        let names: Vec<&str> = all.iter().map(Object::name).collect();
        assert_eq!(names, ["applications.kedge.dev", "rollouts.kedge.dev"]);
        for object in &all {
            let version = &object.body["spec"]["versions"][0];
            let schema = &version["schema"]["openAPIV3Schema"];
            check(object.name(), schema);
            let columns = version["additionalPrinterColumns"].as_array().unwrap();
            assert_eq!(columns.len(), 6, "{columns:?}");
            // Its path leads somewhere.
            for column in columns {
                let path = column["jsonPath"].as_str().unwrap();
                let parts = path.split('.').skip(1);
                let found = parts.fold(schema, |at, part| match at["properties"].get(part) {
                    Some(next) => next,
                    None if part == "creationTimestamp" => at,
                    None => panic!("{path}"),
                });
                assert!(found["type"].is_string(), "{path}");
            }
        }
        let spec =
            &all[0].body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        assert_eq!(spec["properties"]["deadlineSeconds"]["default"], 600);
        let policy = &spec["properties"]["syncPolicy"]["properties"];
        assert_eq!(policy["pruneBudget"]["x-kubernetes-int-or-string"], true);
    }
}
