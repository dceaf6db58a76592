//! A cluster that stands still, and its logs.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, ResourceVersion, Status};
use client::{
    ByteStream, Client, DeleteOptions, Error, List, ListOptions, LogOptions, Logs, Patch,
    PatchOptions, Step, Target, WatchOptions, WatchStream, WriteOptions,
};

use super::sample::HOSTILE;

/// A container that has not started: it has no log yet.
pub(super) const LATE: &str = "late";

pub(super) struct Still {
    pub(super) objects: Vec<Object>,
    pub(super) log: String,
    /// Nobody answers who asks for the end of a log.
    pub(super) silent: bool,
}

impl Still {
    fn of(&self, collection: &Collection, options: &ListOptions) -> Vec<Object> {
        let namespace = options.namespace.as_deref();
        self.objects
            .iter()
            .filter(|object| {
                api::resource::by_kind(&object.gvk())
                    .is_some_and(|resource| resource.collection() == *collection)
            })
            .filter(|object| namespace.is_none_or(|wanted| wanted == object.namespace()))
            .cloned()
            .collect()
    }
}

pub(super) fn refused() -> Error {
    Error::Api(Status::new(
        api::Reason::Forbidden,
        "nothing is written in these tests",
    ))
}

#[async_trait]
impl Client for Still {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.of(&key.collection, &ListOptions::default())
            .into_iter()
            .find(|object| object.namespace() == key.namespace && object.name() == key.name)
            .ok_or_else(|| Error::Api(Status::new(api::Reason::NotFound, "not found")))
    }

    async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        if path == client::placement::PATH {
            return Ok(super::why::placement());
        }
        super::past::read(self, path, query)
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        Ok(List {
            items: self.of(collection, options),
            resource_version: ResourceVersion("7".into()),
        })
    }

    async fn watch(
        &self,
        _: &Collection,
        _: &ResourceVersion,
        _: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        Ok(stream::pending().boxed())
    }

    async fn create(&self, _: &Collection, _: &Object, _: &WriteOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn replace(&self, _: &Target, _: &Object, _: &WriteOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn patch(&self, _: &Target, _: &Patch, _: &PatchOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn delete(&self, _: &ObjectKey, _: &DeleteOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn create_subresource(&self, _: &Target, _: &Object) -> Result<Object, Error> {
        Err(refused())
    }

    async fn transaction(
        &self,
        _: &[Step],
        _: bool,
        _: client::Author<'_>,
    ) -> Result<Vec<Object>, Error> {
        Err(refused())
    }
}

#[async_trait]
impl Logs for Still {
    async fn logs(&self, _: &ObjectKey, options: &LogOptions) -> Result<ByteStream, Error> {
        if options.container == LATE {
            return Err(refused());
        }
        if self.silent && !options.follow {
            return std::future::pending().await;
        }
        let text: String = self
            .log
            .lines()
            .map(|line| match (options.timestamps, line.split_once(' ')) {
                (false, Some((_, text))) => format!("{text}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        // As the real one, it must not be asked again after its end.
        let once = |text: Option<String>| async move { Some((Ok(Bytes::from(text?)), None)) };
        Ok(stream::unfold(Some(text), once).boxed())
    }
}

/// The objects in the cluster.
pub(super) fn objects(hostile: bool) -> Vec<Object> {
    let text = |text: &str| {
        if hostile {
            HOSTILE.to_owned()
        } else {
            text.to_owned()
        }
    };
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": text(message), "lastTransitionTime": "2026-03-01T14:07:20Z"});
    let node = |name: &str, ready: &str| {
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {
        "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"}, "addresses": [{"type": "InternalIP", "address": "10.42.0.2"}],
        "conditions": [{"type": "Ready", "status": ready}], "nodeInfo": {"kubeletVersion": "v1.36.0"}}})
    };
    let replica_set = |name: &str, revision: &str, wanted: i64, ready: i64| {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "movies", "uid": format!("uid-{name}"), "creationTimestamp": "2026-03-01T14:07:30Z", "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "serving", "uid": "Deployment/serving", "controller": true}]},
        "spec": {"replicas": wanted}, "status": {"replicas": wanted, "readyReplicas": ready}})
    };
    [
        json!({"apiVersion": "kedge.dev/v1alpha1", "kind": "Application", "metadata": {"name": "serving", "namespace": "kedge"},
            "spec": {"source": {"path": "movies/serving", "revision": "main"}, "targetNamespace": "movies", "dependsOn": ["training"]},
            "status": {"conditions": [condition("Synced", "False", "OutOfSync", "1 to change, 6 unchanged"),
                condition("Healthy", "False", "Degraded", "Deployment movies/serving: container api exits with code 1"),
                condition("RollingOut", "True", "Verifying", "waits for wave 2")]}}),
        replica_set("serving-7d9f6c8b54", "3", 1, 0),
        replica_set("serving-5c77bd9f4d", "2", 3, 3),
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "serving", "namespace": "movies", "uid": "Deployment/serving",
            "managedFields": [{"manager": "kedge", "operation": "Apply", "fieldsV1": {"f:spec": {"f:paused": {}}}},
                {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]}, "spec": {"replicas": 4, "paused": false}, "status": {"readyReplicas": 3}}),
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "serving-7d9f6c8b54-x2x7k", "namespace": "movies", "uid": "p1", "creationTimestamp": "2026-03-01T14:08:21Z",
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "serving-7d9f6c8b54", "uid": "uid-serving-7d9f6c8b54", "controller": true}]},
            "spec": {"nodeName": "north-b", "serviceAccountName": "serving", "restartPolicy": "Always",
                "initContainers": [{"name": "wait", "image": "movies/tools:1"}],
                "containers": [{"name": "api", "image": text("movies/serving:2.18.1"), "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}},
                    "env": [{"name": "MODEL_URL", "valueFrom": {"configMapKeyRef": {"name": "serving-env", "key": "model-url", "optional": true}}}]}, {"name": "proxy", "image": "movies/proxy:1.2"}]},
            "status": {"phase": "Running", "podIP": "10.42.2.71", "qosClass": "Burstable",
                "initContainerStatuses": [{"name": "wait", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
                "containerStatuses": [
                    {"name": "api", "restartCount": 4, "ready": false, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container"}},
                        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-03-01T14:11:31Z", "finishedAt": "2026-03-01T14:11:44Z", "message": text("MODEL_URL is not set")}}},
                    {"name": "proxy", "restartCount": 0, "ready": true, "state": {"running": {}}}]}}),
        super::why::waiting(),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "serving-env", "namespace": "movies"}, "data": {"model_url": "http://models"}}),
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e1", "namespace": "movies"}, "type": "Warning", "reason": "BackOff", "count": 14,
            "message": text("Back-off restarting failed container api"), "lastTimestamp": "2026-03-01T14:12:20Z",
            "involvedObject": {"kind": "Pod", "name": "serving-7d9f6c8b54-x2x7k", "namespace": "movies"}}),
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e2", "namespace": "movies"}, "type": "Normal", "reason": "Scheduled", "count": 1,
            "message": text("Assigned to north-b"), "lastTimestamp": "2026-03-01T14:08:21Z",
            "involvedObject": {"kind": "Pod", "name": "serving-7d9f6c8b54-x2x7k", "namespace": "movies"}}),
        node("north-a", "True"),
        node("north-b", "True"),
        node("north-c", "False"),
    ]
    .into_iter()
    .map(Object::from)
    .collect()
}

pub(super) const LOG: &str = "\
2026-03-01T14:11:31.204000001Z INFO serving 2.18.1 starting, 2 workers
2026-03-01T14:11:31.210000001Z INFO config: reading environment
2026-03-01T14:11:33.013000001Z WARN config: MODEL_URL is missing, trying service discovery for 10 s
2026-03-01T14:11:43.410000001Z ERROR config: MODEL_URL is not set (expected an absolute URL)
2026-03-01T14:11:43.702000001Z INFO exit 1
";
