use std::time::Duration;

use client::{DeleteOptions, Driver};
use serde_json::json;

use super::PodCollector;
use crate::testing::Cluster;

#[tokio::test]
async fn pods_of_a_node_that_is_gone_go_too() {
    let cluster = Cluster::new().await;
    let driver = Driver::new(
        PodCollector::new(&cluster.informers),
        cluster.client.clone(),
        &cluster.informers,
        &cluster.env,
    );
    for body in [
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}),
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n2"}}),
        json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": "default"},
        }),
    ] {
        cluster.create(body).await;
    }
    for (name, node) in [("a", "n1"), ("b", "n2"), ("c", "")] {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
            "spec": {"containers": [{"name": "main", "image": "app:1"}]},
        });
        if !node.is_empty() {
            pod["spec"]["nodeName"] = json!(node);
        }
        cluster.create(pod).await;
    }
    let names = async || -> Vec<String> {
        let pods = cluster.all("", "pods").await;
        pods.iter().map(|pod| pod.name().to_owned()).collect()
    };
    cluster.run(&[&driver]).await;
    let node = cluster.find("", "nodes", "", "n1").await.unwrap();
    cluster.delete(&node, &DeleteOptions::default()).await;
    cluster.run(&[&driver]).await;
    assert_eq!(names().await, ["a", "b", "c"]);
    cluster.clock.advance(Duration::from_secs(41));
    cluster.run(&[&driver]).await;
    assert_eq!(names().await, ["b", "c"]);
}
