//! Definitions by themselves.

use serde_json::{Value, json};

use super::*;

#[test]
fn what_kubernetes_refuses_of_a_definition_is_refused() {
    let fine = definition(&json!({"type": "object", "properties": {"size": {"type": "integer"}}}));
    assert_eq!(told(&validate(&fine)), [""; 0]);
    let check = |pointer: &str, value: Value, expected: &str| {
        let mut object = fine.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        match object.body.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
            parent => parent[field] = value,
        }
        let found = told(&validate(&object));
        assert!(
            found.iter().any(|it| it.contains(expected)),
            "{pointer}: {found:#?}"
        );
    };
    check(
        "/metadata/name",
        json!("gadgets.example.org"),
        "must be spec.names.plural+\".\"+spec.group",
    );
    check("/spec/group", json!("example"), "at least one dot");
    check("/spec/group", json!("x.k8s.io"), "protected groups");
    check(
        "/spec/scope",
        json!("Everywhere"),
        "spec.scope: Unsupported value",
    );
    check("/spec/names/kind", json!("wrong_kind"), "spec.names.kind");
    check(
        "/spec/names/listKind",
        json!("Widget"),
        "may not be the same",
    );
    check(
        "/spec/names/plural",
        json!("Widgets"),
        "must be in lower case",
    );
    check(
        "/spec/versions",
        json!([]),
        "must have at least one version",
    );
    check("/spec/preserveUnknownFields", json!(true), "must be false");
    check(
        "/spec/conversion",
        json!({"strategy": "Webhook"}),
        "calls no webhooks",
    );
    let storage = "exactly one version marked as storage version";
    check(
        "/spec/versions/0",
        json!({"name": "v1", "served": true}),
        storage,
    );
    check(
        "/spec/versions/0",
        json!({"name": "1", "storage": true}),
        "spec.versions[0].name",
    );
    check(
        "/spec/versions/0",
        json!({"name": "v1", "storage": true}),
        "schemas are required",
    );
    let scale = "/spec/versions/0/subresources/scale/specReplicasPath";
    check(
        scale,
        json!(".status.replicas"),
        "should be a json path under .spec",
    );
    let columns = "/spec/versions/0/additionalPrinterColumns";
    check(
        columns,
        json!([{"name": "A", "type": "text", "jsonPath": ".spec"}]),
        "Unsupported value",
    );
    check(
        columns,
        json!([{"name": "A", "type": "string", "jsonPath": "spec"}]),
        "begins with a dot",
    );
    let selectable = "/spec/versions/0/selectableFields";
    check(
        selectable,
        json!([{"jsonPath": ".spec.none"}]),
        "does not refer to a valid field",
    );
}

#[test]
fn schemas_have_to_be_structural() {
    let check = |schema: Value, expected: &str| {
        let found = told(&validate(&definition(&schema)));
        let is_there = found.iter().any(|it| it.contains(expected));
        assert!(
            is_there || (expected.is_empty() && found.is_empty()),
            "{schema}: {found:#?}"
        );
    };
    let of = |property: Value| json!({"type": "object", "properties": {"it": property}});
    check(of(json!({})), "properties[it].type: Required value");
    check(of(json!({"type": "text"})), "Unsupported value");
    check(
        of(json!({"x-kubernetes-preserve-unknown-fields": true})),
        "",
    );
    check(of(json!({"x-kubernetes-int-or-string": true})), "");
    check(
        of(json!({"type": "array"})),
        "properties[it].items: Required value",
    );
    check(
        of(json!({"type": "string", "pattern": "["})),
        "valid regular expression",
    );
    check(
        of(json!({"type": "string", "$ref": "#/x"})),
        "$ref is not supported",
    );
    check(
        of(json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true})),
        "uniqueItems",
    );
    check(
        of(json!({"type": "object", "additionalProperties": false})),
        "cannot be set to false",
    );
    let both = json!({"type": "object", "additionalProperties": {"type": "string"}, "properties": {"a": {"type": "string"}}});
    check(of(both), "mutual exclusive");
    check(
        of(json!({"type": "string", "default": 1})),
        "must be of type string",
    );
    let unknown =
        json!({"type": "object", "default": {"b": 1}, "properties": {"a": {"type": "string"}}});
    check(of(unknown), "must not have unknown fields");
    check(
        of(json!({"type": "string", "anyOf": [{"default": "x"}]})),
        "must be undefined to be structural",
    );
    let outside = json!({"type": "object", "anyOf": [{"properties": {"b": {"minimum": 1}}}]});
    check(of(outside), "defined only below a logical operator");
    let keyed = |items: Value| {
        of(json!({"type": "array", "items": items,
        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}))
    };
    check(keyed(json!({"type": "string"})), "must be object");
    check(keyed(json!({"type": "object"})), "names of item properties");
    let named = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    check(
        keyed(named),
        "must have a default or be a required property",
    );
    check(
        keyed(
            json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}),
        ),
        "",
    );
    let rule =
        |rule: &str| of(json!({"type": "string", "x-kubernetes-validations": [{"rule": rule}]}));
    check(rule("self.size() > 1"), "");
    check(rule("self.size() >"), "compilation failed");
    check(rule(""), "rule is not specified");
    let root = json!({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}});
    let found = told(&validate(&with_schema(&root)));
    assert!(
        found[0].contains("other than name and generateName"),
        "{found:?}"
    );
}

#[test]
fn what_holds_objects_stays_as_it_is() {
    let mut old = definition(&json!({"type": "object"}));
    let (read, _) = Definition::read(&old);
    old.body["status"] = status(&old, &read, &Taken::default(), "2026-01-01T00:00:00Z");
    let check = |pointer: &str, value: Value, expected: &str| {
        let mut new = old.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        new.body.pointer_mut(parent).unwrap()[field] = value;
        let found = told(&validate_update(&new, &old));
        assert!(
            found.iter().any(|it| it.contains(expected)),
            "{pointer}: {found:#?}"
        );
    };
    check("/spec/scope", json!("Cluster"), "spec.scope: Invalid value");
    check("/spec/names/kind", json!("Gadget"), "field is immutable");
    check(
        "/spec/versions/0/name",
        json!("v2"),
        "objects are stored in it",
    );
    assert_eq!(validate_update(&old, &old), Vec::new());
}

#[test]
fn clients_prefer_stable_and_new_versions() {
    let mut names = ["v1alpha2", "v1", "foo", "v2beta1", "v10", "v2", "v1beta3"];
    names.sort_by_key(|it| std::cmp::Reverse(priority(it)));
    assert_eq!(
        names,
        ["v10", "v2", "v1", "v2beta1", "v1beta3", "v1alpha2", "foo"]
    );
}
