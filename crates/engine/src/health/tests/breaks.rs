//! What broke once it was well.

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
