//! Objects beside their definition.

use serde_json::{Value, json};

use super::*;

#[test]
fn unknown_fields_go_where_nothing_keeps_them() {
    let version = version(&definition(&json!({"type": "object", "properties": {
        "size": {"type": "integer"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
                 "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}}},
        "any": {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {"type": "string"}}}},
        "all": {"type": "object", "additionalProperties": true},
        "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
        "inner": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {"a": {"type": "string"}}},
    }})));
    let mut object = widget(&json!({
        "size": 1, "sise": 2, "free": {"x": 1, "known": {"a": "", "b": 1}},
        "any": {"k": {"a": "", "b": 1}}, "all": {"x": {"y": 1}},
        "list": [{"a": ""}, {"b": 1}],
        "inner": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}, "b": 1},
    }));
    object.body["more"] = json!(1);
    let found: Vec<String> = version
        .prune(&mut object)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "unknown field \"spec.sise\" (did you mean \"size\"?)",
            "unknown field \"spec.free.known.b\"",
            "unknown field \"spec.any.k.b\"",
            "unknown field \"spec.list[1].b\"",
            "unknown field \"spec.inner.b\"",
            "unknown field \"more\"",
        ]
    );
    assert_eq!(
        object.body["spec"],
        json!({
            "size": 1, "free": {"x": 1, "known": {"a": ""}}, "any": {"k": {"a": ""}},
            "all": {"x": {"y": 1}}, "list": [{"a": ""}, {}],
            "inner": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}},
        })
    );
    assert_eq!(version.prune(&mut object), Vec::new());
}

#[test]
fn defaults_fill_what_is_absent() {
    let version = version(&definition(
        &json!({"type": "object", "default": {}, "properties": {
            "size": {"type": "integer", "default": 3},
            "none": {"type": "string", "nullable": true, "default": "x"},
            "port": {"type": "object", "properties": {"number": {"type": "integer", "default": 80}}},
            "list": {"type": "array", "items": {"type": "object", "properties": {"on": {"type": "boolean", "default": true}}}},
        }}),
    ));
    let check = |spec: Value, expected: Value| {
        let mut object = widget(&spec);
        version.default(&mut object);
        assert_eq!(object.body["spec"], expected, "{spec}");
    };
    check(Value::Null, json!({"size": 3, "none": "x"}));
    check(
        json!({"size": null, "none": null}),
        json!({"size": 3, "none": null}),
    );
    check(
        json!({"size": 1, "port": {}, "list": [{}, {"on": false}]}),
        json!({"size": 1, "port": {"number": 80}, "list": [{"on": true}, {"on": false}], "none": "x"}),
    );
}

#[test]
fn values_are_held_against_their_schema() {
    let version = version(&definition(
        &json!({"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 3},
            "name": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
            "tier": {"type": "string", "enum": ["gold", "tin"]},
            "when": {"type": "string", "format": "date-time"},
            "port": {"x-kubernetes-int-or-string": true},
            "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "hosts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
            "one": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        }}),
    ));
    let check = |field: &str, value: Value, expected: &str| {
        let mut spec = json!({"size": 3});
        spec[field] = value;
        let found = told(&version.validate(&widget(&spec), None));
        let is_there = found.iter().any(|it| it.contains(expected));
        assert!(
            is_there || (expected.is_empty() && found.is_empty()),
            "{spec}: {found:#?}"
        );
    };
    check(
        "size",
        json!("x"),
        "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"",
    );
    check("size", json!(0), "should be greater than or equal to 1");
    check("size", json!(12), "should be less than or equal to 9");
    check("size", json!(4), "should be a multiple of 3");
    check("size", json!(3.0), "");
    check("name", json!("a"), "should be at least 2 chars long");
    check("name", json!("abcde"), "Too long");
    check("name", json!("AB"), "should match '^[a-z]+$'");
    check(
        "tier",
        json!("lead"),
        "spec.tier: Unsupported value: \"lead\": supported values: \"gold\", \"tin\"",
    );
    check("when", json!("today"), "must be of type date-time");
    check("when", json!("2026-01-01T00:00:00Z"), "");
    check("port", json!(80), "");
    check("port", json!("http"), "");
    check("port", json!(true), "must be of type integer,string");
    check("tags", json!(["a", "a"]), "spec.tags[1]: Duplicate value");
    check("tags", json!(["a", "b", "c"]), "must have at most 2 items");
    check(
        "hosts",
        json!([{"name": "a"}, {"name": "a"}]),
        "spec.hosts[1]: Duplicate value",
    );
    check("hosts", json!([{}]), "spec.hosts[0].name: Required value");
    check("one", json!({}), "Found none valid");
    check(
        "one",
        json!({"a": "", "b": ""}),
        "Found 2 valid alternatives",
    );
    check("one", json!({"a": ""}), "");
    let found = told(&version.validate(&widget(&json!({})), None));
    assert_eq!(found, ["spec.size: Required value"]);
}

#[test]
fn rules_read_values_and_what_they_were() {
    let version = version(&definition(&json!({"type": "object",
    "x-kubernetes-validations": [
        {"rule": "self.least <= self.most", "message": "least may not be more than most", "fieldPath": ".least"},
        {"rule": "!has(self.until) || self.until > timestamp('2026-01-01T00:00:00Z')"},
    ],
    "properties": {
        "least": {"type": "integer"}, "most": {"type": "integer"},
        "until": {"type": "string", "format": "date-time"},
        "name": {"type": "string", "x-kubernetes-validations": [
            {"rule": "self == oldSelf", "message": "cannot be changed", "reason": "FieldValueForbidden"}]},
        "max-age": {"type": "integer", "x-kubernetes-validations": [
            {"rule": "self < 10", "messageExpression": "'is ' + string(self)"}]},
        "hosts": {"type": "array", "items": {"type": "string"}, "x-kubernetes-validations": [
            {"rule": "self.all(a, self.exists_one(b, a == b))", "message": "twice"}]},
    }})));
    let check = |spec: Value, old: Option<Value>, expected: &[&str]| {
        let mut full = json!({"least": 1, "most": 2});
        for (field, value) in spec.as_object().unwrap() {
            full[field] = value.clone();
        }
        let old = old.map(|old| widget(&old));
        assert_eq!(
            told(&version.validate(&widget(&full), old.as_ref())),
            expected,
            "{spec}"
        );
    };
    check(json!({}), None, &[]);
    check(
        json!({"least": 5}),
        None,
        &["spec.least: Invalid value: \"object\": least may not be more than most"],
    );
    check(json!({"until": "2027-01-01T00:00:00Z"}), None, &[]);
    let rule = "spec: Invalid value: \"object\": failed rule: !has(self.until) || self.until > timestamp('2026-01-01T00:00:00Z')";
    check(json!({"until": "2025-01-01T00:00:00Z"}), None, &[rule]);
    check(json!({"name": "b"}), None, &[]);
    check(
        json!({"name": "b"}),
        Some(json!({"name": "a"})),
        &["spec.name: Forbidden: cannot be changed"],
    );
    check(json!({"name": "b"}), Some(json!({"name": "b"})), &[]);
    check(
        json!({"max-age": 11}),
        None,
        &["spec.max-age: Invalid value: 11: is 11"],
    );
    check(json!({"hosts": ["a", "b"]}), None, &[]);
    check(
        json!({"hosts": ["a", "a"]}),
        None,
        &["spec.hosts: Invalid value: \"array\": twice"],
    );
    let many: Vec<String> = (0..3000).map(|it| it.to_string()).collect();
    let found = told(&version.validate(
        &widget(&json!({"least": 1, "most": 1, "hosts": many})),
        None,
    ));
    assert!(found[0].contains("is too large for a rule"), "{found:?}");
}

#[test]
fn a_scale_is_read_and_written_where_the_definition_says() {
    let spec = json!({"type": "object", "properties": {"replicas": {"type": "integer"}}});
    let version = version(&definition(&spec));
    let paths = version.scale.unwrap();
    let mut object = widget(&json!({"replicas": 2}));
    object.body["status"] = json!({"replicas": 1});
    let mut scale = paths.scale(&object).unwrap();
    assert_eq!(
        (
            &scale.body["spec"]["replicas"],
            &scale.body["status"]["replicas"]
        ),
        (&json!(2), &json!(1))
    );
    scale.body["spec"]["replicas"] = json!(5);
    paths.set(&mut object, &scale).unwrap();
    assert_eq!(object.body["spec"]["replicas"], 5);
    scale.body["spec"]["replicas"] = json!(-1);
    assert!(paths.set(&mut object, &scale).is_err());
}
