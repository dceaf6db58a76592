//! What broke once it was well, and what nobody hears of.

use super::*;

#[test]
fn what_breaks_while_nothing_is_rolled_out_is_not_on_its_way() {
    let mut crashed = waiting("", "");
    crashed["containerStatuses"][0]["restartCount"] = json!(1);
    let bad: Object = pod("Always", crashed).into();
    let check = |reason: &str, generation: u64, expected: HealthStatus| {
        let mut status = counts(1, 1, 0, 0);
        status["conditions"] = json!([{"type": "Progressing", "status": "True", "reason": reason}]);
        let mut web = deployment(json!({"replicas": 1}), status);
        web["metadata"]["generation"] = json!(generation);
        let health = explain(&web.into(), std::slice::from_ref(&bad), now()).unwrap();
        let message =
            "container web in pod web-7d4-x exited with code 1: no config, restarted 1 time";
        assert_eq!(
            (health.status, &*health.message),
            (expected, message),
            "{reason}"
        );
    };
    check("NewReplicaSetAvailable", 2, HealthStatus::Degraded);
    check("ReplicaSetUpdated", 2, HealthStatus::Progressing);
    check("NewReplicaSetAvailable", 3, HealthStatus::Progressing);

    // A pod that is not ready yet may be soon.
    let unready = json!({"phase": "Running", "containerStatuses": [
        {"name": "web", "ready": false, "started": true, "state": {"running": {}}}]});
    let mut status = counts(1, 1, 0, 0);
    status["conditions"] =
        json!([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]);
    let web: Object = deployment(json!({"replicas": 1}), status).into();
    let health = explain(&web, &[pod("Always", unready).into()], now()).unwrap();
    assert_eq!(health.status, HealthStatus::Progressing);

    // Kinds that do not say whether they were up are given time.
    let check = |since: &str, expected: HealthStatus| {
        let mut status = waiting("ErrImagePull", "");
        status["conditions"] =
            json!([{"type": "Ready", "status": "False", "lastTransitionTime": since}]);
        let set: Object = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "db"}, "spec": {"replicas": 1}})
        .into();
        let health = explain(&set, &[pod("Always", status).into()], now()).unwrap();
        assert_eq!(health.status, expected, "{since}");
    };
    check("2026-11-21T09:55:00Z", HealthStatus::Progressing);
    check("2026-11-21T09:45:00Z", HealthStatus::Degraded);
}

#[test]
fn what_fails_again_and_again_is_broken_also_while_it_is_rolled_out() {
    let check = |reason: &str, restarts: i64, expected: HealthStatus| {
        let mut crashed = waiting(reason, "back-off 10s");
        crashed["containerStatuses"][0]["restartCount"] = json!(restarts);
        let pods: [Object; 1] = [pod("Always", crashed).into()];
        let mut status = counts(1, 1, 0, 0);
        status["conditions"] =
            json!([{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}]);
        let web: Object = deployment(json!({"replicas": 1}), status).into();
        let set: Object = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "web-7d4"}, "spec": {"replicas": 1}})
        .into();
        for workload in [web, set] {
            let health = explain(&workload, &pods, now()).unwrap();
            let kind = workload.kind();
            assert_eq!(health.status, expected, "{kind}: {reason}, {restarts}");
            // A rollout waits on: what it needs may still come.
            assert!(!health.terminal);
        }
    };
    check("", 1, HealthStatus::Progressing);
    check("", 2, HealthStatus::Degraded);
    check("CrashLoopBackOff", 1, HealthStatus::Degraded);
    check("ErrImagePull", 0, HealthStatus::Progressing);
    check("ImagePullBackOff", 0, HealthStatus::Degraded);
    check("CreateContainerConfigError", 0, HealthStatus::Degraded);
}

/// Of a node that was lost: what the containers' status says was heard before.
fn lost(conditions: Value) -> Value {
    let mut pod = pod(
        "Always",
        json!({"phase": "Running", "conditions": conditions,
        "containerStatuses": [{"name": "web", "ready": true, "state": {"running": {}}}]}),
    );
    pod["spec"]["nodeName"] = json!("a");
    pod
}

#[test]
fn a_pod_of_a_node_that_does_not_report_is_not_starting() {
    let silent = "is on node a, which does not report";
    let not_ready = |more: Value| {
        let mut ready = json!({"type": "Ready", "status": "False"});
        for (key, value) in more.as_object().unwrap() {
            ready[key] = value.clone();
        }
        ready
    };
    let marked = not_ready(json!({"reason": "NodeNotReady"}));
    check(lost(json!([marked])), HealthStatus::Degraded, silent);
    // Other clusters give no reason.
    let contained = json!({"type": "ContainersReady", "status": "True"});
    let bare = not_ready(json!({}));
    check(
        lost(json!([bare, contained])),
        HealthStatus::Degraded,
        silent,
    );
    // It waits for what is not in it.
    let message = not_ready(json!({"message": "the load balancer does not know it."}));
    let mut gated = lost(json!([message, contained]));
    gated["spec"]["readinessGates"] = json!([{"conditionType": "example.org/known"}]);
    check(
        gated,
        HealthStatus::Progressing,
        "is running, but not ready: the load balancer does not know it",
    );
    check(
        lost(json!([])),
        HealthStatus::Progressing,
        "is running, but not ready yet",
    );
}

#[test]
fn a_lost_node_fails_no_version_that_is_on_its_way() {
    let marked = json!([{"type": "Ready", "status": "False", "reason": "NodeNotReady"}]);
    let pod: Object = lost(marked).into();
    for (reason, expected) in [
        ("NewReplicaSetAvailable", HealthStatus::Degraded),
        ("ReplicaSetUpdated", HealthStatus::Progressing),
    ] {
        let mut status = counts(1, 1, 0, 0);
        status["conditions"] = json!([{"type": "Progressing", "status": "True", "reason": reason}]);
        let web: Object = deployment(json!({"replicas": 1}), status).into();
        let health = explain(&web, std::slice::from_ref(&pod), now()).unwrap();
        let message = "pod web-7d4-x is on node a, which does not report";
        assert_eq!((health.status, &*health.message), (expected, message));
        assert!(!health.terminal);
    }
}

#[test]
fn what_is_to_be_deleted_on_a_lost_node_is_named_where_nothing_else_is_wrong() {
    let marked = json!([{"type": "Ready", "status": "False", "reason": "NodeNotReady"}]);
    let mut leaving = lost(marked);
    leaving["metadata"]["deletionTimestamp"] = json!("2026-11-21T10:03:40Z");
    let leaving: Object = leaving.into();
    let set: Object = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web-7d4"}, "spec": {"replicas": 1}})
    .into();
    let health = explain(&set, std::slice::from_ref(&leaving), now()).unwrap();
    let message = "pod web-7d4-x is on node a, which does not report";
    assert_eq!(
        (health.status, &*health.message),
        (HealthStatus::Degraded, message)
    );
    // The one that is made instead has a trouble of its own.
    let crashed: Object = pod("Always", waiting("CrashLoopBackOff", "back-off 10s")).into();
    let health = explain(&set, &[leaving, crashed], now()).unwrap();
    assert!(!health.message.contains("node a"), "{}", health.message);
}
