use serde_json::{Value, json};

use super::*;

fn manager<'a>(name: &'a str, subresource: &'a str) -> Manager<'a> {
    Manager { name, subresource }
}

/// Stores `body` over `old` at a second of 1970.
fn store(old: Option<&Object>, body: Value, manager: Manager<'_>, second: i64) -> Object {
    let mut new = Object::from(body);
    if let Some(old) = old.filter(|_| new.pointer("/metadata/managedFields").is_none()) {
        let managed = old.body["metadata"]["managedFields"].clone();
        new.metadata_mut().insert("managedFields".into(), managed);
    }
    let schema = schema_of(&new);
    update(old, &mut new, &manager, at(second), schema);
    new
}

fn stored_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "uid": "u", "resourceVersion": "1"}, "data": data})
}

#[test]
fn a_created_deployment_is_owned_as_kubernetes_does() {
    let created = store(
        None,
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "1", "generation": 1,
                "creationTimestamp": "1970-01-01T00:00:01Z", "labels": {"app": "web"}},
            "spec": {
                "replicas": 1, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
                "selector": {"matchLabels": {"app": "web"}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
                "template": {
                    "metadata": {"creationTimestamp": null, "labels": {"app": "web"}},
                    "spec": {
                        "containers": [{
                            "name": "nginx", "image": "nginx", "imagePullPolicy": "Always", "resources": {},
                            "ports": [{"containerPort": 80, "protocol": "TCP"}],
                            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                        }],
                        "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                        "securityContext": {}, "terminationGracePeriodSeconds": 30,
                    },
                },
            },
            "status": {},
        }),
        manager("kubectl-create", ""),
        1,
    );
    let expected = json!([{
        "manager": "kubectl-create", "operation": "Update", "apiVersion": "apps/v1",
        "time": "1970-01-01T00:00:01Z", "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:progressDeadlineSeconds": {}, "f:replicas": {}, "f:revisionHistoryLimit": {}, "f:selector": {},
                "f:strategy": {"f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}}, "f:type": {}},
                "f:template": {
                    "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                    "f:spec": {
                        "f:containers": {"k:{\"name\":\"nginx\"}": {
                            ".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {},
                            "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {
                                ".": {}, "f:containerPort": {}, "f:protocol": {},
                            }},
                            "f:resources": {}, "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
                        }},
                        "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {},
                        "f:terminationGracePeriodSeconds": {},
                    },
                },
            },
        },
    }]);
    let managed = &created.body["metadata"]["managedFields"];
    assert_eq!(managed.to_string(), expected.to_string());

    let mut with_status = created.body.clone();
    with_status["status"] =
        json!({"replicas": 1, "conditions": [{"type": "Available", "status": "True"}]});
    with_status["spec"]["replicas"] = json!(5);
    let controlled = store(
        Some(&created),
        with_status,
        manager("kube-controller-manager", "status"),
        2,
    );
    assert_eq!(
        controlled.body["metadata"]["managedFields"][1],
        json!({
            "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
            "time": "1970-01-01T00:00:02Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:status": {
                "f:conditions": {".": {}, "k:{\"type\":\"Available\"}": {".": {}, "f:status": {}, "f:type": {}}},
                "f:replicas": {},
            }},
            "subresource": "status",
        })
    );

    let mut packed = controlled.clone();
    pack(&mut packed);
    assert!(packed.body["metadata"]["managedFields"][0]["fieldsV1"].is_string());
    assert_eq!(Managed::of(&packed), Managed::of(&controlled));
}

#[test]
fn a_change_goes_to_who_made_it_and_a_removal_to_nobody() {
    let first = store(
        None,
        stored_map(json!({"a": "1", "b": "1"})),
        manager("x", ""),
        1,
    );
    assert_eq!(owners(&first), ["x Update@1: .data .data.a .data.b"]);

    let second = store(
        Some(&first),
        stored_map(json!({"a": "2", "b": "1", "c": "1"})),
        manager("y", ""),
        2,
    );
    assert_eq!(
        owners(&second),
        ["x Update@1: .data .data.b", "y Update@2: .data.a .data.c"]
    );

    let same = store(
        Some(&second),
        stored_map(json!({"a": "2", "b": "1", "c": "1"})),
        manager("z", ""),
        3,
    );
    assert_eq!(same, second);

    let third = store(
        Some(&same),
        stored_map(json!({"b": "1", "c": "3"})),
        manager("y", ""),
        4,
    );
    assert_eq!(
        owners(&third),
        ["x Update@1: .data .data.b", "y Update@4: .data.c"]
    );
}

#[test]
fn metadata_that_the_server_sets_is_nobodys() {
    let mut body = stored_map(json!({}));
    body["metadata"]["finalizers"] = json!(["a/b"]);
    body["metadata"]["deletionTimestamp"] = json!("1970-01-01T00:00:01Z");
    body["metadata"]["generateName"] = json!("c-");
    body["metadata"]["ownerReferences"] =
        json!([{"uid": "o", "name": "n", "kind": "K", "apiVersion": "v1"}]);
    let object = store(None, body, manager("x", ""), 1);
    assert_eq!(
        owners(&object),
        [
            "x Update@1: .data .metadata.finalizers .metadata.generateName .metadata.ownerReferences \
          .metadata.finalizers[=\"a/b\"] .metadata.ownerReferences[uid=\"o\"]"
        ]
    );
}

#[test]
fn managed_fields_are_reset_by_one_empty_entry_only() {
    let stored = store(None, stored_map(json!({"a": "1"})), manager("x", ""), 1);
    let send = |managed: Value, subresource: &str| {
        let mut body = stored.body.clone();
        body["metadata"]["managedFields"] = managed;
        let after = store(Some(&stored), body, manager("y", subresource), 2);
        after.body["metadata"].get("managedFields").cloned()
    };
    let kept = Some(stored.body["metadata"]["managedFields"].clone());
    assert_eq!(send(json!([{}]), ""), None);
    assert_eq!(send(json!([{}]), "status"), kept);
    assert_eq!(send(json!([]), ""), kept);
    assert_eq!(send(Value::Null, ""), kept);
    assert_eq!(send(json!([{"manager": "broken"}]), ""), kept);

    let mut renamed = stored.body["metadata"]["managedFields"].clone();
    renamed[0]["manager"] = json!("kubectl");
    assert_eq!(send(renamed.clone(), ""), Some(renamed));

    let mut forgotten = stored.clone();
    forgotten.metadata_mut().shift_remove("managedFields");
    let untracked = store(
        Some(&forgotten),
        stored_map(json!({"a": "2"})),
        manager("y", ""),
        3,
    );
    assert_eq!(owners(&untracked), Vec::<String>::new());
}

#[test]
fn the_oldest_of_many_updaters_are_joined() {
    let mut object = store(None, stored_map(json!({"k0": "1"})), manager("m0", ""), 0);
    for n in 1..14 {
        let mut body = object.body.clone();
        body["data"][format!("k{n}")] = json!("1");
        let name = format!("m{n}");
        object = store(Some(&object), body, manager(&name, ""), n);
    }
    let owners = owners(&object);
    assert_eq!(owners.len(), 10);
    assert_eq!(
        owners[0],
        "ancient-changes Update@4: .data .data.k0 .data.k1 .data.k2 .data.k3 .data.k4"
    );
    assert_eq!(owners[9], "m13 Update@13: .data.k13");
}

#[test]
fn a_kind_without_schema_has_atomic_lists() {
    let body = json!({
        "apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t", "labels": {"a": "1"}},
        "spec": {"list": [{"name": "a"}], "map": {"x": {"y": 1}}},
    });
    let object = store(None, body, manager("x", ""), 1);
    assert_eq!(
        owners(&object),
        [
            "x Update@1: .spec .metadata.labels .metadata.labels.a .spec.list .spec.map .spec.map.x .spec.map.x.y"
        ]
    );
}
