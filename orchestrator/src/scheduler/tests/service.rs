//! The whole scheduler against a real registry in memory.

use std::time::Duration;

use client::{DeleteOptions, Drive};
use serde_json::{Value, json};

use super::merge;
use crate::scheduler::Scheduler;
use crate::testing::Cluster;

async fn start() -> (Cluster, Scheduler) {
    let cluster = Cluster::new().await;
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "default"},
    });
    cluster.create(account).await;
    let recorder = cluster.recorder("default-scheduler");
    let scheduler = Scheduler::new(
        cluster.client.clone(),
        &cluster.informers,
        &cluster.env,
        recorder,
    );
    (cluster, scheduler)
}

async fn add_node(cluster: &Cluster, name: &str, cpu: &str) -> api::Object {
    let allocatable = json!({"cpu": cpu, "memory": "8Gi", "pods": "110"});
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"allocatable": allocatable, "capacity": allocatable},
    });
    cluster.create(node).await
}

async fn add_pod(cluster: &Cluster, name: &str, extra: &Value) -> api::Object {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{
            "name": "main", "image": "app:1", "resources": {"requests": {"cpu": "1"}},
        }]},
    });
    merge(&mut pod, extra);
    cluster.create(pod).await
}

async fn node_of(cluster: &Cluster, name: &str) -> String {
    let pod = cluster.find("", "pods", "default", name).await.unwrap();
    pod.text("/spec/nodeName").to_owned()
}

#[tokio::test]
async fn binds_and_says_why_not_and_tries_again_when_room_is_made() {
    let (cluster, scheduler) = start().await;
    add_node(&cluster, "n1", "1").await;
    let first = add_pod(&cluster, "first", &json!({})).await;
    cluster.run(&[&scheduler]).await;
    assert_eq!(node_of(&cluster, "first").await, "n1");

    let second = add_pod(&cluster, "second", &json!({})).await;
    add_pod(
        &cluster,
        "foreign",
        &json!({"spec": {"schedulerName": "other"}}),
    )
    .await;
    cluster.run(&[&scheduler]).await;
    let pod = cluster.find("", "pods", "default", "second").await.unwrap();
    let condition = pod.condition("PodScheduled").unwrap();
    assert_eq!(
        (condition.status.as_str(), condition.reason.as_str()),
        ("False", "Unschedulable")
    );
    assert_eq!(
        condition.message,
        "0/1 nodes are available: 1 Insufficient cpu."
    );
    assert_eq!(pod.uid(), second.uid());
    assert!(scheduler.next_due().is_some(), "looked at again by itself");

    let now = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    cluster.delete(&first, &now).await;
    cluster.run(&[&scheduler]).await;
    assert_eq!(node_of(&cluster, "second").await, "n1");
    let pod = cluster.find("", "pods", "default", "second").await.unwrap();
    assert_eq!(pod.condition("PodScheduled").unwrap().status, "True");
    assert_eq!(node_of(&cluster, "foreign").await, "");
    assert!(scheduler.is_idle());
}

#[tokio::test]
async fn a_batch_never_promises_more_than_there_is() {
    let (cluster, scheduler) = start().await;
    for name in ["n1", "n2", "n3"] {
        add_node(&cluster, name, "2").await;
    }
    for index in 0..10 {
        add_pod(&cluster, &format!("p{index}"), &json!({})).await;
    }
    cluster.run(&[&scheduler]).await;
    let mut counts = std::collections::BTreeMap::new();
    for index in 0..10 {
        let node = node_of(&cluster, &format!("p{index}")).await;
        *counts.entry(node).or_insert(0) += 1;
    }
    let expected = [("", 4), ("n1", 2), ("n2", 2), ("n3", 2)];
    assert_eq!(counts, expected.map(|(n, c)| (n.to_owned(), c)).into());

    add_node(&cluster, "n4", "8").await;
    cluster.run(&[&scheduler]).await;
    assert_eq!(node_of(&cluster, "p9").await, "n4");
}

#[tokio::test]
async fn a_late_claim_is_sent_to_the_pods_node_and_waited_for() {
    let (cluster, scheduler) = start().await;
    add_node(&cluster, "n1", "2").await;
    cluster
        .create(json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "local"},
            "provisioner": "kedge.dev/local", "volumeBindingMode": "WaitForFirstConsumer",
        }))
        .await;
    let claim = cluster
        .create(json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "namespace": "default"},
            "spec": {
                "storageClassName": "local", "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }))
        .await;
    let volumes = json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]);
    add_pod(&cluster, "p", &json!({"spec": {"volumes": volumes}})).await;
    cluster.run(&[&scheduler]).await;
    let live = cluster
        .find("", "persistentvolumeclaims", "default", "data")
        .await
        .unwrap();
    let selected = "volume.kubernetes.io/selected-node";
    assert_eq!(live.annotation(selected), Some("n1"));
    assert_eq!(node_of(&cluster, "p").await, "");

    let reference = json!({"namespace": "default", "name": "data", "uid": claim.uid()});
    let affinity = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
        {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]}});
    cluster
        .create(json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"},
            "spec": {
                "storageClassName": "local", "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": "1Gi"}, "local": {"path": "/data"},
                "claimRef": reference, "nodeAffinity": affinity,
            },
        }))
        .await;
    let live = cluster
        .merge(&live, &json!({"spec": {"volumeName": "v"}}))
        .await;
    cluster.set_status(&live, &json!({"phase": "Bound"})).await;
    cluster.clock.advance(Duration::from_secs(1));
    cluster.run(&[&scheduler]).await;
    assert_eq!(node_of(&cluster, "p").await, "n1");
}
