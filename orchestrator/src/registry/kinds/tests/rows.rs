//! What `kubectl get` prints.

use serde_json::{Value, json};

use super::{kind, row};

#[track_caller]
fn check(group: &str, plural: &str, body: &Value, expected: &str) {
    let mut body = body.clone();
    body["metadata"]["name"] = json!("it");
    body["metadata"]["creationTimestamp"] = json!("2026-11-21T11:00:00Z");
    assert_eq!(row(kind(group, plural), &body.into()), expected);
}

#[track_caller]
fn check_pod(body: &Value, expected: &str) {
    let mut body = body.clone();
    body["spec"]["nodeName"] = json!("n1");
    check("", "pods", &body, expected);
}

#[test]
fn pods() {
    let running = json!({"ready": true, "restartCount": 0, "state": {"running": {}}});
    let two = json!({"containers": [{}, {}]});
    check_pod(
        &json!({"spec": two, "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [running, running]}}),
        "it | 2/2 | Running | 0 | 60m | 10.0.0.1 | n1 | <none> | <none>",
    );
    let crashing = json!({
        "ready": false, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"finishedAt": "2026-11-21T11:59:55Z"}},
    });
    check_pod(
        &json!({"spec": two, "status": {"phase": "Running", "containerStatuses": [running, crashing]}}),
        "it | 1/2 | CrashLoopBackOff | 3 (5s ago) | 60m | <none> | n1 | <none> | <none>",
    );
    let one = json!({"containers": [{}]});
    check_pod(
        &json!({"spec": one, "status": {"phase": "Succeeded", "containerStatuses": [
            {"state": {"terminated": {"reason": "Completed", "exitCode": 0}}},
        ]}}),
        "it | 0/1 | Completed | 0 | 60m | <none> | n1 | <none> | <none>",
    );
    check_pod(
        &json!({"spec": one, "status": {"phase": "Failed", "containerStatuses": [
            {"state": {"terminated": {"exitCode": 137, "signal": 9}}},
        ]}}),
        "it | 0/1 | Signal:9 | 0 | 60m | <none> | n1 | <none> | <none>",
    );
    check_pod(
        &json!({"spec": {"containers": [{}], "initContainers": [{}, {}]}, "status": {"phase": "Pending",
            "initContainerStatuses": [
                {"state": {"terminated": {"exitCode": 0}}},
                {"state": {"waiting": {"reason": "PodInitializing"}}},
            ],
            "containerStatuses": [{"state": {"waiting": {"reason": "PodInitializing"}}}]}}),
        "it | 0/1 | Init:1/2 | 0 | 60m | <none> | n1 | <none> | <none>",
    );
    check_pod(
        &json!({"metadata": {"deletionTimestamp": "2026-11-21T12:00:00Z"}, "spec": one,
            "status": {"phase": "Running", "containerStatuses": [running]}}),
        "it | 1/1 | Terminating | 0 | 60m | <none> | n1 | <none> | <none>",
    );
}

#[test]
fn workloads() {
    let template = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]}});
    let selector = json!({"matchLabels": {"app": "web"}});
    check(
        "apps",
        "deployments",
        &json!({"spec": {"replicas": 3, "selector": selector, "template": template},
            "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1}}),
        "it | 2/3 | 3 | 1 | 60m | a,b | a:1,b:2 | app=web",
    );
    check(
        "apps",
        "replicasets",
        &json!({"spec": {"replicas": 3, "selector": selector, "template": template}, "status": {"replicas": 3}}),
        "it | 3 | 3 | 0 | 60m | a,b | a:1,b:2 | app=web",
    );
    check(
        "batch",
        "jobs",
        &json!({"spec": {"completions": 1, "template": template}, "status": {
            "startTime": "2026-11-21T11:00:00Z", "completionTime": "2026-11-21T11:00:07Z", "succeeded": 1,
            "conditions": [{"type": "Complete", "status": "True"}]}}),
        "it | Complete | 1/1 | 7s | 60m | a,b | a:1,b:2 | <none>",
    );
    check(
        "batch",
        "cronjobs",
        &json!({"spec": {"schedule": "@daily", "suspend": false, "jobTemplate": {"spec": {"template": template}}},
            "status": {"active": [{}]}}),
        "it | @daily | <none> | False | 1 | <none> | 60m | a,b | a:1,b:2 | <none>",
    );
}

#[test]
fn networks_and_storage() {
    check(
        "",
        "services",
        &json!({"spec": {"type": "NodePort", "clusterIP": "10.96.0.1", "selector": {"b": "2", "a": "1"},
            "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}}),
        "it | NodePort | 10.96.0.1 | <none> | 80:30080/TCP,53/UDP | 60m | a=1,b=2",
    );
    check(
        "",
        "services",
        &json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.1", "ports": [{"port": 80}]}}),
        "it | LoadBalancer | 10.96.0.1 | <pending> | 80/TCP | 60m | <none>",
    );
    check(
        "discovery.k8s.io",
        "endpointslices",
        &json!({"addressType": "IPv4", "ports": [{"port": 80}],
            "endpoints": [{"addresses": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]}]}),
        "it | IPv4 | 80 | 10.0.0.1,10.0.0.2,10.0.0.3 + 1 more... | 60m",
    );
    check(
        "",
        "persistentvolumeclaims",
        &json!({"spec": {"volumeName": "pv-1", "storageClassName": "local", "volumeMode": "Filesystem"},
            "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}}),
        "it | Bound | pv-1 | 1Gi | RWO | local | <unset> | 60m | Filesystem",
    );
    check(
        "storage.k8s.io",
        "storageclasses",
        &json!({"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            "provisioner": "kedge.dev/local", "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer"}),
        "it (default) | kedge.dev/local | Delete | WaitForFirstConsumer | false | 60m",
    );
}

#[test]
fn the_cluster() {
    check(
        "",
        "nodes",
        &json!({"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}, "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "Ready", "status": "True"}], "addresses": [{"type": "InternalIP", "address": "10.0.0.9"}],
                "nodeInfo": {"kubeletVersion": "v1.36.0", "osImage": "Debian"}}}),
        "it | Ready,SchedulingDisabled | control-plane | 60m | v1.36.0 | 10.0.0.9 | <none> | Debian | <unknown> | <unknown>",
    );
    check(
        "",
        "events",
        &json!({"type": "Warning", "reason": "Failed", "message": "no such image\n", "count": 3,
            "involvedObject": {"kind": "Pod", "name": "web-0"}, "source": {"component": "kubelet", "host": "n1"},
            "firstTimestamp": "2026-11-21T11:50:00Z", "lastTimestamp": "2026-11-21T11:59:58Z"}),
        "2s | Warning | Failed | pod/web-0 |  | kubelet, n1 | no such image | 10m | 3 | it",
    );
    check(
        "rbac.authorization.k8s.io",
        "clusterrolebindings",
        &json!({"roleRef": {"kind": "ClusterRole", "name": "admin"}, "subjects": [
            {"kind": "User", "name": "jo"}, {"kind": "ServiceAccount", "name": "s", "namespace": "a"}]}),
        "it | ClusterRole/admin | 60m | jo |  | a/s",
    );
    check(
        "kedge.dev",
        "applications",
        &json!({"spec": {"source": {"path": "apps/web"}}, "status": {"sync": {"status": "Synced",
            "revision": "0123456789abcdef0123456789abcdef01234567"}, "health": {"status": "Healthy"}}}),
        "it | Synced | Healthy | 0123456 | apps/web |  | 60m",
    );
}
