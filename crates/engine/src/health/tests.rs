#![expect(
    clippy::needless_pass_by_value,
    reason = "literals read better by value"
)]

mod breaks;

use serde_json::{Value, json};

use super::*;

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn check(body: Value, expected: HealthStatus, message: &str) {
    let health = assess(&body.clone().into(), now()).unwrap();
    assert_eq!(
        (health.status, health.message.as_str()),
        (expected, message),
        "{body}"
    );
}

fn deployment(spec: Value, status: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
           "metadata": {"name": "web", "generation": 2}, "spec": spec, "status": status})
}

/// A status whose controller is done, with these replica counts.
fn counts(total: i64, updated: i64, ready: i64, available: i64) -> Value {
    json!({"observedGeneration": 2, "replicas": total, "updatedReplicas": updated,
           "readyReplicas": ready, "availableReplicas": available})
}

#[test]
fn deployments() {
    use HealthStatus::{Degraded, Healthy, Progressing, Suspended};
    let three = || json!({"replicas": 3});
    check(
        deployment(json!({"paused": true}), json!({})),
        Suspended,
        "is paused",
    );
    check(
        deployment(three(), json!({"observedGeneration": 1})),
        Progressing,
        "waits for its controller to see the change",
    );
    check(deployment(three(), counts(3, 3, 3, 3)), Healthy, "");
    check(deployment(json!({}), counts(1, 1, 1, 1)), Healthy, "");
    check(
        deployment(json!({"replicas": 0}), counts(0, 0, 0, 0)),
        Healthy,
        "",
    );
    check(
        deployment(three(), counts(4, 1, 3, 3)),
        Progressing,
        "1 of 3 pods are of the new version",
    );
    check(
        deployment(three(), counts(4, 3, 4, 4)),
        Progressing,
        "1 old pod has to end",
    );
    check(
        deployment(three(), counts(3, 3, 2, 2)),
        Progressing,
        "2 of 3 pods are ready",
    );
    check(
        deployment(three(), counts(3, 3, 3, 2)),
        Progressing,
        "2 of 3 pods are available",
    );
    check(
        deployment(
            json!({"replicas": 3, "minReadySeconds": 10}),
            counts(3, 3, 3, 2),
        ),
        Progressing,
        "all pods are ready, 2 of 3 for the 10 s that count them as available (minReadySeconds)",
    );
    let mut late = counts(3, 3, 2, 2);
    late["conditions"] =
        json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    check(
        deployment(three(), late),
        Degraded,
        "made no progress within its progress deadline",
    );
    let mut quota = counts(0, 0, 0, 0);
    quota["conditions"] =
        json!([{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]);
    check(
        deployment(three(), quota),
        Degraded,
        "cannot create pods: exceeded quota",
    );
}

#[test]
fn other_kinds() {
    use HealthStatus::{Degraded, Healthy, Progressing, Suspended};
    let of = |version: &str, kind: &str, spec: Value, status: Value| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec, "status": status});
    let job = |status| of("batch/v1", "Job", json!({"completions": 2}), status);
    check(
        job(json!({"conditions": [{"type": "Complete", "status": "True"}]})),
        Healthy,
        "",
    );
    check(
        job(
            json!({"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}),
        ),
        Degraded,
        "failed: BackoffLimitExceeded",
    );
    check(
        job(json!({"succeeded": 1, "failed": 2})),
        Progressing,
        "1 of 2 completions, 2 failed",
    );
    check(
        of("batch/v1", "Job", json!({"suspend": true}), json!({})),
        Suspended,
        "is suspended",
    );
    check(of("batch/v1", "CronJob", json!({}), json!({})), Healthy, "");
    check(
        of("v1", "Service", json!({"type": "ClusterIP"}), json!({})),
        Healthy,
        "",
    );
    check(
        of("v1", "Service", json!({"type": "LoadBalancer"}), json!({})),
        Progressing,
        "waits for the address of its load balancer",
    );
    check(
        of(
            "v1",
            "Namespace",
            json!({}),
            json!({"phase": "Terminating"}),
        ),
        Progressing,
        "is terminating",
    );
    check(
        of("v1", "Namespace", json!({}), json!({"phase": "Active"})),
        Healthy,
        "",
    );
    check(
        of(
            "apps/v1",
            "StatefulSet",
            json!({"replicas": 2}),
            json!({"readyReplicas": 1}),
        ),
        Progressing,
        "1 of 2 pods are ready",
    );
    check(
        of(
            "apps/v1",
            "DaemonSet",
            json!({}),
            json!({"observedGeneration": 1, "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2, "updatedNumberScheduled": 1}),
        ),
        Progressing,
        "1 of 2 nodes have a pod of the new version",
    );
    check(
        of(
            "example.org/v1",
            "Widget",
            json!({}),
            json!({"conditions": [
            {"type": "Ready", "status": "False", "message": "polishing"}]}),
        ),
        Progressing,
        "polishing",
    );
    check(
        of(
            "kedge.dev/v1alpha1",
            "Application",
            json!({}),
            json!({"health": {"status": "Degraded", "message": "m"}}),
        ),
        Degraded,
        "m",
    );
    let neutral = of("v1", "ConfigMap", json!({}), json!({}));
    assert_eq!(assess(&neutral.into(), now()), None);
    let mut leaving = of("v1", "ConfigMap", json!({}), json!({}));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-21T09:00:00Z");
    leaving["metadata"]["finalizers"] = json!(["a/b"]);
    check(leaving, Progressing, "is being deleted, waits for a/b");
}

fn pod(restart: &str, status: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-7d4-x"},
           "spec": {"restartPolicy": restart, "nodeName": "n1", "containers": [
               {"name": "web", "image": "registry.local/movies:nope",
                "resources": {"limits": {"memory": "64Mi"}}}]},
           "status": status})
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({"phase": "Pending", "containerStatuses": [{"name": "web", "image": "x", "restartCount": 4,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {"terminated": {"exitCode": 1, "message": "start\nno config\n"}}}]})
}

#[test]
fn pods() {
    use HealthStatus::{Degraded, Healthy, Progressing};
    let ready = json!([{"type": "Ready", "status": "True"}]);
    check(
        pod("Always", json!({"phase": "Running", "conditions": ready})),
        Healthy,
        "",
    );
    check(
        pod("Never", json!({"phase": "Running", "conditions": ready})),
        Progressing,
        "is running",
    );
    check(pod("Never", json!({"phase": "Succeeded"})), Healthy, "");
    check(
        pod("Always", json!({"phase": "Pending"})),
        Progressing,
        "is starting on node n1",
    );
    check(
        pod(
            "Always",
            waiting(
                "ErrImagePull",
                "rpc error: code = NotFound desc = failed to pull and unpack image: registry.local/movies:nope: not found",
            ),
        ),
        Degraded,
        "container web cannot pull image registry.local/movies:nope: not found",
    );
    check(
        pod(
            "Always",
            waiting(
                "ImagePullBackOff",
                "Back-off pulling image \"registry.local/movies:nope\"",
            ),
        ),
        Degraded,
        "container web cannot pull image registry.local/movies:nope",
    );
    check(
        pod("Always", waiting("CrashLoopBackOff", "back-off 10s")),
        Degraded,
        "container web exited with code 1: no config, restarted 4 times",
    );
    check(
        pod(
            "Always",
            waiting("CreateContainerConfigError", "secret \"db\" not found"),
        ),
        Degraded,
        "container web cannot be configured: secret \"db\" not found",
    );
    let mut oom = waiting("CrashLoopBackOff", "");
    oom["containerStatuses"][0]["lastState"]["terminated"]["reason"] = json!("OOMKilled");
    check(
        pod("Always", oom),
        Degraded,
        "container web ran out of memory (its limit is 64Mi), restarted 4 times",
    );
    let unready = json!({"phase": "Running", "containerStatuses": [
        {"name": "web", "ready": false, "started": true, "state": {"running": {}}}]});
    check(
        pod("Always", unready),
        Progressing,
        "container web is running, but its readiness probe has not passed yet",
    );
    check(
        pod(
            "Never",
            json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory"}),
        ),
        Degraded,
        "failed: The node was low on memory",
    );
}

#[test]
fn a_pod_without_a_node_is_broken_after_a_while() {
    let at = |since: &str| {
        pod(
            "Always",
            json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu.",
            "lastTransitionTime": since}]}),
        )
    };
    let message = "cannot be scheduled: 0/3 nodes are available: 3 Insufficient cpu";
    check(
        at("2026-11-21T09:59:50Z"),
        HealthStatus::Progressing,
        message,
    );
    check(at("2026-11-21T09:59:40Z"), HealthStatus::Degraded, message);
}

#[test]
fn a_deployment_names_the_pod_that_holds_it_back() {
    let web: Object = deployment(json!({"replicas": 3}), counts(4, 1, 3, 3)).into();
    let bad: Object = pod("Always", waiting("ErrImagePull", "manifest unknown")).into();
    let good: Object = pod(
        "Always",
        json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}),
    )
    .into();
    let health = explain(&web, &[good.clone(), bad], now()).unwrap();
    assert_eq!(health.status, HealthStatus::Progressing);
    assert_eq!(
        health.message,
        "container web in pod web-7d4-x cannot pull image registry.local/movies:nope: not found"
    );
    let health = explain(&web, &[good], now()).unwrap();
    assert_eq!(health.message, "1 of 3 pods are of the new version");
}

#[test]
fn a_cron_job_is_as_its_last_finished_run() {
    use HealthStatus::{Degraded, Healthy};
    let cron: Object =
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {}})
            .into();
    let job = |name: &str, status: Value| -> Object {
        let at = format!("2026-03-01T0{}:00:00Z", &name[2..]);
        json!({"apiVersion": "batch/v1", "kind": "Job", "status": status,
            "metadata": {"name": name, "creationTimestamp": at}})
        .into()
    };
    let ended = |how: &str| json!({"conditions": [{"type": how, "status": "True", "message": "too often"}]});
    let failed = |name| job(name, ended("Failed"));
    let done = |name| job(name, ended("Complete"));
    let runs = |name| job(name, json!({"active": 1}));
    let check = |jobs: &[Object], status: HealthStatus, message: &str| {
        let health = explain(&cron, jobs, now()).unwrap();
        assert_eq!((health.status, health.message.as_str()), (status, message));
        assert!(!holds_back("CronJob", &health) && !health.terminal);
        assert_eq!(is_unwell("CronJob", &health), status == Degraded);
    };
    check(&[], Healthy, "");
    check(&[done("c-1")], Healthy, "last run c-1 completed");
    let late = "last run c-2 failed: too often";
    check(&[done("c-1"), failed("c-2")], Degraded, late);
    check(
        &[failed("c-2"), done("c-3")],
        Healthy,
        "last run c-3 completed",
    );
    check(&[done("c-1"), runs("c-2")], Healthy, "c-2 is running");
    let running = "last run c-2 failed: too often; c-3 is running";
    check(&[failed("c-2"), runs("c-3")], Degraded, running);
}

#[test]
fn the_worst_counts_and_the_first_of_equals() {
    let all = [
        Health::healthy(),
        Health::degraded("a"),
        Health::degraded("b"),
        Health::progressing("c"),
    ];
    assert_eq!(worst(&all).message, "a");
    assert_eq!(worst(&[]), Health::healthy());
}
