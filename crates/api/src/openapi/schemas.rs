//! A type as a schema, with the extensions that clients merge lists by.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Dialect;
use super::descriptions::Descriptions;
use crate::resource;
use crate::schema::{self, Field, FieldType, ListKind, PatchStrategy, Special, Type};

/// `api.apps.v1.Deployment` to `io.k8s.api.apps.v1.Deployment`, the name clients know.
pub(super) fn public_name(name: &str) -> String {
    match name.strip_prefix("kedge.") {
        Some(own) => format!("dev.kedge.{own}"),
        None => format!("io.k8s.{}", name.replace('_', "-")),
    }
}

/// The types that a type's schema refers to.
pub(super) fn used_by(ty: &Type) -> Vec<&'static Type> {
    if ty.special.is_some() {
        return Vec::new();
    }
    ty.json_fields()
        .into_iter()
        .filter_map(|field| {
            let mut inner = &field.ty;
            while let Some(element) = inner.element() {
                inner = element;
            }
            match inner {
                FieldType::Named(named) => Some(named.get()),
                FieldType::Special(special) => schema::named(special.type_name()),
                _ => None,
            }
        })
        .collect()
}

pub(super) fn definition(ty: &Type, dialect: Dialect, descriptions: &Descriptions) -> Value {
    if let Some(special) = ty.special {
        return special_definition(special, dialect);
    }
    let mut properties = Map::new();
    if ty.gvk.is_some() {
        for (name, description) in TYPE_META {
            properties.insert(
                (*name).into(),
                json!({"description": description, "type": "string"}),
            );
        }
    }
    let mut required = Vec::new();
    for field in ty.json_fields() {
        properties.insert(
            field.name.into(),
            property(field, descriptions.of_field(ty, field), dialect),
        );
        if field.required {
            required.push(field.name);
        }
    }
    let mut definition = Map::new();
    let description = descriptions.of_type(ty);
    if !description.is_empty() {
        definition.insert("description".into(), json!(description));
    }
    definition.insert("type".into(), json!("object"));
    if !properties.is_empty() {
        definition.insert("properties".into(), properties.into());
    }
    if !required.is_empty() {
        definition.insert("required".into(), json!(required));
    }
    let kinds = kinds(ty);
    if !kinds.is_empty() {
        definition.insert("x-kubernetes-group-version-kind".into(), kinds.into());
    }
    if ty.map_atomic {
        definition.insert("x-kubernetes-map-type".into(), json!("atomic"));
    }
    Value::Object(definition)
}

const TYPE_META: &[(&str, &str)] = &[
    (
        "apiVersion",
        "Group and version of the type, such as apps/v1.",
    ),
    (
        "kind",
        "Name of the type, such as Deployment. Cannot be changed.",
    ),
];

/// Under which names a type is a kind. What every group shares is one of each group.
fn kinds(ty: &Type) -> Vec<Value> {
    let Some(gvk) = &ty.gvk else {
        return Vec::new();
    };
    let mut versions = BTreeSet::from([(gvk.group.as_str(), gvk.version.as_str())]);
    if gvk.kind == "DeleteOptions" {
        versions.extend(
            resource::served()
                .iter()
                .map(|resource| (resource.group.as_str(), resource.version.as_str())),
        );
    }
    versions
        .into_iter()
        .map(|(group, version)| json!({"group": group, "kind": gvk.kind, "version": version}))
        .collect()
}

fn property(field: &Field, description: &str, dialect: Dialect) -> Value {
    let value = value_schema(&field.ty, dialect);
    let extras = extras(field, description);
    if extras.is_empty() {
        return value;
    }
    // Beside a reference version 3 allows nothing.
    let mut property = if value.get("$ref").is_some() && dialect == Dialect::V3 {
        Map::from_iter([("allOf".to_owned(), json!([value]))])
    } else {
        match value {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    };
    property.extend(extras);
    Value::Object(property)
}

fn extras(field: &Field, description: &str) -> Map<String, Value> {
    let mut extras = Map::new();
    let mut add = |key: &str, value: Value| extras.insert(key.to_owned(), value);
    if !description.is_empty() {
        add("description", json!(description));
    }
    if let Some(default) = &field.default {
        add("default", default.clone());
    }
    if matches!(field.ty, FieldType::List(_)) {
        match field.list {
            ListKind::Map => {
                add("x-kubernetes-list-map-keys", json!(field.keys));
                add("x-kubernetes-list-type", json!("map"));
            }
            ListKind::Set => {
                add("x-kubernetes-list-type", json!("set"));
            }
            ListKind::Atomic if field.patch.merges() => {}
            ListKind::Atomic => {
                add("x-kubernetes-list-type", json!("atomic"));
            }
        }
    }
    let strategy = match field.patch {
        PatchStrategy::Replace => "",
        PatchStrategy::Merge => "merge",
        PatchStrategy::RetainKeys => "retainKeys",
        PatchStrategy::MergeRetainKeys => "merge,retainKeys",
    };
    if !strategy.is_empty() {
        add("x-kubernetes-patch-strategy", json!(strategy));
    }
    if let Some(key) = field.merge_key {
        add("x-kubernetes-patch-merge-key", json!(key));
    }
    let own = field.ty.named().is_some_and(|ty| ty.map_atomic);
    if field.map_atomic != own {
        let kind = if field.map_atomic {
            "atomic"
        } else {
            "granular"
        };
        add("x-kubernetes-map-type", json!(kind));
    }
    extras
}

fn value_schema(ty: &FieldType, dialect: Dialect) -> Value {
    match ty {
        FieldType::String => json!({"type": "string"}),
        FieldType::Bool => json!({"type": "boolean"}),
        FieldType::Int32 => json!({"format": "int32", "type": "integer"}),
        FieldType::Int64 => json!({"format": "int64", "type": "integer"}),
        FieldType::Double => json!({"format": "double", "type": "number"}),
        FieldType::Bytes => json!({"format": "byte", "type": "string"}),
        FieldType::Special(Special::StringList) => {
            json!({"items": {"type": "string"}, "type": "array"})
        }
        FieldType::Special(special) => {
            schema::named(special.type_name()).map_or_else(|| json!({}), |ty| dialect.reference(ty))
        }
        FieldType::Named(named) => dialect.reference(named.get()),
        FieldType::List(element) => {
            json!({"items": value_schema(element, dialect), "type": "array"})
        }
        FieldType::Map(element) => {
            json!({"additionalProperties": value_schema(element, dialect), "type": "object"})
        }
    }
}

fn special_definition(special: Special, dialect: Dialect) -> Value {
    let (description, v2, v3) = match special {
        Special::Quantity => (
            "An exact amount such as 500m, 2 or 64Mi.",
            json!({"type": "string"}),
            json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        ),
        Special::IntOrString => (
            "A number or a text, such as 80, http or 25%.",
            json!({"format": "int-or-string", "type": "string"}),
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}),
        ),
        Special::Time => same(
            "A time in RFC 3339.",
            json!({"format": "date-time", "type": "string"}),
        ),
        Special::MicroTime => same(
            "A time in RFC 3339 with microseconds.",
            json!({"format": "date-time", "type": "string"}),
        ),
        Special::RawExtension => same("Any object.", json!({"type": "object"})),
        Special::FieldsV1 => same("A set of fields.", json!({"type": "object"})),
        Special::StringList => same(
            "A list of texts.",
            json!({"items": {"type": "string"}, "type": "array"}),
        ),
        Special::Json => same("Any JSON value.", json!({})),
        Special::SchemaOrArray => same("A schema or a list of schemas.", json!({})),
        Special::SchemaOrBool => same("A schema or a boolean.", json!({})),
        Special::SchemaOrStringArray => same("A schema or a list of texts.", json!({})),
    };
    let mut definition = if dialect == Dialect::V2 { v2 } else { v3 };
    definition["description"] = json!(description);
    definition
}

fn same(description: &'static str, schema: Value) -> (&'static str, Value, Value) {
    (description, schema.clone(), schema)
}
