//! Walks a value beside its type.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Findings, Mistyped, TypeProblem, Unknown, nearest};
use crate::Quantity;
use crate::schema::{self, FieldType, Special, Type};

/// Of each sort; a body that is wrong throughout needs no longer list.
const MAX_FINDINGS: usize = 100;

pub(super) const TYPE_META: [&str; 2] = ["apiVersion", "kind"];

#[derive(Default)]
pub(super) struct Checker {
    pub(super) findings: Findings,
    path: String,
    /// The struct whose field is being read.
    owner: &'static str,
}

impl Checker {
    pub(super) fn root(&mut self, ty: &'static Type, body: &Value) {
        self.owner = short(ty.name);
        match body {
            Value::Object(map) => self.fields(ty, map, true),
            other => self.mistyped(other, short(ty.name)),
        }
    }

    /// The metadata of an object, which is all that is known of its kind.
    pub(super) fn metadata(&mut self, ty: &'static Type, metadata: &Value) {
        self.path.push_str("metadata");
        match metadata {
            Value::Object(map) => self.fields(ty, map, false),
            other => self.mistyped(other, short(ty.name)),
        }
    }

    fn fields(&mut self, ty: &'static Type, map: &Map<String, Value>, is_root: bool) {
        let has_type_meta = is_root || ty.gvk.is_some();
        let outer = std::mem::replace(&mut self.owner, short(ty.name));
        let length = self.path.len();
        for (key, value) in map {
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            match ty.child(key) {
                Some(field) => self.value(&field.ty, value),
                None if has_type_meta && TYPE_META.contains(&key.as_str()) => {
                    self.value(&FieldType::String, value);
                }
                None => self.unknown(ty, key, has_type_meta),
            }
            self.path.truncate(length);
        }
        self.owner = outer;
    }

    fn value(&mut self, ty: &FieldType, value: &Value) {
        if value.is_null() {
            return;
        }
        match (ty, value) {
            (FieldType::Named(named), Value::Object(map)) => self.fields(named.get(), map, false),
            (FieldType::Named(named), other) => self.mistyped(other, short(named.get().name)),
            (FieldType::List(element), Value::Array(list)) => self.items(element, list),
            (FieldType::List(_), other) => self.mistyped(other, "[]"),
            (FieldType::Map(element), Value::Object(map)) => self.entries(element, map),
            (FieldType::Map(_), other) => self.mistyped(other, "map"),
            (FieldType::String, Value::String(_))
            | (FieldType::Bool, Value::Bool(_))
            | (FieldType::Double, Value::Number(_)) => {}
            (FieldType::String, other) => self.mistyped(other, "string"),
            (FieldType::Bool, other) => self.mistyped(other, "bool"),
            (FieldType::Double, other) => self.mistyped(other, "float64"),
            (FieldType::Int32, other) => {
                if other
                    .as_i64()
                    .is_none_or(|whole| i32::try_from(whole).is_err())
                {
                    self.mistyped(other, "int32");
                }
            }
            (FieldType::Int64, other) => {
                if other.as_i64().is_none() {
                    self.mistyped(other, "int64");
                }
            }
            (FieldType::Bytes, Value::String(text)) => {
                if STANDARD.decode(text.replace(['\n', '\r'], "")).is_err() {
                    self.malformed("illegal base64 data");
                }
            }
            (FieldType::Bytes, other) => self.mistyped(other, "[]uint8"),
            (FieldType::Special(special), other) => self.special(*special, other),
        }
    }

    fn items(&mut self, element: &FieldType, list: &[Value]) {
        let length = self.path.len();
        for (index, value) in list.iter().enumerate() {
            let _ = write!(self.path, "[{index}]");
            self.value(element, value);
            self.path.truncate(length);
        }
    }

    fn entries(&mut self, element: &FieldType, map: &Map<String, Value>) {
        let length = self.path.len();
        for (key, value) in map {
            self.path.push('.');
            self.path.push_str(key);
            self.value(element, value);
            self.path.truncate(length);
        }
    }

    fn special(&mut self, special: Special, value: &Value) {
        match (special, value) {
            (Special::Quantity, Value::String(_) | Value::Number(_)) => {
                if Quantity::from_json(value).is_err() {
                    self.malformed(
                        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                    );
                }
            }
            (Special::Quantity, other) => self.mistyped(other, "Quantity"),
            (Special::Time | Special::MicroTime, Value::String(text)) => {
                if crate::parse_time(text).is_none() {
                    self.malformed("must be a time such as \"2006-01-02T15:04:05Z\" (RFC 3339)");
                }
            }
            (Special::Time | Special::MicroTime, other) => self.mistyped(other, "Time"),
            (Special::RawExtension | Special::FieldsV1 | Special::Json, _)
            | (Special::IntOrString, Value::String(_))
            | (Special::SchemaOrBool, Value::Bool(_)) => {}
            (Special::IntOrString, other) => self.value(&FieldType::Int32, other),
            (Special::StringList, Value::Array(list)) => self.items(&FieldType::String, list),
            (Special::StringList, other) => self.mistyped(other, "[]string"),
            (Special::SchemaOrArray, Value::Array(list)) => {
                let length = self.path.len();
                for (index, value) in list.iter().enumerate() {
                    let _ = write!(self.path, "[{index}]");
                    self.schema(value);
                    self.path.truncate(length);
                }
            }
            (Special::SchemaOrStringArray, Value::Array(list)) => {
                self.items(&FieldType::String, list);
            }
            (
                Special::SchemaOrArray | Special::SchemaOrBool | Special::SchemaOrStringArray,
                other,
            ) => {
                self.schema(other);
            }
        }
    }

    fn schema(&mut self, value: &Value) {
        let ty = schema::named("apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
        match (ty, value) {
            (Some(ty), Value::Object(map)) => self.fields(ty, map, false),
            (_, other) => self.mistyped(other, "JSONSchemaProps"),
        }
    }

    fn unknown(&mut self, ty: &Type, key: &str, has_type_meta: bool) {
        if self.findings.unknown.len() >= MAX_FINDINGS {
            return;
        }
        let type_meta = TYPE_META.into_iter().filter(|_| has_type_meta);
        self.findings.unknown.push(Unknown {
            field: self.path.clone(),
            suggestion: nearest(key, ty.json_keys().chain(type_meta)).map(str::to_owned),
        });
    }

    fn mistyped(&mut self, value: &Value, expected: &'static str) {
        let found = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Number(number) if expected.starts_with("int") => format!("number {number}"),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        self.problem(TypeProblem::Type { found, expected });
    }

    fn malformed(&mut self, rule: &'static str) {
        self.problem(TypeProblem::Form(rule));
    }

    fn problem(&mut self, problem: TypeProblem) {
        if self.findings.mistyped.len() < MAX_FINDINGS {
            self.findings.mistyped.push(Mistyped {
                field: self.path.clone(),
                owner: self.owner,
                problem,
            });
        }
    }
}

/// `api.apps.v1.DeploymentSpec` to `DeploymentSpec`.
fn short(name: &'static str) -> &'static str {
    name.rsplit_once('.').map_or(name, |(_, short)| short)
}
