//! Pods that are accepted: what is filled in, what may change, how they end.

use serde_json::{Value, json};

use super::{accept, accept_update, kind, refuse_update};

pub(super) fn pod(spec: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

#[test]
fn a_minimal_pod_gets_everything_else() {
    let object = accept(
        kind("", "pods"),
        &pod(&json!({"containers": [{
            "name": "web", "image": "nginx:1.27", "ports": [{"containerPort": 80}],
            "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}},
            "readinessProbe": {"httpGet": {"port": 80}},
        }]})),
    );
    let expected = json!({
        "containers": [{
            "name": "web", "image": "nginx:1.27", "imagePullPolicy": "IfNotPresent",
            "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "resources": {
                "limits": {"cpu": "500m", "memory": "1Gi"},
                "requests": {"cpu": "500m", "memory": "1Gi"},
            },
            "readinessProbe": {
                "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
            },
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler", "enableServiceLinks": true,
        "priority": 0, "preemptionPolicy": "PreemptLowerPriority",
    });
    assert_eq!(object.body["spec"], expected);
    let status = json!({"phase": "Pending", "qosClass": "Guaranteed"});
    assert_eq!(object.body["status"], status);
    assert_eq!(object.generation(), 1);
}

#[test]
fn sources_get_their_modes_and_versions() {
    let object = accept(
        kind("", "pods"),
        &pod(&json!({
            "hostNetwork": true, "serviceAccountName": "robot",
            "containers": [{
                "name": "a", "image": "a", "ports": [{"containerPort": 80}],
                "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
                "volumeMounts": [{"name": "all", "mountPath": "/all"}],
            }],
            "volumes": [
                {"name": "scratch"}, {"name": "host", "hostPath": {"path": "/srv"}},
                {"name": "conf", "configMap": {"name": "c"}},
                {"name": "key", "secret": {"secretName": "s", "defaultMode": 256}},
                {"name": "all", "projected": {"sources": [
                    {"serviceAccountToken": {"path": "token"}},
                    {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
                ]}},
            ],
        })),
    );
    let spec = &object.body["spec"];
    assert_eq!(spec["serviceAccount"], "robot");
    assert_eq!(spec["containers"][0]["ports"][0]["hostPort"], 80);
    assert_eq!(
        spec["containers"][0]["env"][0]["valueFrom"]["fieldRef"]["apiVersion"],
        "v1"
    );
    let volumes = &spec["volumes"];
    assert_eq!(volumes[0]["emptyDir"], json!({}));
    assert_eq!(volumes[1]["hostPath"]["type"], "");
    assert_eq!(volumes[2]["configMap"]["defaultMode"], 420);
    assert_eq!(volumes[3]["secret"]["defaultMode"], 256);
    let projected = &volumes[4]["projected"];
    assert_eq!(projected["defaultMode"], 420);
    assert_eq!(
        projected["sources"][0]["serviceAccountToken"]["expirationSeconds"],
        3600
    );
    let item = &projected["sources"][1]["downwardAPI"]["items"][0];
    assert_eq!(item["fieldRef"]["apiVersion"], "v1");
}

#[test]
fn the_class_follows_requests_and_limits() {
    let class = |resources: Value| {
        let spec = json!({"containers": [{"name": "a", "image": "a:1", "resources": resources}]});
        let object = accept(kind("", "pods"), &pod(&spec));
        object.text("/status/qosClass").to_owned()
    };
    assert_eq!(class(json!({})), "BestEffort");
    assert_eq!(class(json!({"requests": {"cpu": "100m"}})), "Burstable");
    assert_eq!(class(json!({"limits": {"cpu": "1"}})), "Burstable");
    assert_eq!(
        class(json!({"limits": {"cpu": "1", "memory": "1Gi"}})),
        "Guaranteed"
    );
    assert_eq!(
        class(json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m"}})),
        "Guaranteed"
    );
}

#[test]
fn little_of_a_pod_may_change() {
    let pods = kind("", "pods");
    let spec = json!({
        "activeDeadlineSeconds": 100, "containers": [{"name": "a", "image": "a:1"}],
        "tolerations": [{"key": "y", "operator": "Exists"}],
    });
    let old = accept(pods, &pod(&spec));
    let same = accept_update(pods, &old, |new| {
        new["metadata"]["labels"] = json!({"a": "b"});
    });
    assert_eq!(same.generation(), 1);
    let newer = accept_update(pods, &old, |new| {
        new["spec"]["containers"][0]["image"] = json!("a:2");
    });
    assert_eq!(newer.generation(), 2);
    accept_update(pods, &old, |new| {
        new["spec"]["activeDeadlineSeconds"] = json!(50);
    });
    accept_update(pods, &old, |new| {
        let more = json!({"key": "x", "operator": "Exists", "effect": "NoSchedule"});
        new["spec"]["tolerations"]
            .as_array_mut()
            .unwrap()
            .push(more);
    });
    let none = accept_update(pods, &old, |new| {
        new["status"] = json!({"phase": "Running"});
    });
    assert_eq!(none.text("/status/phase"), "Pending");

    refuse_update(
        pods,
        &old,
        |new| new["spec"]["containers"][0]["command"] = json!(["sh"]),
        &[(
            "spec",
            "Forbidden: pod updates may not change fields other than",
        )],
    );
    refuse_update(
        pods,
        &old,
        |new| new["spec"]["nodeName"] = json!("n1"),
        &[("spec", "changed: nodeName")],
    );
    refuse_update(
        pods,
        &old,
        |new| new["spec"]["activeDeadlineSeconds"] = json!(101),
        &[(
            "spec.activeDeadlineSeconds",
            "must be less than or equal to previous value",
        )],
    );
    refuse_update(
        pods,
        &old,
        |new| new["spec"]["tolerations"] = json!([]),
        &[(
            "spec.tolerations",
            "existing toleration can not be modified",
        )],
    );
    refuse_update(
        pods,
        &old,
        |new| new["spec"]["containers"][0]["image"] = json!(""),
        &[("spec.containers[0].image", "Required value")],
    );
}

#[test]
fn deletion_gives_time_only_where_containers_may_run() {
    let pods = kind("", "pods");
    let check = |body: Value, asked: Option<i64>, expected: i64| {
        assert_eq!(
            (pods.grace)(&body.clone().into(), asked),
            expected,
            "{body} {asked:?}"
        );
    };
    let on_node = json!({"spec": {"nodeName": "n", "terminationGracePeriodSeconds": 20}});
    check(json!({"spec": {}}), Some(30), 0);
    check(json!({"spec": {"nodeName": "n"}}), None, 30);
    check(on_node.clone(), None, 20);
    check(on_node.clone(), Some(5), 5);
    check(on_node.clone(), Some(0), 0);
    check(on_node, Some(-1), 1);
    check(
        json!({"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}}),
        None,
        0,
    );
    let deleting = json!({
        "metadata": {"deletionTimestamp": "2026-11-21T12:00:00Z", "deletionGracePeriodSeconds": 10},
        "spec": {"nodeName": "n"},
    });
    check(deleting.clone(), None, 10);
    check(deleting.clone(), Some(60), 10);
    check(deleting, Some(3), 3);
}

#[test]
fn pods_are_found_by_where_they_run() {
    let pods = kind("", "pods");
    let object = json!({"spec": {"nodeName": "n1"}, "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}]}}).into();
    for (field, value) in [
        ("spec.nodeName", "n1"),
        ("status.phase", "Running"),
        ("status.podIPs", "10.0.0.1"),
        ("spec.hostNetwork", "false"),
    ] {
        assert_eq!(
            (pods.field)(&object, field).as_deref(),
            Some(value),
            "{field}"
        );
    }
}
