use serde_json::json;

use super::*;
use crate::patch::apply::LAST_APPLIED;

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

fn service(ports: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}})
}

#[test]
fn who_reclaims_drops_what_was_put_into_its_lists_by_hand() {
    let wish = || service(json!([{"name": "http", "port": 80, "protocol": "TCP"}]));
    let reclaimed =
        |live: &Object| try_apply(Some(live), wish(), "kedge", Conflicts::Reclaim, 9).unwrap();
    let live = applied(None, wish(), "kedge", 1);
    let check = |ports: Value, manager: &str, left: &[i64]| {
        let touched = updated(&live, |body| body["spec"]["ports"] = ports, manager, 2);
        let done = reclaimed(&touched);
        let ports = done.body["spec"]["ports"].as_array().unwrap();
        let mut numbers: Vec<i64> = ports.iter().filter_map(|it| it["port"].as_i64()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, left, "{manager}");
        assert_eq!(reclaimed(&done), done, "a second time changes nothing");
    };
    let port = |name: &str, port: i64| json!({"name": name, "port": port, "protocol": "TCP"});
    // The server would take neither of two ports with one name, whoever gave it.
    check(json!([port("http", 81)]), "kubectl-patch", &[80]);
    check(json!([port("http", 81)]), "dashboard", &[80]);
    let both = || json!([port("http", 80), port("admin", 81)]);
    check(both(), "kubectl-edit", &[80]);
    check(both(), "sidecar-controller", &[80, 81]);

    // Fields that only others set are not items of a list that is stated.
    let labelled = updated(
        &live,
        |body| {
            body["metadata"]["labels"] = json!({"team": "a"});
            body["spec"]["externalIPs"] = json!(["10.0.0.9"]);
        },
        "kubectl-label",
        2,
    );
    let kept = reclaimed(&labelled);
    assert_eq!(kept.body["metadata"]["labels"], json!({"team": "a"}));
    assert_eq!(kept.body["spec"]["externalIPs"], json!(["10.0.0.9"]));

    // What is applied under another name is stated on purpose.
    let shared = service(json!([port("admin", 81)]));
    let shared = applied(Some(&live), shared, "kubectl", 2);
    assert_eq!(
        reclaimed(&shared).body["spec"]["ports"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn who_reclaims_leaves_the_lists_of_others_below_its_own_items() {
    let container = |more: Value| {
        let mut container =
            json!({"name": "web", "image": "1", "env": [{"name": "A", "value": "1"}]});
        container
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
               "spec": {"template": {"spec": {"containers": [container]}}}})
    };
    let live = applied(None, container(json!({})), "kedge", 1);
    let set = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                     "envFrom": [{"configMapRef": {"name": "c"}}]});
    let spec = container(set)["spec"].clone();
    let touched = updated(&live, |body| body["spec"] = spec, "kubectl-set", 2);
    let done = try_apply(
        Some(&touched),
        container(json!({})),
        "kedge",
        Conflicts::Reclaim,
        3,
    );
    let done = done.unwrap();
    let left = &done.body["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(left["env"], json!([{"name": "A", "value": "1"}]));
    assert!(left["envFrom"].is_array(), "Git states no envFrom");
}
