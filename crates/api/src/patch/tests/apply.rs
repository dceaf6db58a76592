use serde_json::{Value, json};

use super::*;

#[test]
fn creates_what_is_not_there_and_records_who_stated_what() {
    let created = applied(
        None,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"app": "web"}, "creationTimestamp": null},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 80}], "resources": {}}]},
            }},
            "status": {"replicas": 7},
        }),
        "kubectl",
        1,
    );
    assert_eq!(
        created.body["metadata"]["managedFields"].to_string(),
        json!([{
            "manager": "kubectl", "operation": "Apply", "apiVersion": "apps/v1",
            "time": "1970-01-01T00:00:01Z", "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {
                        ".": {}, "f:image": {}, "f:name": {},
                        "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                        "f:resources": {},
                    }}},
                }},
            },
        }])
        .to_string()
    );
    assert_eq!(created.body.get("status"), None);
    assert_eq!(created.body["metadata"].get("creationTimestamp"), None);
}

#[test]
fn the_same_again_changes_nothing_not_even_the_time() {
    let config = containers(json!([{"name": "a", "image": "1", "ports": [{"containerPort": 80}]}]));
    let live = applied(None, config.clone(), "x", 1);
    let live = updated(
        &live,
        |body| {
            body["metadata"]["uid"] = json!("u");
            body["metadata"]["resourceVersion"] = json!("9");
            body["metadata"]["creationTimestamp"] = json!("1970-01-01T00:00:01Z");
            body["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] =
                json!("TCP");
            body["spec"]["replicas"] = json!(1);
        },
        "defaults",
        1,
    );
    assert_eq!(applied(Some(&live), config, "x", 2), live);
}

#[test]
fn what_is_not_stated_any_more_goes() {
    let live = applied(
        None,
        containers(
            json!([{"name": "a", "image": "1", "env": [{"name": "E", "value": "1"}]}, {"name": "b", "image": "1"}]),
        ),
        "x",
        1,
    );
    let next = applied(
        Some(&live),
        containers(json!([{"name": "a", "image": "2"}])),
        "x",
        2,
    );
    assert_eq!(
        next.body["spec"],
        containers(json!([{"name": "a", "image": "2"}]))["spec"]
    );
    assert_eq!(
        owners(&next),
        ["x Apply@2: .spec.template.spec.containers[name=\"a\"] \
          .spec.template.spec.containers[name=\"a\"].image .spec.template.spec.containers[name=\"a\"].name"]
    );
}

#[test]
fn what_others_own_stays() {
    let live = applied(None, config_map(json!({"a": "1", "b": "1"})), "x", 1);
    let shared = applied(Some(&live), config_map(json!({"b": "1", "c": "1"})), "y", 2);
    assert_eq!(
        owners(&shared),
        ["x Apply@1: .data.a .data.b", "y Apply@2: .data.b .data.c"]
    );
    let left = applied(Some(&shared), config_map(json!({})), "x", 3);
    assert_eq!(left.body["data"], json!({"b": "1", "c": "1"}));
    assert_eq!(
        owners(&left),
        ["y Apply@2: .data.b .data.c", "x Apply@3: .data"]
    );

    // Filled in by someone who never applied: not x's to remove.
    let touched = updated(&live, |body| body["data"]["d"] = json!("1"), "editor", 4);
    let left = applied(
        Some(&touched),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}),
        "x",
        5,
    );
    assert_eq!(left.body["data"], json!({"d": "1"}));
}

#[test]
fn a_whole_struct_goes_with_its_last_field() {
    let spec =
        |security: Value| deployment(json!({"template": {"spec": {"securityContext": security}}}));
    let live = applied(None, spec(json!({"runAsUser": 1})), "x", 1);
    let live = updated(
        &live,
        |body| body["spec"]["replicas"] = json!(1),
        "defaults",
        1,
    );
    let next = applied(Some(&live), deployment(json!({})), "x", 2);
    assert_eq!(next.body["spec"], json!({"replicas": 1}));
    let hollow = applied(Some(&live), spec(json!({})), "x", 2);
    assert_eq!(
        hollow.body["spec"]["template"]["spec"],
        json!({"securityContext": {}})
    );
}

#[test]
fn lists_merge_by_their_keys_and_keep_their_order() {
    let ports = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}});
    let live = applied(
        None,
        ports(json!([{"port": 80, "name": "a"}, {"port": 53, "protocol": "UDP", "name": "u"}])),
        "x",
        1,
    );
    let next = applied(
        Some(&live),
        ports(
            json!([{"port": 53, "name": "t"}, {"port": 80, "protocol": "TCP", "targetPort": 8080}]),
        ),
        "y",
        2,
    );
    assert_eq!(
        next.body["spec"]["ports"],
        json!([
            {"port": 53, "name": "t"},
            {"port": 80, "name": "a", "protocol": "TCP", "targetPort": 8080},
            {"port": 53, "protocol": "UDP", "name": "u"},
        ])
    );
    let finalizers = |names: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "finalizers": names}});
    let live = applied(None, finalizers(json!(["a/a", "b/b"])), "x", 1);
    let live = applied(Some(&live), finalizers(json!(["c/c"])), "y", 2);
    let next = applied(Some(&live), finalizers(json!(["b/b"])), "x", 3);
    assert_eq!(next.body["metadata"]["finalizers"], json!(["b/b", "c/c"]));
}

#[test]
fn atomic_fields_are_replaced_as_one() {
    let selector = |labels: Value| deployment(json!({"selector": {"matchLabels": labels}}));
    let live = applied(None, selector(json!({"a": "1", "b": "2"})), "x", 1);
    let next = applied(Some(&live), selector(json!({"c": "3"})), "x", 2);
    assert_eq!(
        next.body["spec"]["selector"]["matchLabels"],
        json!({"c": "3"})
    );
    assert_eq!(owners(&next), ["x Apply@2: .spec.selector"]);
}

#[test]
fn null_takes_a_field_away() {
    let live = applied(None, config_map(json!({"a": "1", "b": "1"})), "x", 1);
    let next = applied(
        Some(&live),
        config_map(json!({"a": "1", "b": null})),
        "x",
        2,
    );
    assert_eq!(next.body["data"], json!({"a": "1"}));
    assert_eq!(
        applied(
            Some(&next),
            config_map(json!({"a": "1", "b": null})),
            "x",
            3
        ),
        next
    );
}

#[test]
fn a_kind_without_schema_merges_maps_and_replaces_lists() {
    let thing = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": spec});
    let live = applied(None, thing(json!({"a": {"b": 1}, "l": [1, 2]})), "x", 1);
    let next = applied(Some(&live), thing(json!({"a": {"c": 1}})), "y", 2);
    assert_eq!(
        next.body["spec"],
        json!({"a": {"b": 1, "c": 1}, "l": [1, 2]})
    );
    let status = try_apply(
        Some(&next),
        thing(json!({"l": [3]})),
        "y",
        Conflicts::Refuse,
        3,
    );
    assert_eq!(
        status.unwrap_err().message,
        "Apply failed with 1 conflict: conflict with \"x\": .spec.l"
    );
}

#[test]
fn the_status_of_an_object_is_applied_through_its_subresource() {
    let manager = Manager {
        name: "x",
        subresource: "status",
    };
    let live = applied(None, deployment(json!({"replicas": 3})), "y", 1);
    let mut config = Object::from(deployment(json!({"replicas": 9})));
    config.body["status"] = json!({"replicas": 3});
    let next = apply(
        Some(&live),
        &config,
        &manager,
        Conflicts::Refuse,
        at(2),
        schema_of(&config),
    )
    .unwrap();
    assert_eq!(next.body["spec"]["replicas"], 3);
    assert_eq!(next.body["status"]["replicas"], 3);
    assert_eq!(
        owners(&next),
        ["y Apply@1: .spec.replicas", "x Apply@2: .status.replicas"]
    );
}
