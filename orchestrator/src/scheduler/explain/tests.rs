//! Each sort of fix, found by the filters themselves.

use serde_json::{Value, json};

use super::super::tests::merge;
use super::*;
use api::Collection;

/// A cluster of these nodes, with these pods on them.
fn cluster(nodes: &[Value], pods: &[Value]) -> Cluster {
    let mut cluster = Cluster::default();
    for body in nodes {
        let object = Object::from(body.clone());
        let key = Collection::new("", "nodes").key("", object.name());
        cluster.add(&key, &object);
    }
    for body in pods {
        let object = Object::from(body.clone());
        let key = Collection::new("", "pods").key(object.namespace(), object.name());
        cluster.add(&key, &object);
    }
    cluster
}

fn machine(name: &str, extra: &Value) -> Value {
    let mut body = json!({
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
    });
    merge(&mut body, extra);
    body
}

fn asking(name: &str, cpu: &str, extra: &Value) -> Value {
    let mut body = json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"containers": [{"name": "main", "image": "app:1", "resources": {"requests": {"cpu": cpu}}}]},
    });
    merge(&mut body, extra);
    body
}

fn on(node: &str, cpu: &str) -> Value {
    asking(
        &format!("old-{node}"),
        cpu,
        &json!({"spec": {"nodeName": node}}),
    )
}

/// The changes that are told, and that each of them was found to fit.
fn changes(cluster: &Cluster, pod: Value) -> Vec<String> {
    let told = explain(cluster, &Object::from(pod), true);
    assert!(told.fixes.iter().all(|fix| !fix.fits_on.is_empty()));
    assert!(told.tried >= told.fixes.len());
    told.fixes.into_iter().map(|fix| fix.change).collect()
}

#[test]
fn the_matrix_asks_every_filter_of_every_node() {
    let nodes = [
        machine("a", &json!({})),
        machine("b", &json!({"spec": {"unschedulable": true}})),
    ];
    let cluster = cluster(&nodes, &[on("a", "3"), on("b", "3500m")]);
    let told = explain(&cluster, &Object::from(asking("p", "2", &json!({}))), true);
    let words = |at: usize| -> Vec<String> {
        let cells = told.nodes[at].filters.iter();
        let bad = cells.filter(|cell| !cell.fits);
        bad.map(|cell| format!("{}: {}", cell.filter, cell.text))
            .collect()
    };
    assert_eq!(words(0), ["cpu 2: 1 free"]);
    // Not only what the scheduler says first.
    assert_eq!(words(1), ["cpu 2: 500m free", "accepts: cordoned"]);
    assert!(
        told.message.starts_with("0/2 nodes are available"),
        "{}",
        told.message
    );
}

#[test]
fn what_is_smallest_comes_first() {
    let nodes = [
        machine("a", &json!({})),
        machine("b", &json!({"spec": {"unschedulable": true}})),
    ];
    let cluster = cluster(&nodes, &[on("a", "3")]);
    let told = explain(&cluster, &Object::from(asking("p", "2", &json!({}))), true);
    let all: Vec<&str> = told.fixes.iter().map(|fix| fix.change.as_str()).collect();
    assert_eq!(
        all,
        [
            "Uncordon b",
            "Request 1 of cpu instead of 2 in container main",
            "Move pod shop/old-a away from a",
            "Add a node like a",
        ]
    );
    assert_eq!(told.fixes[0].command, "kubectl uncordon b");
    let field = told.fixes[1].field.as_ref().unwrap();
    assert_eq!(
        field.path,
        "spec.containers[name=main].resources.requests.cpu"
    );
    // Who may not see the other pods is not told of them.
    let told = explain(&cluster, &Object::from(asking("p", "2", &json!({}))), false);
    assert!(told.fixes.iter().all(|fix| !fix.change.contains("old-a")));
}

#[test]
fn taints_selectors_ports_and_affinity_have_fixes_of_their_own() {
    let tainted = machine(
        "a",
        &json!({"spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}}),
    );
    let told = changes(&cluster(&[tainted], &[]), asking("p", "1", &json!({})));
    assert_eq!(
        told,
        ["Tolerate the taint gpu", "Take the taint gpu from a"]
    );

    let labelled = machine("a", &json!({"metadata": {"labels": {"disk": "ssd"}}}));
    let picky = asking(
        "p",
        "1",
        &json!({"spec": {"nodeSelector": {"disk": "nvme"}}}),
    );
    assert_eq!(
        changes(&cluster(&[labelled], &[]), picky),
        [
            "Select nodes with disk=ssd instead of nvme",
            "Label a with disk=nvme",
            "Do not ask for disk=nvme",
        ]
    );

    let port = |name: &str, extra: &Value| {
        let mut body = asking(name, "1", &json!({}));
        body["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
        merge(&mut body, extra);
        body
    };
    let taken = port("old", &json!({"spec": {"nodeName": "a"}}));
    let told = changes(
        &cluster(&[machine("a", &json!({}))], &[taken]),
        port("p", &json!({})),
    );
    assert_eq!(told, ["Take no port of the node", "Add a node like a"]);

    let apart = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"affinity": {"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}]}}}});
    let plain = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"nodeName": "a"}});
    let told = |first: &Value| {
        let first = asking("first", "1", first);
        let cluster = cluster(&[machine("a", &json!({}))], &[first]);
        changes(&cluster, asking("p", "1", &apart))
    };
    let prefer = "Prefer, and do not require, which pods it may not be near";
    assert_eq!(told(&plain), [prefer, "Add a node like a"]);
    // The one that is there wants to be alone, too: what this pod says is not enough.
    let mut both = plain.clone();
    merge(&mut both, &apart);
    assert_eq!(told(&both), ["Add a node like a"]);
}

#[test]
fn what_no_single_change_helps_is_told_without_one() {
    let cordoned = json!({"spec": {"unschedulable": true}});
    let cluster = cluster(&[machine("a", &cordoned)], &[]);
    let told = explain(&cluster, &Object::from(asking("p", "64", &json!({}))), true);
    assert!(told.fixes.is_empty() && told.tried > 0, "{told:?}");
    let claims = json!({"spec": {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "gone"}}]}});
    let told = explain(&cluster, &Object::from(asking("p", "1", &claims)), true);
    assert!(told.obstacle.contains("gone") && told.nodes.is_empty());
    // Where it fits, there is nothing to change.
    let free = self::cluster(&[machine("a", &json!({}))], &[]);
    let told = explain(&free, &Object::from(asking("p", "1", &json!({}))), true);
    assert_eq!((told.node.as_str(), told.fixes.len()), ("a", 0));
}
