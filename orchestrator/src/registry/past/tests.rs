//! A cluster's past, told by the log in memory.

use std::time::Duration;

use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, Reason, Revision, Status};

use super::fields::{changes, flatten};
use super::{HistoryRequest, Moment};
use crate::registry::{Context, kinds};
use crate::testing::Cluster;
use client::{Author, DeleteOptions, Step};

fn deployment(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "labels": {"a/b": "c"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [
                    {"name": "web", "image": image, "args": ["x", "y"],
                     "ports": [{"containerPort": 80, "protocol": "TCP"}]},
                    {"name": "side", "image": "side:1"},
                ]},
            },
        },
    })
}

#[test]
fn fields_are_named_by_what_tells_them_apart() {
    let fields = flatten(&deployment("web:1").into());
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let container = "spec.template.spec.containers[name=web]";
    let port = format!("{container}.ports[containerPort=80,protocol=TCP]");
    assert_eq!(
        names,
        [
            "metadata.labels[a/b]",
            "spec.replicas",
            "spec.selector.matchLabels.app",
            "spec.template.metadata.labels.app",
            "spec.template.spec.containers[name=side].image",
            "spec.template.spec.containers[name=side].name",
            &format!("{container}.args"),
            &format!("{container}.image"),
            &format!("{container}.name"),
            &format!("{port}.containerPort"),
            &format!("{port}.protocol"),
        ]
    );
    let before = flatten(&deployment("web:1").into());
    let mut after = deployment("web:2");
    after["spec"]["replicas"] = Value::Null;
    after["metadata"]["uid"] = json!("u");
    let changed = changes(&before, &flatten(&after.into()));
    let told: Vec<String> = changed
        .iter()
        .map(|it| format!("{} {:?} {:?}", it.field, it.was, it.is))
        .collect();
    assert_eq!(
        told,
        [
            "spec.replicas Some(Number(2)) None".to_owned(),
            format!("{container}.image Some(String(\"web:1\")) Some(String(\"web:2\"))"),
        ]
    );
}

/// A list that its schema tells apart by a key may still have that key twice.
#[test]
fn elements_that_are_alike_stay_two() {
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"finalizers": ["x/y"]},
        "spec": {"ports": [{"port": 53}, {"port": 53}]},
    });
    let fields = flatten(&object.into());
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "metadata.finalizers[x/y]",
            "spec.ports[port=53]#2.port",
            "spec.ports[port=53].port",
        ]
    );
}

fn key(group: &str, resource: &str, name: &str) -> ObjectKey {
    Collection::new(group, resource).key("default", name)
}

fn revision(object: &Object) -> Revision {
    object.resource_version().revision().unwrap()
}

async fn history(cluster: &Cluster, key: &ObjectKey, limit: usize) -> Value {
    let request = HistoryRequest {
        key: key.clone(),
        until: None,
        limit,
    };
    cluster.registry.history(&request).await.unwrap()
}

#[tokio::test]
async fn an_object_is_read_as_it_was() {
    let cluster = Cluster::new().await;
    let registry = &cluster.registry;
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "m", "namespace": "default"}, "data": {"a": "1"},
    });
    let key = key("", "configmaps", "m");
    let first = cluster.create(map).await;
    let created_at = cluster.env.now();
    cluster.clock.advance(Duration::from_secs(60));
    let second = cluster.merge(&first, &json!({"data": {"a": "2"}})).await;
    let at = async |moment: Moment| -> Result<String, Status> {
        let revision = registry.moment(&key.collection, moment).await?;
        let object = registry.object_at(&key, revision).await?;
        Ok(object.text("/data/a").to_owned())
    };
    assert_eq!(at(Moment::Revision(revision(&first))).await.unwrap(), "1");
    assert_eq!(at(Moment::Revision(revision(&second))).await.unwrap(), "2");
    assert_eq!(at(Moment::Time(created_at)).await.unwrap(), "1");
    assert_eq!(at(Moment::Time(cluster.env.now())).await.unwrap(), "2");
    for (moment, reason) in [
        (Moment::Revision(Revision(1)), Reason::NotFound),
        (Moment::Revision(Revision(9999)), Reason::BadRequest),
        (
            Moment::Time(created_at + Duration::from_secs(3600)),
            Reason::BadRequest,
        ),
        (
            Moment::Time(created_at - Duration::from_secs(3600)),
            Reason::Expired,
        ),
    ] {
        assert_eq!(at(moment).await.unwrap_err().reason, reason);
    }
    let store = &cluster.stores.objects;
    store.compact(revision(&second)).await.unwrap();
    let gone = at(Moment::Revision(Revision(revision(&first).0 - 1))).await;
    assert_eq!(gone.unwrap_err().reason, Reason::Expired);
    assert_eq!(at(Moment::Revision(revision(&first))).await.unwrap(), "1");
}

/// The cluster of a commit is what it was when the last change in its name was made.
#[tokio::test]
async fn a_commit_is_a_moment() {
    let cluster = Cluster::new().await;
    let key = key("", "configmaps", "m");
    let apply = async |commit: &str| {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "m", "namespace": "default"}, "data": {"a": commit},
        });
        let step = Step::Apply {
            object: object.into(),
            force: true,
            uid: None,
        };
        let author = Author {
            field_manager: "kedge",
            commit,
        };
        let made = cluster.client.transaction(&[step], false, author).await;
        made.unwrap();
    };
    apply("c0ffee11").await;
    apply("c0ffee22").await;
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "ConfigMap", "name": "m", "namespace": "default"},
    });
    let event = cluster.create(event).await;
    cluster.clock.advance(Duration::from_secs(60));
    apply("decade33").await;
    let moment = async |collection: &Collection, text: &str| {
        let moment = Moment::parse(text).unwrap();
        cluster.registry.moment(collection, moment).await
    };
    for commit in ["c0ffee11", "c0ffee22", "decade33"] {
        let revision = moment(&key.collection, &commit[..8]).await.unwrap();
        let object = cluster.registry.object_at(&key, revision).await.unwrap();
        assert_eq!(object.text("/data/a"), commit);
    }
    // Events are counted apart: theirs is found by the time.
    let events = Collection::new("", "events");
    assert_eq!(moment(&events, "c0ffee22").await.unwrap(), revision(&event));
    let unknown = moment(&key.collection, "abcdef0").await.unwrap_err();
    assert_eq!(unknown.reason, Reason::BadRequest);
    let told = history(&cluster, &key, 1).await;
    assert_eq!(told["items"][0]["commit"], "decade33");
}

#[tokio::test]
async fn each_change_says_what_and_who() {
    let cluster = Cluster::new().await;
    let key = key("apps", "deployments", "web");
    let first = cluster.create(deployment("web:1")).await;
    let image = |image: &str| json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}});
    cluster
        .merge(&first, &json!({"spec": {"replicas": 3}}))
        .await;
    cluster.merge(&first, &image("web:2")).await;
    let page = history(&cluster, &key, 2).await;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[1]["user"], "system:test");
    assert_eq!(items[1]["operation"], "changed");
    assert_eq!(
        items[1]["fields"],
        json!([{"field": "spec.replicas", "was": 2, "is": 3}])
    );
    let request = HistoryRequest {
        key: key.clone(),
        until: Some(Revision(
            page["metadata"]["continue"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
        )),
        limit: 2,
    };
    let rest = cluster.registry.history(&request).await.unwrap();
    assert_eq!(rest["items"][0]["operation"], "created");
    assert_eq!(rest["metadata"], json!({}));

    let blame = cluster.registry.blame(&key).await.unwrap();
    let about = |field: &str| -> Value {
        let fields = blame["fields"].as_array().unwrap();
        fields
            .iter()
            .find(|it| it["field"] == field)
            .unwrap()
            .clone()
    };
    let replicas = about("spec.replicas");
    assert_eq!((&replicas["was"], &replicas["is"]), (&json!(2), &json!(3)));
    assert_eq!(replicas["revision"], items[1]["revision"]);
    let label = about("metadata.labels[a/b]");
    assert_eq!(
        (&label["operation"], &label["exact"]),
        (&json!("created"), &json!(true))
    );

    // What is older than the log is known to be so.
    let newest: i64 = items[0]["revision"].as_str().unwrap().parse().unwrap();
    cluster
        .stores
        .objects
        .compact(Revision(newest))
        .await
        .unwrap();
    let blame = cluster.registry.blame(&key).await.unwrap();
    let fields = blame["fields"].as_array().unwrap();
    let replicas = fields
        .iter()
        .find(|it| it["field"] == "spec.replicas")
        .unwrap();
    assert_eq!(
        (&replicas["exact"], replicas.get("was")),
        (&json!(false), None)
    );
}

#[tokio::test]
async fn a_secret_shows_that_it_changed_and_no_more() {
    let cluster = Cluster::new().await;
    let key = key("", "secrets", "s");
    let copy = "kubectl.kubernetes.io/last-applied-configuration";
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "s", "namespace": "default", "annotations": {copy: "c2Vzc2FtZQ=="}},
        "data": {"word": "c2Vzc2FtZQ=="},
    });
    let first = cluster.create(secret).await;
    cluster
        .merge(&first, &json!({"data": {"word": "b3Blbg=="}}))
        .await;
    let told = [
        history(&cluster, &key, 9).await,
        cluster.registry.blame(&key).await.unwrap(),
    ];
    for told in &told {
        let text = told.to_string();
        assert!(!text.contains("c2Vz") && !text.contains("b3Bl"), "{text}");
        assert!(text.contains("word"), "{text}");
    }
    // Whoever may read it may read it as it was.
    let then = revision(&first);
    let was = cluster.registry.object_at(&key, then).await.unwrap();
    assert_eq!(was.text("/data/word"), "c2Vzc2FtZQ==");
    let all = cluster.registry.list_at(&key.collection, "", then).await;
    assert_eq!(all.unwrap(), [was]);
    assert_eq!(
        told[0]["items"][0]["fields"],
        json!([{"field": "data.word", "was": "(hidden)", "is": "(hidden)"}])
    );
}

#[tokio::test]
async fn what_was_deleted_comes_back() {
    let cluster = Cluster::new().await;
    let context = Context::internal("test");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {
            "name": "s", "namespace": "default",
            "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "gone", "uid": "u"}],
        },
        "data": {"word": "c2Vzc2FtZQ=="},
    });
    let key = key("", "secrets", "s");
    let kind = kinds::of(&key.collection).unwrap();
    let undelete = async || cluster.registry.undelete(&context, kind, &key, None).await;
    assert_eq!(undelete().await.unwrap_err().reason, Reason::NotFound);
    let old = cluster.create(secret).await;
    assert_eq!(undelete().await.unwrap_err().reason, Reason::AlreadyExists);
    cluster.delete(&old, &DeleteOptions::default()).await;
    undelete().await.unwrap();
    let back = cluster.client.get(&key).await.unwrap();
    assert_eq!(back.text("/data/word"), "c2Vzc2FtZQ==");
    assert_ne!(back.uid(), old.uid());
    assert!(back.owner_references().is_empty(), "its owner is gone");
    assert_eq!(
        back.pointer("/metadata/managedFields"),
        old.pointer("/metadata/managedFields")
    );
    let told = history(&cluster, &key, 9).await;
    let operations: Vec<&str> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["operation"].as_str())
        .collect();
    assert_eq!(operations, ["created", "deleted", "created"]);
}
