//! What each place of a structural schema has to say, and what it may not.

use serde_json::{Map, Value, json};

use super::{Place, Reader, is_said};
use crate::Cause;
use crate::custom::schema::{Additional, Schema, Type};
use crate::schema::ListKind;

impl Reader {
    /// That a place has one type, and that the extensions fit it.
    pub(super) fn structure(
        &mut self,
        schema: &Schema,
        map: &Map<String, Value>,
        field: &str,
        place: Place,
    ) {
        let of = |word: &str| format!("{field}.{word}");
        match schema.ty {
            Type::Any if place == Place::Root => {
                self.problems
                    .push(Cause::required(of("type"), "must not be empty at the root"));
            }
            Type::Any if schema.is_int_or_string || schema.preserves_unknown => {}
            Type::Any => {
                let hint = "must not be empty for specified object fields, items and additional properties";
                self.problems.push(Cause::required(of("type"), hint));
            }
            ty if place == Place::Root && ty != Type::Object => {
                self.invalid(
                    of("type"),
                    &json!(ty.as_str()),
                    "must be object at the root",
                );
            }
            ty if schema.is_int_or_string => {
                let rule = "must be empty where x-kubernetes-int-or-string is true";
                self.invalid(of("type"), &json!(ty.as_str()), rule);
            }
            _ => {}
        }
        if map.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            let rule = "must be true or undefined";
            self.invalid(
                of("x-kubernetes-preserve-unknown-fields"),
                &json!(false),
                rule,
            );
        }
        if schema.is_embedded {
            if schema.ty != Type::Object {
                let rule = "must be object if x-kubernetes-embedded-resource is true";
                self.invalid(of("type"), &json!(schema.ty.as_str()), rule);
            }
            if !schema.preserves_unknown && schema.properties.is_empty() {
                let hint = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
                self.problems.push(Cause::required(of("properties"), hint));
            }
        }
        if schema.ty == Type::Array && schema.items.is_none() {
            self.problems
                .push(Cause::required(of("items"), "must be specified"));
        }
        if place == Place::Root {
            self.metadata(map, field);
        }
        self.list(schema, map, field);
    }

    /// The root may restrict names, and nothing else of the metadata.
    fn metadata(&mut self, map: &Map<String, Value>, field: &str) {
        let metadata = &map.get("properties").unwrap_or(&Value::Null)["metadata"];
        let at = format!("{field}.properties[metadata]");
        for (word, value) in metadata.as_object().into_iter().flatten() {
            let is_fine = match word.as_str() {
                "type" => value == "object",
                "description" | "properties" => true,
                _ => !is_said(value),
            };
            if !is_fine {
                let rule = "must not specify anything other than name and generateName, but metadata is implicitly specified";
                self.forbid(at.clone(), rule);
                return;
            }
        }
        for (name, _) in metadata["properties"].as_object().into_iter().flatten() {
            if !["name", "generateName"].contains(&name.as_str()) {
                let rule = "must not specify anything other than name and generateName, but metadata is implicitly specified";
                self.forbid(at.clone(), rule);
                return;
            }
        }
    }

    fn list(&mut self, schema: &Schema, map: &Map<String, Value>, field: &str) {
        let of = |word: &str| format!("{field}.{word}");
        let said = map.get("x-kubernetes-list-type").is_some_and(is_said);
        if said && schema.ty != Type::Array {
            let rule = "must be array if x-kubernetes-list-type is specified";
            self.invalid(of("type"), &json!(schema.ty.as_str()), rule);
            return;
        }
        let items = schema.items.as_deref();
        if schema.list != ListKind::Map {
            if !schema.list_keys.is_empty() {
                let rule = "must be map if x-kubernetes-list-map-keys is non-empty";
                self.invalid(of("x-kubernetes-list-type"), &json!(null), rule);
            }
            let whole = |it: &Schema| match it.ty {
                Type::Object => it.map_atomic,
                Type::Array => it.list == ListKind::Atomic,
                _ => true,
            };
            if schema.list == ListKind::Set && !items.is_some_and(whole) {
                let rule = "must be scalar or atomic items for x-kubernetes-list-type: set";
                self.invalid(of("items"), &json!(null), rule);
            }
            return;
        }
        if schema.list_keys.is_empty() {
            let hint = "must not be empty if x-kubernetes-list-type is map";
            self.problems
                .push(Cause::required(of("x-kubernetes-list-map-keys"), hint));
        }
        let Some(items) = items.filter(|items| items.ty == Type::Object) else {
            self.invalid(
                of("items.type"),
                &json!(null),
                "must be object if parent array's x-kubernetes-list-type is map",
            );
            return;
        };
        self.keys(schema, items, field);
    }

    /// The keys of a list are fields that every item has.
    fn keys(&mut self, schema: &Schema, items: &Schema, field: &str) {
        for (at, key) in schema.list_keys.iter().enumerate() {
            let at = format!("{field}.x-kubernetes-list-map-keys[{at}]");
            match items.properties.get(key) {
                None => self.invalid(
                    at,
                    &json!(key),
                    "entries must all be names of item properties",
                ),
                Some(it) if matches!(it.ty, Type::Object | Type::Array) => {
                    self.invalid(
                        at,
                        &json!(key),
                        "must be a scalar type if parent array's x-kubernetes-list-type is map",
                    );
                }
                Some(it) if it.default.is_none() && !items.required.contains(key) => {
                    let hint = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                    self.problems.push(Cause::required(
                        format!("{field}.items.properties[{key}].default"),
                        hint,
                    ));
                }
                Some(_) => {}
            }
        }
    }

    /// What is told of values has to have its place in the structure.
    pub(super) fn junctors(&mut self, schema: &Schema, field: &str) {
        let all = [
            ("allOf", &schema.all_of),
            ("anyOf", &schema.any_of),
            ("oneOf", &schema.one_of),
        ];
        for (word, values) in all {
            for (at, value) in values.iter().enumerate() {
                self.in_place(value, schema, &format!("{field}.{word}[{at}]"));
            }
        }
        if let Some(not) = &schema.not {
            self.in_place(not, schema, &format!("{field}.not"));
        }
        for (name, inner) in &schema.properties {
            self.junctors(inner, &format!("{field}.properties[{name}]"));
        }
        if let Some(items) = &schema.items {
            self.junctors(items, &format!("{field}.items"));
        }
        if let Additional::Of(inner) = &schema.additional {
            self.junctors(inner, &format!("{field}.additionalProperties"));
        }
    }

    fn in_place(&mut self, values: &Schema, place: &Schema, field: &str) {
        let is_pattern =
            place.is_int_or_string && matches!(values.ty, Type::Integer | Type::String);
        if values.ty != Type::Any && values.ty != place.ty && !is_pattern {
            self.forbid(format!("{field}.type"), "must be empty to be structural");
        }
        for (name, inner) in &values.properties {
            let at = format!("{field}.properties[{name}]");
            match place.properties.get(name) {
                Some(place) => self.in_place(inner, place, &at),
                None if place.preserves_unknown => {}
                None => self.problems.push(Cause::required(
                    at,
                    "because it is defined only below a logical operator",
                )),
            }
        }
        if let (Some(inner), Some(place)) = (&values.items, &place.items) {
            self.in_place(inner, place, &format!("{field}.items"));
        }
        let deeper = values
            .all_of
            .iter()
            .chain(&values.any_of)
            .chain(&values.one_of);
        for inner in deeper.chain(values.not.as_deref()) {
            self.in_place(inner, place, field);
        }
    }
}
