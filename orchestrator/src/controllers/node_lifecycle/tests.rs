use std::sync::Arc;
use std::time::Duration;

use api::{Object, parse_time};
use client::Driver;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::NodeLifecycle;
use super::decide::{Decision, Observed, decide, is_ready};
use crate::controllers::action::Action;
use crate::testing::Cluster;

fn at(seconds: i64) -> Timestamp {
    parse_time("2026-01-01T00:00:00Z").unwrap() + jiff::SignedDuration::from_secs(seconds)
}

fn node(ready: &str, taints: &Value) -> Object {
    let other = if ready == "Unknown" {
        "Unknown"
    } else {
        "False"
    };
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status});
    json!({
        "metadata": {"name": "n1", "uid": "n1"},
        "spec": {"taints": taints},
        "status": {"conditions": [
            condition("MemoryPressure", other), condition("DiskPressure", other),
            condition("PIDPressure", other), condition("Ready", ready),
        ]},
    })
    .into()
}

fn unreachable(since: i64) -> Value {
    let taint = |effect: &str| {
        json!({
            "key": "node.kubernetes.io/unreachable", "effect": effect,
            "timeAdded": api::time(at(since)),
        })
    };
    json!([taint("NoSchedule"), taint("NoExecute")])
}

fn pod(name: &str, tolerations: &Value) -> Object {
    json!({
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {"nodeName": "n1", "tolerations": tolerations},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
    .into()
}

fn observed(node: Object, pods: Vec<Object>, now: i64) -> Observed {
    Observed {
        node: Arc::new(node),
        pods: pods.into_iter().map(Arc::new).collect(),
        last_seen: at(0),
        any_ready: true,
        grace: Duration::from_secs(40),
        now: at(now),
    }
}

fn deleted(decision: &Decision) -> Vec<&str> {
    decision
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::Delete { key, .. } => Some(key.name.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_silent_node_becomes_unknown_then_tainted() {
    let ready = node("True", &json!([]));
    let decision = decide(&observed(ready.clone(), vec![], 40));
    assert_eq!(decision.actions, []);
    assert_eq!(decision.again, Some(Duration::from_millis(1)));

    let decision = decide(&observed(ready, vec![], 41));
    let Action::ReplaceStatus { object, .. } = &decision.actions[0] else {
        panic!("{:?}", decision.actions);
    };
    assert_eq!(object.condition("Ready").unwrap().status, "Unknown");
    assert_eq!(object.condition("DiskPressure").unwrap().status, "Unknown");

    let decision = decide(&observed(object.clone(), vec![], 41));
    let Action::Replace { object, .. } = &decision.actions[0] else {
        panic!("{:?}", decision.actions);
    };
    assert_eq!(object.body["spec"]["taints"], unreachable(41));
    let silent = observed(object.clone(), vec![], 41);
    assert_eq!(decide(&silent).actions, []);
}

#[test]
fn taints_follow_the_conditions_and_leave_others_alone() {
    let other = json!({"key": "gpu", "effect": "NoSchedule"});
    let mut taints = unreachable(0);
    taints.as_array_mut().unwrap().push(other.clone());
    let decision = decide(&observed(node("True", &taints), vec![], 1));
    let Action::Replace { object, .. } = &decision.actions[0] else {
        panic!("{:?}", decision.actions);
    };
    assert_eq!(object.body["spec"]["taints"], json!([other]));

    let mut cordoned = node("False", &json!([]));
    cordoned.body["spec"]["unschedulable"] = json!(true);
    let decision = decide(&observed(cordoned, vec![], 1));
    let Action::Replace { object, .. } = &decision.actions[0] else {
        panic!("{:?}", decision.actions);
    };
    let keys: Vec<&Value> = object.body["spec"]["taints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|taint| &taint["key"])
        .collect();
    assert_eq!(
        keys,
        [
            "node.kubernetes.io/not-ready",
            "node.kubernetes.io/not-ready",
            "node.kubernetes.io/unschedulable"
        ]
    );
}

#[test]
fn pods_leave_as_they_tolerate() {
    let tolerates = |seconds: Value| {
        json!([{
            "key": "node.kubernetes.io/unreachable", "operator": "Exists",
            "effect": "NoExecute", "tolerationSeconds": seconds,
        }])
    };
    let pods = || {
        vec![
            pod("none", &json!([])),
            pod("short", &tolerates(json!(10))),
            pod("long", &tolerates(json!(300))),
            pod("ever", &tolerates(Value::Null)),
        ]
    };
    let away = || node("Unknown", &unreachable(41));
    let decision = decide(&observed(away(), pods(), 42));
    assert_eq!(deleted(&decision), ["none"]);
    assert_eq!(decision.again, Some(Duration::from_secs(9)));
    let unready = |action: &&Action| matches!(action, Action::ReplaceStatus { .. });
    assert_eq!(decision.actions.iter().filter(unready).count(), 4);
    let decision = decide(&observed(away(), pods(), 51));
    assert_eq!(deleted(&decision), ["none", "short"]);
    assert_eq!(decision.again, Some(Duration::from_secs(290)));

    let mut outage = observed(away(), pods(), 400);
    outage.any_ready = false;
    assert_eq!(deleted(&decide(&outage)), Vec::<&str>::new());
    assert_eq!(decide(&outage).again, Some(Duration::from_secs(5)));
}

#[tokio::test]
async fn a_node_that_comes_back_is_as_before() {
    let cluster = Cluster::new().await;
    let controller = NodeLifecycle::new(
        &cluster.informers,
        Duration::from_secs(40),
        cluster.recorder("test"),
    );
    let driver = Driver::new(
        controller,
        cluster.client.clone(),
        &cluster.informers,
        &cluster.env,
    );
    let beat = |second: u32| {
        let time = format!("2026-01-01T00:00:{second:02}Z");
        json!({"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": time}]})
    };
    let node = cluster
        .create(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "status": beat(0),
        }))
        .await;
    cluster.run(&[&driver]).await;
    cluster.clock.advance(Duration::from_secs(41));
    cluster.run(&[&driver]).await;
    let gone = cluster.find("", "nodes", "", "n1").await.unwrap();
    assert!(!is_ready(&gone));
    assert_eq!(gone.body["spec"]["taints"].as_array().unwrap().len(), 2);

    cluster.set_status(&node, &beat(50)).await;
    cluster.run(&[&driver]).await;
    let back = cluster.find("", "nodes", "", "n1").await.unwrap();
    assert!(is_ready(&back));
    assert_eq!(
        back.body["spec"].get("taints").unwrap_or(&json!([])),
        &json!([])
    );
}
