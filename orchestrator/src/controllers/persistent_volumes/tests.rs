use client::{DeleteOptions, Drive, Driver};
use serde_json::{Value, json};

use super::{PersistentVolumes, install};
use crate::scheduler::Scheduler;
use crate::testing::Cluster;

struct World {
    cluster: Cluster,
    binder: Driver<PersistentVolumes>,
    scheduler: Scheduler,
}

impl World {
    async fn new() -> Self {
        let cluster = Cluster::new().await;
        install(&*cluster.client).await.unwrap();
        install(&*cluster.client).await.unwrap();
        let controller = PersistentVolumes::new(
            &cluster.informers,
            "/data/volumes/",
            cluster.recorder("test"),
        );
        let binder = Driver::new(
            controller,
            cluster.client.clone(),
            &cluster.informers,
            &cluster.env,
        );
        let scheduler = Scheduler::new(
            cluster.client.clone(),
            &cluster.informers,
            &cluster.env,
            cluster.recorder("default-scheduler"),
        );
        for body in [
            json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": "n1", "labels": {"kubernetes.io/hostname": "n1"}},
                "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
            }),
            json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": "default"},
            }),
        ] {
            cluster.create(body).await;
        }
        Self {
            cluster,
            binder,
            scheduler,
        }
    }

    async fn run(&self) {
        let drives: [&dyn Drive; 2] = [&self.binder, &self.scheduler];
        self.cluster.run(&drives).await;
    }

    async fn claim(&self, name: &str, spec: &Value) {
        let mut body = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
            },
        });
        for (key, value) in spec.as_object().unwrap() {
            body["spec"][key] = value.clone();
        }
        self.cluster.create(body).await;
    }

    async fn user(&self, claim: &str) {
        let body = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("user-of-{claim}"), "namespace": "default"},
            "spec": {
                "containers": [{"name": "main", "image": "app:1"}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
            },
        });
        self.cluster.create(body).await;
    }

    async fn volume(&self, name: &str, size: &str, extra: &Value) {
        let mut body = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "capacity": {"storage": size},
                "hostPath": {"path": "/mnt"},
            },
        });
        for (key, value) in extra.as_object().unwrap() {
            body["spec"][key] = value.clone();
        }
        self.cluster.create(body).await;
    }

    async fn find(&self, resource: &str, name: &str) -> Option<api::Object> {
        let namespace = if resource == "persistentvolumes" {
            ""
        } else {
            "default"
        };
        self.cluster.find("", resource, namespace, name).await
    }

    async fn phase(&self, resource: &str, name: &str) -> String {
        let found = self.find(resource, name).await;
        found.map_or("gone".into(), |o| o.text("/status/phase").to_owned())
    }
}

const CLAIMS: &str = "persistentvolumeclaims";
const VOLUMES: &str = "persistentvolumes";

#[tokio::test]
async fn a_claim_of_the_default_class_lives_and_dies_with_its_directory() {
    let world = World::new().await;
    world.claim("data", &json!({})).await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "data").await, "Pending");

    world.user("data").await;
    world.run().await;
    let claim = world.find(CLAIMS, "data").await.unwrap();
    assert_eq!(claim.text("/status/phase"), "Bound");
    assert_eq!(claim.text("/status/capacity/storage"), "1Gi");
    let name = claim.text("/spec/volumeName").to_owned();
    let volume = world.find(VOLUMES, &name).await.unwrap();
    assert_eq!(volume.text("/status/phase"), "Bound");
    assert_eq!(
        volume.text("/spec/local/path"),
        format!("/data/volumes/pvc-{}", claim.uid())
    );
    let pod = world.find("pods", "user-of-data").await.unwrap();
    assert_eq!(pod.text("/spec/nodeName"), "n1");

    // In use: deletion waits for the pod.
    world
        .cluster
        .delete(&claim, &DeleteOptions::default())
        .await;
    world.run().await;
    assert!(world.find(CLAIMS, "data").await.unwrap().is_deleting());
    let now = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    world.cluster.delete(&pod, &now).await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "data").await, "gone");
    // The node has yet to remove the directory.
    let volume = world.find(VOLUMES, &name).await.unwrap();
    assert!(volume.is_deleting());
    assert_eq!(volume.label("kedge.dev/node"), Some("n1"));
    assert!(volume.finalizers().eq(["kedge.dev/local-directory"]));
    let removed = json!({"metadata": {"finalizers": null}});
    world.cluster.merge(&volume, &removed).await;
    assert_eq!(world.phase(VOLUMES, &name).await, "gone");
}

/// A claim of the default class, bound on `n1`, whose pod is gone.
async fn used_once(world: &World) -> (api::Object, api::Object) {
    world.claim("data", &json!({})).await;
    world.user("data").await;
    world.run().await;
    let pod = world.find("pods", "user-of-data").await.unwrap();
    let now = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    world.cluster.delete(&pod, &now).await;
    let claim = world.find(CLAIMS, "data").await.unwrap();
    let volume = world.find(VOLUMES, claim.text("/spec/volumeName")).await;
    (claim, volume.unwrap())
}

#[tokio::test]
async fn the_next_pod_goes_to_the_node_of_the_data() {
    let world = World::new().await;
    used_once(&world).await;
    // Emptier than the first node in every respect.
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": "n0", "labels": {"kubernetes.io/hostname": "n0"}},
        "status": {"allocatable": {"cpu": "64", "memory": "256Gi", "pods": "110"}},
    });
    world.cluster.create(node).await;
    world.user("data").await;
    world.run().await;
    let pod = world.find("pods", "user-of-data").await.unwrap();
    assert_eq!(pod.text("/spec/nodeName"), "n1");
}

#[tokio::test]
async fn a_volume_that_is_kept_outlives_its_claim() {
    let world = World::new().await;
    let (claim, volume) = used_once(&world).await;
    let name = volume.name();
    let keep = json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}});
    world.cluster.merge(&volume, &keep).await;
    let gently = DeleteOptions::default();
    world.cluster.delete(&claim, &gently).await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "data").await, "gone");
    assert_eq!(world.phase(VOLUMES, name).await, "Released");
    // Deleting it forgets it, and leaves the directory where it is.
    world.cluster.delete(&volume, &gently).await;
    world.run().await;
    assert_eq!(world.phase(VOLUMES, name).await, "gone");
}

#[tokio::test]
async fn a_volume_does_not_wait_for_a_node_that_is_no_more() {
    let world = World::new().await;
    let (claim, volume) = used_once(&world).await;
    let gently = DeleteOptions::default();
    world.cluster.delete(&claim, &gently).await;
    world.run().await;
    assert_eq!(world.phase(VOLUMES, volume.name()).await, "Released");
    let node = world.cluster.find("", "nodes", "", "n1").await.unwrap();
    world.cluster.delete(&node, &gently).await;
    world.run().await;
    assert_eq!(world.phase(VOLUMES, volume.name()).await, "gone");
}

#[tokio::test]
async fn the_smallest_volume_that_suits_is_bound_and_kept_afterwards() {
    let world = World::new().await;
    world.volume("large", "5Gi", &json!({})).await;
    world.volume("small", "2Gi", &json!({})).await;
    world.volume("tiny", "1Mi", &json!({})).await;
    let other = json!({"storageClassName": "other"});
    world.volume("other", "1Gi", &other).await;
    world.claim("data", &json!({"storageClassName": ""})).await;
    world.run().await;
    let claim = world.find(CLAIMS, "data").await.unwrap();
    assert_eq!(claim.text("/spec/volumeName"), "small");
    assert_eq!(claim.text("/status/capacity/storage"), "2Gi");
    assert_eq!(world.phase(VOLUMES, "small").await, "Bound");
    assert_eq!(world.phase(VOLUMES, "large").await, "Available");

    world.claim("more", &json!({"storageClassName": ""})).await;
    world.claim("none", &json!({"storageClassName": ""})).await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "more").await, "Bound");
    assert_eq!(world.phase(CLAIMS, "none").await, "Pending");
    world.volume("late", "1Gi", &json!({})).await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "none").await, "Bound");

    world
        .cluster
        .delete(&claim, &DeleteOptions::default())
        .await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "data").await, "gone");
    assert_eq!(world.phase(VOLUMES, "small").await, "Released");
    let volume = world.find(VOLUMES, "small").await.unwrap();
    world
        .cluster
        .delete(&volume, &DeleteOptions::default())
        .await;
    world.run().await;
    assert_eq!(world.phase(VOLUMES, "small").await, "gone");
}

#[tokio::test]
async fn a_volume_and_a_claim_that_name_each_other_are_bound() {
    let world = World::new().await;
    let reserved = json!({"claimRef": {"namespace": "default", "name": "mine"}});
    world.volume("reserved", "1Gi", &reserved).await;
    world.volume("named", "1Gi", &json!({})).await;
    world
        .claim(
            "other",
            &json!({"storageClassName": "", "volumeName": "reserved"}),
        )
        .await;
    world.claim("mine", &json!({"storageClassName": ""})).await;
    world
        .claim(
            "picky",
            &json!({"storageClassName": "", "volumeName": "named"}),
        )
        .await;
    world.run().await;
    let mine = world.find(CLAIMS, "mine").await.unwrap();
    assert_eq!(mine.text("/spec/volumeName"), "reserved");
    assert_eq!(world.phase(CLAIMS, "picky").await, "Bound");
    assert_eq!(world.phase(CLAIMS, "other").await, "Pending");
}

#[tokio::test]
async fn a_late_claim_takes_the_volume_its_pod_can_reach() {
    let world = World::new().await;
    world
        .cluster
        .create(json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "manual"}, "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        }))
        .await;
    for (name, node) in [("far", "n2"), ("near", "n1")] {
        let affinity = json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [
            {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}});
        let spec = json!({"storageClassName": "manual", "nodeAffinity": affinity});
        world.volume(name, "1Gi", &spec).await;
    }
    world
        .claim("data", &json!({"storageClassName": "manual"}))
        .await;
    world.run().await;
    assert_eq!(world.phase(CLAIMS, "data").await, "Pending");
    world.user("data").await;
    world.run().await;
    let claim = world.find(CLAIMS, "data").await.unwrap();
    assert_eq!(claim.text("/spec/volumeName"), "near");
    let pod = world.find("pods", "user-of-data").await.unwrap();
    assert_eq!(pod.text("/spec/nodeName"), "n1");
}
