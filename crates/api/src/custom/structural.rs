//! Reads a JSON schema, and says where it is not structural.

mod place;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::rule::Rule;
use super::schema::{Additional, Limits, Pattern, Schema, Type};
use crate::Cause;
use crate::schema::ListKind;

/// Schemas inside one another.
const DEPTH: usize = 64;
/// Of one schema; one that is wrong throughout needs no longer list.
const MOST: usize = 50;

/// What Kubernetes refuses anywhere, with what it says about it.
const FORBIDDEN: [(&str, &str); 8] = [
    ("$ref", "$ref is not supported"),
    ("$schema", "is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("id", "id is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("deprecated", "deprecated is not supported"),
];
/// What belongs to the structure, and so not below `allOf`, `anyOf`, `oneOf` and `not`.
const STRUCTURE: [&str; 12] = [
    "additionalProperties",
    "default",
    "nullable",
    "title",
    "description",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
];

/// Where a schema stands in another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Structure,
    /// Below `allOf`, `anyOf`, `oneOf` or `not`, where only values are told.
    Values,
}

pub(super) struct Reader {
    problems: Vec<Cause>,
    depth: usize,
}

/// Reads the schema of a version. `field` is where it stands in the definition.
pub(super) fn read(schema: &Value, field: &str) -> (Schema, Vec<Cause>) {
    let mut reader = Reader {
        problems: Vec::new(),
        depth: 0,
    };
    let read = reader.schema(schema, field, Place::Root);
    reader.junctors(&read, field);
    reader.problems.truncate(MOST);
    (read, reader.problems)
}

impl Reader {
    fn invalid(&mut self, field: impl Into<String>, value: &Value, rule: &str) {
        self.problems.push(Cause::invalid(field, value, rule));
    }

    fn forbid(&mut self, field: impl Into<String>, rule: &str) {
        self.problems.push(Cause::forbidden(field, rule));
    }

    fn schema(&mut self, value: &Value, field: &str, place: Place) -> Schema {
        let Some(map) = value.as_object() else {
            self.invalid(field, value, "must be a schema");
            return Schema::default();
        };
        if self.depth >= DEPTH {
            self.forbid(field, "schemas are too deep inside one another");
            return Schema::default();
        }
        self.depth += 1;
        self.words(map, field, place);
        let mut schema = self.own(map, field);
        self.below(map, field, place, &mut schema);
        if place == Place::Values {
            self.values_only(map, field);
        } else {
            self.structure(&schema, map, field, place);
            schema.rules = self.rules(map, field);
        }
        self.depth -= 1;
        schema
    }

    /// What no schema of a definition may say.
    fn words(&mut self, map: &Map<String, Value>, field: &str, place: Place) {
        for (word, rule) in FORBIDDEN {
            if map.get(word).is_some_and(is_said) {
                self.forbid(format!("{field}.{word}"), rule);
            }
        }
        if map.get("uniqueItems") == Some(&Value::Bool(true)) {
            let rule =
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            self.forbid(format!("{field}.uniqueItems"), rule);
        }
        let additional = map.get("additionalProperties").filter(|it| is_said(it));
        let properties = map.get("properties").and_then(Value::as_object);
        if additional.is_some() && properties.is_some_and(|it| !it.is_empty()) {
            let rule = "additionalProperties and properties are mutual exclusive";
            self.forbid(format!("{field}.additionalProperties"), rule);
        }
        if additional == Some(&Value::Bool(false)) && place != Place::Values {
            let rule = "additionalProperties cannot be set to false";
            self.forbid(format!("{field}.additionalProperties"), rule);
        }
    }

    /// What a schema says of its own value.
    fn own(&mut self, map: &Map<String, Value>, field: &str) -> Schema {
        let flag = |word: &str| map.get(word) == Some(&Value::Bool(true));
        let text = |word: &str| map.get(word).and_then(Value::as_str).unwrap_or_default();
        let ty = Type::parse(text("type")).unwrap_or_else(|| {
            let known = ["array", "boolean", "integer", "number", "object", "string"];
            let cause = Cause::not_supported(format!("{field}.type"), &map["type"], &known);
            self.problems.push(cause);
            Type::Any
        });
        let list = match text("x-kubernetes-list-type") {
            "" | "atomic" => ListKind::Atomic,
            "set" => ListKind::Set,
            "map" => ListKind::Map,
            other => {
                let at = format!("{field}.x-kubernetes-list-type");
                let known = ["atomic", "set", "map"];
                self.problems
                    .push(Cause::not_supported(at, &json!(other), &known));
                ListKind::Atomic
            }
        };
        let map_type = text("x-kubernetes-map-type");
        if !["", "atomic", "granular"].contains(&map_type) {
            let at = format!("{field}.x-kubernetes-map-type");
            let known = ["granular", "atomic"];
            self.problems
                .push(Cause::not_supported(at, &json!(map_type), &known));
        }
        Schema {
            ty,
            nullable: flag("nullable"),
            default: map.get("default").filter(|it| !it.is_null()).cloned(),
            preserves_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            is_embedded: flag("x-kubernetes-embedded-resource"),
            is_int_or_string: flag("x-kubernetes-int-or-string"),
            list,
            list_keys: texts(map.get("x-kubernetes-list-map-keys")),
            map_atomic: map_type == "atomic",
            required: texts(map.get("required")),
            limits: self.limits(map, field),
            ..Schema::default()
        }
    }

    fn limits(&mut self, map: &Map<String, Value>, field: &str) -> Limits {
        let number = |word: &str| map.get(word).and_then(Value::as_number).cloned();
        let count = |word: &str| map.get(word).and_then(Value::as_u64);
        let flag = |word: &str| map.get(word) == Some(&Value::Bool(true));
        let text = |word: &str| map.get(word).and_then(Value::as_str).unwrap_or_default();
        let pattern = match text("pattern") {
            "" => None,
            pattern => {
                let read = Regex::new(pattern).ok();
                if read.is_none() {
                    let rule = "must be a valid regular expression";
                    self.invalid(format!("{field}.pattern"), &json!(pattern), rule);
                }
                read.map(Pattern)
            }
        };
        let values = map.get("enum").and_then(Value::as_array);
        Limits {
            values: values.cloned().unwrap_or_default(),
            format: text("format").to_owned(),
            pattern,
            minimum: number("minimum"),
            exclusive_minimum: flag("exclusiveMinimum"),
            maximum: number("maximum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            multiple_of: map.get("multipleOf").and_then(Value::as_f64),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
        }
    }

    /// The schemas inside a schema.
    fn below(&mut self, map: &Map<String, Value>, field: &str, place: Place, schema: &mut Schema) {
        let inner = match place {
            Place::Root | Place::Structure => Place::Structure,
            Place::Values => Place::Values,
        };
        let properties = map.get("properties").and_then(Value::as_object);
        schema.properties = properties
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let at = format!("{field}.properties[{name}]");
                (name.clone(), self.schema(value, &at, inner))
            })
            .collect::<BTreeMap<_, _>>();
        schema.additional = match map.get("additionalProperties") {
            Some(Value::Bool(true)) => Additional::Any,
            Some(value @ Value::Object(_)) => {
                let at = format!("{field}.additionalProperties");
                Additional::Of(Box::new(self.schema(value, &at, inner)))
            }
            _ => Additional::None,
        };
        schema.items = match map.get("items") {
            None | Some(Value::Null) => None,
            Some(Value::Array(_)) => {
                let rule = "items must be a schema object and not an array";
                self.forbid(format!("{field}.items"), rule);
                None
            }
            Some(value) => {
                let at = format!("{field}.items");
                Some(Box::new(self.schema(value, &at, inner)))
            }
        };
        let mut several = |word: &str| -> Vec<Schema> {
            let all = map.get(word).and_then(Value::as_array);
            all.into_iter()
                .flatten()
                .enumerate()
                .map(|(at, value)| {
                    self.schema(value, &format!("{field}.{word}[{at}]"), Place::Values)
                })
                .collect()
        };
        (schema.all_of, schema.any_of, schema.one_of) =
            (several("allOf"), several("anyOf"), several("oneOf"));
        schema.not = map
            .get("not")
            .filter(|it| is_said(it))
            .map(|value| Box::new(self.schema(value, &format!("{field}.not"), Place::Values)));
    }

    fn values_only(&mut self, map: &Map<String, Value>, field: &str) {
        for word in STRUCTURE {
            if map
                .get(word)
                .is_some_and(|it| is_said(it) && *it != Value::Bool(false))
            {
                self.forbid(
                    format!("{field}.{word}"),
                    "must be undefined to be structural",
                );
            }
        }
    }

    fn rules(&mut self, map: &Map<String, Value>, field: &str) -> Vec<Rule> {
        let all = map
            .get("x-kubernetes-validations")
            .and_then(Value::as_array);
        let mut rules = Vec::new();
        for (at, value) in all.into_iter().flatten().enumerate() {
            let at = format!("{field}.x-kubernetes-validations[{at}]");
            match Rule::read(value, &at) {
                Ok(rule) => rules.push(rule),
                Err(cause) => self.problems.push(cause),
            }
        }
        rules
    }
}

fn is_said(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array);
    let texts = items.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}
