//! All controllers and the scheduler together, against a real registry in memory.

use client::Drive;
use serde_json::{Value, json};

use super::{Config, drivers};
use crate::scheduler::Scheduler;
use crate::testing::Cluster;

fn config() -> Config {
    Config {
        authority: "PEM".into(),
        service_address: "10.96.0.1".parse().unwrap(),
        servers: vec!["10.1.0.1:6443".parse().unwrap()],
        node_grace: Config::NODE_GRACE,
        local_volumes: "/data".into(),
    }
}

fn all(cluster: &Cluster) -> Vec<Box<dyn Drive>> {
    let Cluster {
        client,
        informers,
        env,
        tasks,
        ..
    } = cluster;
    let mut all = drivers(&config(), client, informers, env, tasks);
    let events = cluster.recorder("default-scheduler");
    all.push(Box::new(Scheduler::new(
        client.clone(),
        informers,
        env,
        events,
    )));
    all
}

async fn run(cluster: &Cluster, drivers: &[Box<dyn Drive>]) {
    let drivers: Vec<&dyn Drive> = drivers.iter().map(AsRef::as_ref).collect();
    cluster.run(&drivers).await;
}

/// Every object with its version, events and leases apart.
async fn versions(cluster: &Cluster) -> Vec<String> {
    let mut versions = Vec::new();
    for resource in api::resource::served() {
        let is_noise = ["events", "leases"].contains(&resource.plural.as_str());
        if is_noise || !resource.verbs.iter().any(|verb| verb == "watch") {
            continue;
        }
        for object in cluster.all(&resource.group, &resource.plural).await {
            let key = object.key(&resource.collection());
            versions.push(format!("{key} {}", object.resource_version()));
        }
    }
    versions
}

/// What the node agents would report of the pods bound to them.
async fn all_pods_ready(cluster: &Cluster) {
    for (index, pod) in cluster.all("", "pods").await.into_iter().enumerate() {
        let address = format!("10.2.0.{index}");
        let ready = json!({"type": "Ready", "status": "True"});
        let status = json!({
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
            "conditions": [ready],
        });
        cluster.set_status(&pod, &status).await;
    }
}

fn deployment() -> Value {
    let template = json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{
            "name": "main", "image": "web:1", "ports": [{"name": "http", "containerPort": 8080}],
        }]},
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "template": template,
        },
    })
}

#[tokio::test]
async fn a_deployment_becomes_endpoints_and_another_leader_changes_nothing() {
    let cluster = Cluster::new().await;
    let first = all(&cluster);
    run(&cluster, &first).await;
    for name in ["n1", "n2"] {
        let ready = json!({"type": "Ready", "status": "True"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
            "status": {
                "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "conditions": [ready],
            },
        });
        cluster.create(node).await;
    }
    cluster.create(deployment()).await;
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    });
    cluster.create(service).await;
    run(&cluster, &first).await;
    all_pods_ready(&cluster).await;
    run(&cluster, &first).await;

    let mut nodes: Vec<String> = Vec::new();
    let slices = cluster.all("discovery.k8s.io", "endpointslices").await;
    let slice = slices.iter().find(|slice| slice.name() != "kubernetes");
    for endpoint in slice.unwrap().body["endpoints"].as_array().unwrap() {
        assert_eq!(endpoint["conditions"]["ready"], true);
        nodes.push(endpoint["nodeName"].as_str().unwrap().to_owned());
    }
    nodes.sort();
    assert_eq!(nodes, ["n1", "n1", "n2", "n2"]);

    drop(first);
    let before = versions(&cluster).await;
    run(&cluster, &all(&cluster)).await;
    assert_eq!(versions(&cluster).await, before);
}
