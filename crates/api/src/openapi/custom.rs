//! Custom kinds in the documents: what their definitions say, and what every kind has.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::descriptions::Descriptions;
use super::{Dialect, SHARED, bearer_token, closure, paths};
use crate::custom::{Definition, Version};
use crate::resource::Resource;
use crate::{GroupVersionKind, schema};

/// Used by every custom kind.
const USED: [&str; 3] = [
    "apimachinery.pkg.apis.meta.v1.ListMeta",
    "apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "api.autoscaling.v1.Scale",
];

/// The version 3 documents of custom kinds, one for each group and version.
pub fn v3_custom<'a>(
    version: &str,
    definitions: impl IntoIterator<Item = &'a Definition>,
) -> BTreeMap<String, Value> {
    let mut groups: BTreeMap<String, Vec<(&Definition, &Version)>> = BTreeMap::new();
    for definition in definitions {
        for served in definition.served() {
            let path = format!("apis/{}/{}", definition.group, served.name);
            groups.entry(path).or_default().push((definition, served));
        }
    }
    let descriptions = Descriptions::read();
    let document = |kinds: &[(&Definition, &Version)]| {
        let mut schemas = shared(Dialect::V3, &descriptions);
        let mut all = Map::new();
        for (definition, version) in kinds {
            schemas.extend(types(definition, version, Dialect::V3));
            all.extend(paths_of(definition, version, Dialect::V3));
        }
        json!({
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes CRD Swagger", "version": version},
            "paths": all,
            "components": {
                "schemas": schemas,
                "securitySchemes": {"BearerToken": bearer_token()},
            },
        })
    };
    groups
        .into_iter()
        .map(|(path, kinds)| (path, document(&kinds)))
        .collect()
}

/// Adds custom kinds to the version 2 document.
pub(super) fn add_to_v2<'a>(
    document: &mut Value,
    definitions: impl IntoIterator<Item = &'a Definition>,
) {
    for definition in definitions {
        for version in definition.served() {
            let schemas = types(definition, version, Dialect::V2);
            let paths = paths_of(definition, version, Dialect::V2);
            for (field, more) in [("definitions", schemas), ("paths", paths)] {
                if let Some(map) = document[field].as_object_mut() {
                    map.extend(more);
                }
            }
        }
    }
}

/// `org.example.v1.Widget`, the name that clients know.
pub(super) fn name(kind: &GroupVersionKind) -> String {
    let group: Vec<&str> = kind.group.rsplit('.').collect();
    format!("{}.{}.{}", group.join("."), kind.version, kind.kind)
}

fn shared(dialect: Dialect, descriptions: &Descriptions) -> Map<String, Value> {
    let names = SHARED.iter().chain(&USED);
    closure(
        names.filter_map(|name| schema::named(name)),
        dialect,
        descriptions,
    )
}

fn paths_of(definition: &Definition, version: &Version, dialect: Dialect) -> Map<String, Value> {
    let resource: Resource = definition.resource(version);
    match paths::paths(&[&resource], dialect) {
        Value::Object(paths) => paths,
        _ => Map::new(),
    }
}

/// The kind, and the list of it.
fn types(definition: &Definition, version: &Version, dialect: Dialect) -> Map<String, Value> {
    let kind = definition.gvk(version);
    let list = GroupVersionKind {
        kind: definition.list_kind.clone(),
        ..kind.clone()
    };
    let mut types = Map::new();
    types.insert(name(&kind), object(version, &kind, dialect));
    types.insert(
        name(&list),
        json!({
            "description": format!("{} is a list of {}", list.kind, kind.kind),
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"type": "string"},
                "kind": {"type": "string"},
                "metadata": part(USED[0], "Standard list metadata.", dialect),
                "items": {"type": "array", "items": reference(&kind, dialect)},
            },
            "x-kubernetes-group-version-kind": [said(&list)],
        }),
    );
    types
}

fn object(version: &Version, kind: &GroupVersionKind, dialect: Dialect) -> Value {
    let mut schema = version.document.clone();
    if dialect == Dialect::V2 {
        simplify(&mut schema);
    }
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let properties = &mut schema["properties"];
    properties["apiVersion"] = json!({"type": "string",
        "description": "Group and version of the type, such as apps/v1."});
    properties["kind"] = json!({"type": "string",
        "description": "Name of the type, such as Deployment. Cannot be changed."});
    properties["metadata"] = part(USED[1], "Standard object's metadata.", dialect);
    schema["x-kubernetes-group-version-kind"] = json!([said(kind)]);
    schema
}

fn said(kind: &GroupVersionKind) -> Value {
    json!({"group": kind.group, "kind": kind.kind, "version": kind.version})
}

/// A reference with a description beside it.
fn part(name: &str, description: &str, dialect: Dialect) -> Value {
    let reference = schema::named(name).map_or(Value::Null, |ty| dialect.reference(ty));
    match dialect {
        Dialect::V2 => {
            let mut part = reference;
            part["description"] = json!(description);
            part
        }
        Dialect::V3 => json!({"description": description, "allOf": [reference]}),
    }
}

pub(super) fn reference(kind: &GroupVersionKind, dialect: Dialect) -> Value {
    json!({"$ref": format!("{}/{}", dialect.root(), name(kind))})
}

/// What version 2 cannot say is left out: clients would refuse what the server takes.
fn simplify(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    for word in ["allOf", "anyOf", "oneOf", "not", "default"] {
        map.shift_remove(word);
    }
    let is_open = map.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    if map.shift_remove("nullable") == Some(Value::Bool(true)) || is_open {
        for word in ["type", "properties", "items", "additionalProperties"] {
            map.shift_remove(word);
        }
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(word) {
            simplify(inner);
        }
    }
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(simplify);
    }
}
