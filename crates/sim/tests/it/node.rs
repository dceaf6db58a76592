//! A node agent on the simulated runtime, against the real registry.

use api::Object;
use client::{DeleteOptions, Tasks};
use serde_json::{Value, json};

use crate::cluster::Cluster;

fn pod(name: &str, spec: &Value) -> Value {
    let mut body = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "example.com/app:1"}]},
    });
    for (field, value) in spec.as_object().expect("a map of fields") {
        body["spec"][field] = value.clone();
    }
    body
}

fn phase(object: Option<&Object>) -> &str {
    object.map_or("", |object| object.text("/status/phase"))
}

fn is_ready(object: Option<&Object>) -> bool {
    object
        .and_then(|object| object.condition("Ready"))
        .is_some_and(|c| c.status == "True")
}

async fn node(cluster: &Cluster) -> (Tasks, std::path::PathBuf) {
    let tasks = Tasks::default();
    let directory = std::env::temp_dir();
    cluster.simulated_node("n1", &directory, &tasks).await;
    (tasks, directory)
}

#[tokio::test]
async fn registers_and_reports_itself() {
    let cluster = Cluster::new().await;
    let (tasks, _) = node(&cluster).await;
    let node = cluster.until("nodes", "", "n1", is_ready).await.unwrap();
    assert_eq!(node.label("kedge.dev/runtime"), Some("simulated"));
    assert_eq!(node.label("kubernetes.io/hostname"), Some("n1"));
    assert_eq!(node.text("/spec/podCIDR"), "10.1.1.0/24");
    let version = node.text("/status/nodeInfo/containerRuntimeVersion");
    assert!(version.starts_with("simulated://"), "{version}");
    assert_eq!(node.text("/status/allocatable/cpu"), "32");
    tasks.drain().await;
    cluster.end().await;
}

#[tokio::test]
async fn runs_a_pod_from_pending_to_gone() {
    let cluster = Cluster::new().await;
    let (tasks, _) = node(&cluster).await;
    let probe = json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1});
    let spec = json!({
        "initContainers": [{"name": "i", "image": "example.com/init:1"}],
        "containers": [{
            "name": "c", "image": "example.com/app:1",
            "readinessProbe": probe, "livenessProbe": probe, "startupProbe": probe,
        }],
    });
    let made = cluster.create(pod("web", &spec)).await;
    let ready = cluster
        .until("pods", "default", "web", is_ready)
        .await
        .unwrap();
    assert_eq!(phase(Some(&ready)), "Running");
    assert!(ready.text("/status/podIP").starts_with("10.1.1."));
    assert_eq!(
        ready.text("/status/initContainerStatuses/0/state/terminated/reason"),
        "Completed"
    );
    assert_eq!(
        ready.pointer("/status/containerStatuses/0/restartCount"),
        Some(&json!(0))
    );
    assert_eq!(
        ready.pointer("/status/containerStatuses/0/started"),
        Some(&json!(true))
    );
    assert_eq!(ready.observed_generation(), Some(ready.generation()));

    let key = made.key(&api::Collection::new("", "pods"));
    cluster
        .client
        .delete(&key, &DeleteOptions::default())
        .await
        .unwrap();
    cluster
        .until("pods", "default", "web", |object| object.is_none())
        .await;
    tasks.drain().await;
    cluster.end().await;
}

#[tokio::test]
async fn ends_what_is_meant_to_end_and_restarts_what_is_not() {
    let cluster = Cluster::new().await;
    let (tasks, _) = node(&cluster).await;
    cluster
        .create(pod("job", &json!({"restartPolicy": "Never"})))
        .await;
    let done = cluster
        .until("pods", "default", "job", |o| phase(o) == "Succeeded")
        .await
        .unwrap();
    assert_eq!(done.condition("Ready").unwrap().reason, "PodCompleted");

    let mut crashing = pod("crash", &json!({}));
    crashing["metadata"]["annotations"] = json!({
        "simulated.kedge.dev/exit-after": "20ms", "simulated.kedge.dev/exit-code": "3",
    });
    cluster.create(crashing).await;
    // The first restart comes at once, the second has to wait.
    let waiting = cluster
        .until("pods", "default", "crash", |object| {
            let reason = "/status/containerStatuses/0/state/waiting/reason";
            object.is_some_and(|object| object.text(reason) == "CrashLoopBackOff")
        })
        .await
        .unwrap();
    assert_eq!(
        waiting.pointer("/status/containerStatuses/0/restartCount"),
        Some(&json!(1))
    );
    let last = "/status/containerStatuses/0/lastState/terminated/exitCode";
    assert_eq!(waiting.pointer(last), Some(&json!(3)));
    assert_eq!(phase(Some(&waiting)), "Running");
    tasks.drain().await;
    cluster.end().await;
}

#[tokio::test]
async fn says_what_a_pod_waits_for() {
    let cluster = Cluster::new().await;
    let (tasks, _) = node(&cluster).await;
    let reason = |object: Option<&Object>| {
        let path = "/status/containerStatuses/0/state/waiting/reason";
        object.map_or(String::new(), |object| object.text(path).to_owned())
    };
    let image = json!({"containers": [{"name": "c", "image": "registry.invalid/app:2"}]});
    cluster.create(pod("image", &image)).await;
    cluster
        .until("pods", "default", "image", |o| reason(o) == "ErrImagePull")
        .await;
    cluster
        .until("pods", "default", "image", |o| {
            reason(o) == "ImagePullBackOff"
        })
        .await;

    let variable = json!({"name": "V", "valueFrom": {
        "configMapKeyRef": {"name": "settings", "key": "v"},
    }});
    let config =
        json!({"containers": [{"name": "c", "image": "example.com/a:1", "env": [variable]}]});
    cluster.create(pod("config", &config)).await;
    let waiting = cluster
        .until("pods", "default", "config", |o| {
            reason(o) == "CreateContainerConfigError"
        })
        .await
        .unwrap();
    let message = waiting.text("/status/containerStatuses/0/state/waiting/message");
    assert_eq!(message, "configmap \"settings\" not found");

    // What was missing comes, and the pod goes on.
    cluster
        .create(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": "default"}, "data": {"v": "1"},
        }))
        .await;
    cluster.until("pods", "default", "config", is_ready).await;
    tasks.drain().await;
    cluster.end().await;
}

#[tokio::test]
async fn a_forced_deletion_leaves_nothing_behind() {
    let cluster = Cluster::new().await;
    let (tasks, _) = node(&cluster).await;
    let made = cluster.create(pod("web", &json!({}))).await;
    let first = cluster
        .until("pods", "default", "web", is_ready)
        .await
        .unwrap();
    let key = made.key(&api::Collection::new("", "pods"));
    let force = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    cluster.client.delete(&key, &force).await.unwrap();
    cluster
        .until("pods", "default", "web", |object| object.is_none())
        .await;
    // The next pod of that name is another pod.
    cluster.create(pod("web", &json!({}))).await;
    let second = cluster
        .until("pods", "default", "web", is_ready)
        .await
        .unwrap();
    assert_ne!(first.uid(), second.uid());
    let id = "/status/containerStatuses/0/containerID";
    assert_ne!(first.text(id), second.text(id));
    tasks.drain().await;
    cluster.end().await;
}

#[tokio::test]
async fn lets_a_volume_go_when_nothing_uses_it() {
    let cluster = Cluster::new().await;
    let (tasks, _) = node(&cluster).await;
    let claim = json!({"claimName": "data"});
    let spec = json!({"volumes": [{"name": "v", "persistentVolumeClaim": claim}]});
    let claim = cluster
        .create(json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "data", "namespace": "default"},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": "local",
            },
        }))
        .await;
    let name = format!("pvc-{}", claim.uid());
    let volume = cluster
        .create(json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {
                "name": name, "labels": {"kedge.dev/node": "n1"},
                "finalizers": ["kedge.dev/local-directory"],
                "annotations": {"pv.kubernetes.io/provisioned-by": "kedge.dev/local"},
            },
            "spec": {
                "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"},
                "storageClassName": "local", "persistentVolumeReclaimPolicy": "Delete",
                "local": {"path": format!("/volumes/{name}")},
                "claimRef": {"namespace": "default", "name": "data", "uid": claim.uid()},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                    {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]}},
            },
        }))
        .await;
    cluster.bind(&claim, &name).await;
    let made = cluster.create(pod("web", &spec)).await;
    cluster.until("pods", "default", "web", is_ready).await;

    let options = DeleteOptions::default();
    let core = |resource: &str| api::Collection::new("", resource);
    let volumes = core("persistentvolumes");
    // What the controller would do once the claim is gone; the pod is still there.
    let protection = json!({"metadata": {"finalizers": ["kedge.dev/local-directory"]}});
    cluster.merge(&volume.key(&volumes), &protection).await;
    let key = volume.key(&volumes);
    cluster.client.delete(&key, &options).await.unwrap();
    cluster
        .until("persistentvolumes", "", &name, |object| {
            object.is_some_and(Object::is_deleting)
        })
        .await;
    assert!(cluster.client.get(&key).await.is_ok(), "a pod uses it");
    let key = made.key(&core("pods"));
    cluster.client.delete(&key, &options).await.unwrap();
    cluster
        .until("persistentvolumes", "", &name, |object| object.is_none())
        .await;
    tasks.drain().await;
    cluster.end().await;
}
