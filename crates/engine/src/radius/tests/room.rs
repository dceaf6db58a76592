use serde_json::{Value, json};

use api::Object;

use super::super::*;
use super::{plan, step, template, workload};
use crate::Plan;

fn node(name: &str, cpu: &str, more: &Value) -> Object {
    let mut node = json!({"metadata": {"name": name}, "spec": more,
        "status": {"allocatable": {"cpu": cpu, "memory": "4Gi"}}});
    node["metadata"]["labels"] = json!({"disk": name});
    node.into()
}

fn pod(node: &str, app: &str, cpu: &str) -> Object {
    json!({"metadata": {"namespace": "shop", "labels": {"app": app}},
        "spec": {"nodeName": node, "containers": [{"resources": {"requests": {"cpu": cpu}}}]}})
    .into()
}

fn wanted(replicas: u64, cpu: &str, more: &Value) -> Plan {
    let mut pod = json!({"containers": [{"resources": {"requests": {"cpu": cpu}}}]});
    for (field, value) in more.as_object().into_iter().flatten() {
        pod[field] = value.clone();
    }
    let spec = json!({"replicas": replicas, "template": {"spec": pod}});
    plan(vec![step("Deployment", "deployments", &spec, template())])
}

#[test]
fn pods_find_room_or_are_told_to_find_none() {
    let nodes = [node("a", "2", &json!({})), node("b", "1", &json!({}))];
    let mut live = workload(
        "web",
        &json!({"containers": [{"resources": {"requests": {"cpu": "500m"}}}]}),
        "web",
    );
    live.object.body["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
    let on = [
        pod("a", "web", "500m"),
        pod("a", "web", "500m"),
        pod("b", "api", "800m"),
    ];
    let check = |replicas: u64, cpu: &str, more: Value, expected: &[&str]| {
        let plan = wanted(replicas, cpu, &more);
        let told = demand(
            std::iter::once(&plan),
            std::slice::from_ref(&live),
            &nodes,
            &on,
        );
        assert_eq!(told.lines(), expected, "{replicas} of {cpu}, {more}");
    };
    check(2, "500m", json!({}), &[]);
    // The old ones make room for the new ones.
    check(4, "500m", json!({}), &["requests +1 CPU"]);
    check(
        5,
        "500m",
        json!({}),
        &[
            "requests +1.5 CPU",
            "no node has room for 1 pod of Deployment shop/web, by requests",
        ],
    );
    check(1, "500m", json!({}), &["requests −0.5 CPU"]);
    let on_b = json!({"nodeSelector": {"disk": "b"}});
    check(
        2,
        "500m",
        on_b,
        &["no node has room for 2 pods of Deployment shop/web, by requests"],
    );
}

#[test]
fn nodes_that_take_no_pods_have_no_room() {
    let taint = json!({"key": "gpu", "value": "yes", "effect": "NoSchedule"});
    let nodes = [
        node("a", "8", &json!({"unschedulable": true})),
        node("b", "1", &json!({"taints": [taint]})),
    ];
    let unplaced = |more: Value| -> u64 {
        let plan = wanted(1, "1", &more);
        let told = demand(std::iter::once(&plan), &[], &nodes, &[]);
        told.unplaced.iter().map(|it| it.pods).sum()
    };
    assert_eq!(unplaced(json!({})), 1);
    let tolerates = |it: Value| json!({"tolerations": [it]});
    assert_eq!(unplaced(tolerates(json!({"operator": "Exists"}))), 0);
    assert_eq!(
        unplaced(tolerates(json!({"key": "gpu", "value": "yes"}))),
        0
    );
    assert_eq!(unplaced(tolerates(json!({"key": "gpu", "value": "no"}))), 1);
    let other = json!({"key": "gpu", "operator": "Exists", "effect": "NoExecute"});
    assert_eq!(unplaced(tolerates(other)), 1);
    // Without nodes nothing is known.
    let plan = wanted(1, "1", &json!({}));
    assert!(
        demand(std::iter::once(&plan), &[], &[], &[])
            .unplaced
            .is_empty()
    );
}
