use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::GroupVersionKind;

fn schema(group: &str, kind: &str) -> Option<&'static Type> {
    crate::schema::kind(&GroupVersionKind::new(group, "v1", kind))
}

#[track_caller]
fn check(kind: (&str, &str), original: &Value, patch: &Value, expected: &Value) {
    let merged = merge(original, patch, schema(kind.0, kind.1)).unwrap();
    assert_eq!(merged.to_string(), expected.to_string(), "{patch}");
}

#[track_caller]
fn refused(kind: (&str, &str), original: &Value, patch: &Value, code: u16, start: &str) {
    let status = merge(original, patch, schema(kind.0, kind.1)).unwrap_err();
    assert_eq!(status.code(), code, "{status}");
    assert!(status.message.starts_with(start), "{status}");
}

const POD: (&str, &str) = ("", "Pod");
const DEPLOYMENT: (&str, &str) = ("apps", "Deployment");

fn containers(items: &Value) -> Value {
    json!({"spec": {"containers": items}})
}

#[test]
fn objects_merge_and_null_deletes() {
    check(
        POD,
        &json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "x": {"y": [1]}}),
        &json!({"metadata": {"labels": {"a": null, "c": "3", "d": null}}, "x": {"y": [2], "z": {"n": null}}}),
        &json!({"metadata": {"labels": {"b": "2", "c": "3"}}, "x": {"y": [2], "z": {}}}),
    );
}

#[test]
fn lists_of_objects_merge_by_key() {
    let live = containers(&json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]));
    check(
        POD,
        &live,
        &containers(
            &json!([{"name": "b", "image": "2"}, {"name": "c", "env": [{"name": "E", "value": null}]}]),
        ),
        &containers(&json!([
            {"name": "a", "image": "1"}, {"name": "b", "image": "2"}, {"name": "c", "env": [{"name": "E"}]}
        ])),
    );
    check(
        POD,
        &live,
        &containers(&json!([{"name": "a", "$patch": "delete"}])),
        &containers(&json!([{"name": "b", "image": "1"}])),
    );
    check(
        POD,
        &live,
        &containers(&json!([{"name": "c"}, {"$patch": "replace"}])),
        &containers(&json!([{"name": "c"}])),
    );
    check(
        POD,
        &live,
        &containers(&json!([{"name": "a", "$patch": "merge", "image": "3"}])),
        &containers(&json!([{"name": "a", "image": "3"}, {"name": "b", "image": "1"}])),
    );
    refused(
        POD,
        &live,
        &containers(&json!([{"image": "x"}])),
        422,
        "map: {\"image\":\"x\"} does not contain declared merge key: name",
    );
    refused(
        POD,
        &live,
        &containers(&json!([{"name": "a", "$patch": "jump"}])),
        422,
        "unknown patch type: \"jump\"",
    );
    refused(
        POD,
        &live,
        &containers(&json!([1])),
        422,
        "list element types",
    );
}

#[test]
fn lists_without_a_strategy_are_replaced() {
    check(
        POD,
        &containers(&json!([{"name": "a", "args": ["1", "2"]}])),
        &containers(&json!([{"name": "a", "args": ["3"]}])),
        &containers(&json!([{"name": "a", "args": ["3"]}])),
    );
    check(
        POD,
        &json!({"spec": {"tolerations": [{"key": "a"}]}}),
        &json!({"spec": {"tolerations": [{"key": "b"}]}}),
        &json!({"spec": {"tolerations": [{"key": "b"}]}}),
    );
}

#[test]
fn lists_of_scalars_merge_and_lose_values() {
    let live = json!({"metadata": {"finalizers": ["a", "b"]}});
    check(
        POD,
        &live,
        &json!({"metadata": {"finalizers": ["c", "a"]}}),
        &json!({"metadata": {"finalizers": ["c", "a", "b"]}}),
    );
    check(
        POD,
        &live,
        &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}}),
        &json!({"metadata": {"finalizers": ["c", "b"]}}),
    );
    check(
        POD,
        &json!({"metadata": {}}),
        &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}),
        &json!({"metadata": {}}),
    );
    refused(
        POD,
        &live,
        &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": "a"}}),
        400,
        "invalid patch format of primitive list",
    );
}

#[test]
fn element_order_is_set() {
    let names =
        |names: &[&str]| -> Value { names.iter().map(|name| json!({"name": name})).collect() };
    let order = |order: &[&str], patch: Option<Value>| {
        let mut spec = json!({"$setElementOrder/containers": names(order)});
        if let Some(patch) = patch {
            spec["containers"] = patch;
        }
        json!({"spec": spec})
    };
    let live = containers(&names(&["a", "server", "b", "c"]));
    check(
        POD,
        &live,
        &order(&["c", "b", "a"], None),
        &containers(&names(&["server", "c", "b", "a"])),
    );
    check(
        POD,
        &live,
        &order(
            &["new", "b", "a"],
            Some(json!([{"name": "new"}, {"name": "c", "$patch": "delete"}])),
        ),
        &containers(&names(&["new", "server", "b", "a"])),
    );
    refused(
        POD,
        &live,
        &order(&["a", "b"], Some(names(&["b", "a"]))),
        422,
        "The order in patch list:",
    );
    refused(
        POD,
        &live,
        &json!({"spec": {"$setElementOrder/containers": 1}}),
        400,
        "invalid patch format of setElementOrder list",
    );
    check(
        POD,
        &json!({"metadata": {"finalizers": ["a", "b", "c"]}}),
        &json!({"metadata": {"$setElementOrder/finalizers": ["c", "a"]}}),
        &json!({"metadata": {"finalizers": ["b", "c", "a"]}}),
    );
}

#[test]
fn retained_keys_are_all_that_stays() {
    let live =
        json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
    check(
        DEPLOYMENT,
        &live,
        &json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
        &json!({"spec": {"strategy": {"type": "Recreate"}}}),
    );
    refused(
        DEPLOYMENT,
        &live,
        &json!({"spec": {"strategy": {"$retainKeys": ["rollingUpdate"], "type": "Recreate"}}}),
        400,
        "invalid patch format of retainKeys",
    );
    check(
        POD,
        &json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}),
        &json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}}),
        &json!({"spec": {"volumes": [{"name": "v", "configMap": {"name": "c"}}]}}),
    );
}

#[test]
fn objects_are_replaced_or_emptied_on_demand() {
    let live = json!({"metadata": {"labels": {"a": "1"}}});
    check(
        POD,
        &live,
        &json!({"metadata": {"labels": {"$patch": "replace", "b": "2"}}}),
        &json!({"metadata": {"labels": {"b": "2"}}}),
    );
    check(
        POD,
        &live,
        &json!({"metadata": {"labels": {"$patch": "delete"}}}),
        &json!({"metadata": {"labels": {}}}),
    );
    check(
        ("policy", "PodDisruptionBudget"),
        &json!({"spec": {"selector": {"matchLabels": {"a": "1"}}}}),
        &json!({"spec": {"selector": {"matchLabels": {"b": "2"}}}}),
        &json!({"spec": {"selector": {"matchLabels": {"b": "2"}}}}),
    );
    refused(
        POD,
        &live,
        &json!({"metadata": {"$patch": 1}}),
        422,
        "unknown patch type",
    );
}

#[test]
fn needs_a_schema_and_an_object() {
    let status = merge(&json!({}), &json!({}), None).unwrap_err();
    assert_eq!(status.code(), 415);
    refused(POD, &json!({}), &json!([]), 400, "invalid JSON document");
}

fn pod() -> impl Strategy<Value = Value> {
    let container = ("[a-d]", "[a-c]", prop::collection::vec("[a-z]", 0..3))
        .prop_map(|(name, image, args)| json!({"name": name, "image": image, "args": args}));
    let finalizers = prop::collection::btree_set("[a-e]", 0..4);
    (prop::collection::vec(container, 0..4), finalizers).prop_map(|(containers, finalizers)| {
        json!({"metadata": {"finalizers": finalizers}, "spec": {"containers": containers}})
    })
}

proptest! {
    #[test]
    fn an_empty_patch_changes_nothing(pod in pod()) {
        let merged = merge(&pod, &json!({}), schema("", "Pod")).unwrap();
        prop_assert_eq!(merged.to_string(), pod.to_string());
    }

    #[test]
    fn a_patch_is_idempotent(pod in pod(), patch in pod()) {
        let once = merge(&pod, &patch, schema("", "Pod")).unwrap();
        let twice = merge(&once, &patch, schema("", "Pod")).unwrap();
        prop_assert_eq!(once, twice);
    }
}
