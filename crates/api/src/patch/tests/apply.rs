#![expect(
    clippy::needless_pass_by_value,
    reason = "literals read better without a reference"
)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::GroupVersionKind;
use crate::patch::manage::update;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn schema_of(object: &Object) -> Option<&'static Type> {
    crate::schema::kind(&GroupVersionKind::from_type_meta(
        object.text("/apiVersion"),
        object.kind(),
    ))
}

fn try_apply(
    live: Option<&Object>,
    config: Value,
    name: &str,
    conflicts: Conflicts,
    second: i64,
) -> Result<Object, Status> {
    let config = Object::from(config);
    let manager = Manager {
        name,
        subresource: "",
    };
    apply(
        live,
        &config,
        &manager,
        conflicts,
        at(second),
        schema_of(&config),
    )
}

#[track_caller]
fn applied(live: Option<&Object>, config: Value, name: &str, second: i64) -> Object {
    try_apply(live, config, name, Conflicts::Refuse, second).unwrap()
}

fn updated(live: &Object, change: impl FnOnce(&mut Value), name: &str, second: i64) -> Object {
    let mut new = live.clone();
    change(&mut new.body);
    let manager = Manager {
        name,
        subresource: "",
    };
    let schema = schema_of(&new);
    update(Some(live), &mut new, &manager, at(second), schema);
    new
}

/// `manager operation@second: fields` of every entry.
fn owners(object: &Object) -> Vec<String> {
    let describe = |entry: &Entry| {
        let second = entry.time.as_deref().and_then(crate::parse_time);
        let second = second.map_or(-1, Timestamp::as_second);
        let paths = entry.fields.paths().join(" ");
        format!("{} {:?}@{second}: {paths}", entry.manager, entry.operation)
    };
    Managed::of(object).entries.iter().map(describe).collect()
}

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

fn containers(containers: Value) -> Value {
    deployment(json!({"template": {"spec": {"containers": containers}}}))
}

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
}

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
fn another_managers_fields_conflict() {
    let live = applied(
        None,
        deployment(json!({"replicas": 3, "minReadySeconds": 1})),
        "x",
        1,
    );
    let live = updated(
        &live,
        |body| body["spec"]["replicas"] = json!(5),
        "kubectl-client-side-apply",
        2,
    );
    let wish = || deployment(json!({"replicas": 3}));
    let status = try_apply(Some(&live), wish(), "y", Conflicts::Refuse, 3).unwrap_err();
    assert_eq!(status.code(), 409);
    assert_eq!(
        status.message,
        "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas"
    );
    assert_eq!(
        status.causes,
        [crate::Cause {
            reason: "FieldManagerConflict".into(),
            message: "conflict with \"kubectl-client-side-apply\" using apps/v1".into(),
            field: ".spec.replicas".into(),
        }]
    );
    let forced = try_apply(Some(&live), wish(), "y", Conflicts::Force, 3).unwrap();
    assert_eq!(
        forced.body["spec"],
        json!({"replicas": 3, "minReadySeconds": 1})
    );
    assert_eq!(
        owners(&forced),
        [
            "x Apply@1: .spec.minReadySeconds",
            "y Apply@3: .spec.replicas"
        ]
    );
    // The same value is no conflict: both own it.
    assert!(
        try_apply(
            Some(&live),
            deployment(json!({"replicas": 5})),
            "y",
            Conflicts::Refuse,
            3
        )
        .is_ok()
    );
}

#[test]
fn many_conflicts_are_listed_by_manager() {
    let live = applied(
        None,
        containers(json!([{"name": "web", "image": "1"}])),
        "a",
        1,
    );
    let live = updated(&live, |body| body["spec"]["paused"] = json!(true), "b", 1);
    let mut wish = containers(json!([{"name": "web", "image": "2"}]));
    wish["spec"]["paused"] = json!(false);
    let status = try_apply(Some(&live), wish, "c", Conflicts::Refuse, 2).unwrap_err();
    assert_eq!(
        status.message,
        "Apply failed with 2 conflicts: conflicts with \"a\":\n- .spec.template.spec.containers[name=\"web\"].image\n\
         conflicts with \"b\" using apps/v1:\n- .spec.paused"
    );
}

#[test]
fn kubectl_takes_over_what_it_applied_from_the_client() {
    let annotated = |spec: &Value, replicas: i64| {
        let mut body = deployment(spec.clone());
        let applied = body.to_string();
        body["metadata"]["annotations"] = json!({LAST_APPLIED: applied});
        body["spec"]["replicas"] = json!(replicas);
        let mut object = Object::from(body);
        let manager = Manager {
            name: "kubectl-client-side-apply",
            subresource: "",
        };
        let schema = schema_of(&object);
        update(None, &mut object, &manager, at(1), schema);
        object
    };
    let wish = deployment(json!({"replicas": 4}));
    let taken = applied(
        Some(&annotated(&json!({"replicas": 3}), 3)),
        wish.clone(),
        "kubectl",
        2,
    );
    assert_eq!(taken.body["spec"]["replicas"], 4);
    assert_eq!(
        taken.annotation(LAST_APPLIED).unwrap(),
        "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"default\"},\"spec\":{\"replicas\":4}}\n"
    );
    // Changed since by other means, or applied by another manager: no proof.
    for (live, name) in [
        (annotated(&json!({"replicas": 3}), 9), "kubectl"),
        (annotated(&json!({"replicas": 3}), 3), "flux"),
    ] {
        let status = try_apply(Some(&live), wish.clone(), name, Conflicts::Refuse, 2).unwrap_err();
        assert_eq!(status.code(), 409);
    }
}

#[test]
fn what_nobody_managed_belongs_to_before_first_apply() {
    let live = Object::from(config_map(json!({"a": "1"})));
    let status = try_apply(
        Some(&live),
        config_map(json!({"a": "2"})),
        "x",
        Conflicts::Refuse,
        1,
    )
    .unwrap_err();
    assert_eq!(
        status.message,
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.a"
    );
    let next = applied(Some(&live), config_map(json!({"b": "1"})), "x", 1);
    assert_eq!(
        owners(&next),
        [
            "x Apply@1: .data.b",
            "before-first-apply Update@1: .data .data.a"
        ]
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
fn refuses_what_cannot_be_applied() {
    let live = applied(None, config_map(json!({})), "x", 1);
    let refused = |config: Value, message: &str| {
        let status = try_apply(Some(&live), config, "x", Conflicts::Refuse, 2).unwrap_err();
        assert_eq!((status.code(), status.message.as_str()), (400, message));
    };
    let mut config = config_map(json!({}));
    config["metadata"]["managedFields"] = json!([]);
    refused(config, "metadata.managedFields must be nil");
    let mut config = config_map(json!({}));
    config["apiVersion"] = json!("v2");
    refused(
        config,
        "Incorrect version specified in apply patch. Specified patch version: v2, expected: v1",
    );
    let status = try_apply(
        None,
        containers(json!([{"name": "a", "env": [{"name": "E"}, {"name": "E"}]}])),
        "x",
        Conflicts::Refuse,
        1,
    );
    assert_eq!(
        status.unwrap_err().message,
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): \
         .spec.template.spec.containers[name=\"a\"].env: duplicate entries for key [name=\"E\"]"
    );
    let status = try_apply(
        None,
        containers(json!([{"image": "a"}])),
        "x",
        Conflicts::Refuse,
        1,
    );
    assert!(status.unwrap_err().message.ends_with(
        ".spec.template.spec.containers[0]: associative list with keys has an element that omits key field \"name\" (and doesn't have default value)"
    ));
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

fn pod() -> impl Strategy<Value = Value> {
    let port = (80..83_i64, prop::option::of(Just("UDP"))).prop_map(|(port, protocol)| {
        let mut item = json!({"containerPort": port});
        if let Some(protocol) = protocol {
            item["protocol"] = json!(protocol);
        }
        item
    });
    let ports = prop::collection::vec(port, 0..3).prop_map(|mut ports| {
        let mut seen = Vec::new();
        ports.retain(|port| {
            let is_new = !seen.contains(port);
            seen.push(port.clone());
            is_new
        });
        ports
    });
    let container = ("[a-c]", ports, prop::collection::vec("[a-z]", 0..2));
    let containers = prop::collection::btree_map("[a-d]", container, 0..4).prop_map(|containers| {
        let container = |(name, (image, ports, args))| json!({"name": name, "image": image, "ports": ports, "args": args});
        containers.into_iter().map(container).collect::<Vec<_>>()
    });
    let labels = prop::collection::btree_map("[a-c]", "[0-1]", 0..3);
    let tolerations = prop::collection::vec("[a-b]", 0..3);
    (labels, containers, tolerations).prop_map(|(labels, containers, tolerations)| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": labels},
            "spec": {"containers": containers, "tolerations": tolerations.iter().map(|key| json!({"key": key})).collect::<Vec<_>>()}})
    })
}

proptest! {
    #[test]
    fn twice_is_once(first in pod(), second in pod(), third in pod()) {
        let live = applied(None, first, "x", 1);
        let live = try_apply(Some(&live), second, "y", Conflicts::Force, 2).unwrap();
        let once = try_apply(Some(&live), third.clone(), "x", Conflicts::Force, 3).unwrap();
        let twice = try_apply(Some(&once), third, "x", Conflicts::Refuse, 4).unwrap();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn what_one_states_alone_is_all_there_is(first in pod(), second in pod()) {
        let live = applied(None, first, "x", 1);
        let next = applied(Some(&live), second.clone(), "x", 2);
        let fresh = applied(None, second, "x", 2);
        let fields = |object: &Object| Managed::of(object).entries.remove(0).fields;
        prop_assert_eq!(fields(&next), fields(&fresh));
        prop_assert_eq!(&next.body["spec"], &fresh.body["spec"]);
    }
}
