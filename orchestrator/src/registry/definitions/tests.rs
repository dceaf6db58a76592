//! Custom kinds through the registry, as clients use them.

use std::sync::Arc;

use api::{Collection, Object, Reason, Status, custom};
use client::{Patch, Step};
use serde_json::{Value, json};

use super::Kinds;
use crate::registry::kinds::{Kind, Served};
use crate::registry::{Context, FieldValidation, Force, Part, Selection, Written};
use crate::testing::Cluster;

fn schema() -> Value {
    json!({"type": "object", "properties": {
        "spec": {"type": "object", "required": ["color"], "properties": {
            "color": {"type": "string", "enum": ["red", "blue"]},
            "size": {"type": "integer", "default": 3, "minimum": 1},
            "hosts": {"type": "array", "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string"}, "port": {"type": "integer"}}}},
        }},
        "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
    }})
}

fn version(name: &str, storage: bool) -> Value {
    json!({
        "name": name, "served": true, "storage": storage,
        "schema": {"openAPIV3Schema": schema()},
        "subresources": {"status": {}, "scale": {
            "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}},
        "selectableFields": [{"jsonPath": ".spec.color"}],
        "additionalPrinterColumns": [
            {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
    })
}

fn definition(versions: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.org"},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": versions,
        },
    })
}

fn widget(version: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": format!("example.org/{version}"), "kind": "Widget",
        "metadata": {"name": "a", "namespace": "default"}, "spec": spec,
    })
}

fn widgets() -> Collection {
    Collection::new("example.org", "widgets")
}

/// A cluster that has widgets, in `v1`.
async fn cluster() -> Cluster {
    let cluster = Cluster::new().await;
    cluster
        .create(definition(&json!([version("v1", true)])))
        .await;
    cluster
}

fn kind(cluster: &Cluster, version: &str) -> Arc<Kind> {
    let served = cluster.registry.kinds();
    let (_, kind) = served
        .by_path("example.org", version, "widgets")
        .expect("served");
    kind.expect("stored")
}

fn context(validation: FieldValidation) -> Context {
    Context {
        validation,
        ..Context::internal("test")
    }
}

async fn create(cluster: &Cluster, version: &str, spec: Value) -> Result<Written, Status> {
    let object = widget(version, &spec).into();
    let kind = kind(cluster, version);
    let context = context(FieldValidation::Warn);
    cluster
        .registry
        .create(&context, &kind, "default", object)
        .await
}

async fn patch(
    cluster: &Cluster,
    part: Part,
    patch: Patch,
    validation: FieldValidation,
) -> Result<Written, Status> {
    let key = widgets().key("default", "a");
    let kind = kind(cluster, "v1");
    let context = context(validation);
    let registry = &cluster.registry;
    registry
        .patch(&context, &kind, &key, part, &patch, Force::No)
        .await
}

#[tokio::test]
async fn objects_are_pruned_defaulted_and_checked() {
    let cluster = cluster().await;
    let made = create(&cluster, "v1", json!({"color": "red", "colour": 1}))
        .await
        .unwrap();
    assert_eq!(
        made.warnings,
        ["unknown field \"spec.colour\" (did you mean \"color\"?)"]
    );
    assert_eq!(made.object.body["spec"], json!({"color": "red", "size": 3}));
    assert_eq!(made.object.generation(), 1);
    let check = async |spec: Value, expected: &str| {
        let refused = create(&cluster, "v1", spec).await.unwrap_err();
        assert!(refused.message.contains(expected), "{}", refused.message);
    };
    check(json!({"color": "red"}), "already exists").await;
    cluster
        .delete(&made.object, &client::DeleteOptions::default())
        .await;
    check(
        json!({"color": "green"}),
        "supported values: \"red\", \"blue\"",
    )
    .await;
    check(json!({}), "spec.color: Required value").await;
    check(
        json!({"color": "red", "size": "x"}),
        "must be of type integer",
    )
    .await;
    let strict = context(FieldValidation::Strict);
    let object = widget("v1", &json!({"color": "red", "colour": 1})).into();
    let (kind, registry) = (kind(&cluster, "v1"), &cluster.registry);
    let refused = registry
        .create(&strict, &kind, "default", object)
        .await
        .unwrap_err();
    assert_eq!(refused.reason, Reason::BadRequest);
    assert!(
        refused.message.contains("unknown field \"spec.colour\""),
        "{}",
        refused.message
    );
}

#[tokio::test]
async fn patches_status_and_scale_work_as_on_other_kinds() {
    let cluster = cluster().await;
    create(&cluster, "v1", json!({"color": "red"}))
        .await
        .unwrap();
    let warn = FieldValidation::Warn;
    let change = Patch::Merge(json!({"spec": {"color": "blue"}, "status": {"phase": "Lost"}}));
    let changed = patch(&cluster, Part::Main, change, warn)
        .await
        .unwrap()
        .object;
    assert_eq!(
        (changed.text("/spec/color"), changed.generation()),
        ("blue", 2)
    );
    assert_eq!(changed.pointer("/status"), None);
    let change = Patch::Merge(json!({"spec": {"color": "red"}, "status": {"phase": "Ready"}}));
    let changed = patch(&cluster, Part::Status, change, warn)
        .await
        .unwrap()
        .object;
    assert_eq!(changed.text("/status/phase"), "Ready");
    assert_eq!(
        (changed.text("/spec/color"), changed.generation()),
        ("blue", 2)
    );
    let wrong = Patch::Merge(json!({"status": {"phase": 1}}));
    let refused = patch(&cluster, Part::Status, wrong, warn)
        .await
        .unwrap_err();
    assert!(
        refused.message.contains("status.phase"),
        "{}",
        refused.message
    );
    let strategic = Patch::Strategic(json!({"spec": {"color": "red"}}));
    let refused = patch(&cluster, Part::Main, strategic, warn)
        .await
        .unwrap_err();
    assert_eq!(refused.reason, Reason::UnsupportedMediaType);

    let key = widgets().key("default", "a");
    let kind = kind(&cluster, "v1");
    assert_eq!(kind.scale(&changed).unwrap().body["spec"]["replicas"], 3);
    let scale: Object = json!({"kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": "a"}, "spec": {"replicas": 5}})
    .into();
    let context = context(warn);
    let registry = &cluster.registry;
    registry
        .set_scale(&context, &kind, &key, |_| Ok(scale.clone()))
        .await
        .unwrap();
    let now = cluster.client.get(&key).await.unwrap();
    assert_eq!(
        (now.body["spec"]["size"].as_i64(), now.generation()),
        (Some(5), 3)
    );

    let row = kind.row(&now, cluster.env.now());
    assert_eq!(row, [json!("a"), json!("blue"), json!("0s")]);
}

#[tokio::test]
async fn apply_merges_lists_by_their_keys() {
    let cluster = cluster().await;
    let apply = async |manager: &str, hosts: Value| {
        let object = widget("v1", &json!({"color": "red", "hosts": hosts})).into();
        let key = widgets().key("default", "a");
        let context = Context {
            manager: manager.into(),
            ..context(FieldValidation::Warn)
        };
        let kind = kind(&cluster, "v1");
        let patch = Patch::Apply(object);
        let registry = &cluster.registry;
        registry
            .patch(&context, &kind, &key, Part::Main, &patch, Force::No)
            .await
    };
    apply("one", json!([{"name": "x", "port": 1}]))
        .await
        .unwrap();
    let both = apply("two", json!([{"name": "y", "port": 2}]))
        .await
        .unwrap();
    assert_eq!(
        both.object.body["spec"]["hosts"],
        json!([{"name": "x", "port": 1}, {"name": "y", "port": 2}])
    );
    let refused = apply("two", json!([{"name": "x", "port": 7}]))
        .await
        .unwrap_err();
    assert_eq!(refused.reason, Reason::Conflict);
    let left = apply("one", json!([])).await.unwrap();
    assert_eq!(
        left.object.body["spec"]["hosts"],
        json!([{"name": "y", "port": 2}])
    );
}

#[tokio::test]
async fn each_version_shows_the_same_object() {
    let cluster = Cluster::new().await;
    let both = definition(&json!([version("v1", true), version("v2", false)]));
    let made = cluster.create(both).await;
    let made_as_v2 = create(&cluster, "v2", json!({"color": "red"}))
        .await
        .unwrap();
    assert_eq!(made_as_v2.object.text("/apiVersion"), "example.org/v2");
    let key = widgets().key("default", "a");
    let stored = cluster.registry.hub().get(&key).unwrap().object();
    assert_eq!(stored.text("/apiVersion"), "example.org/v1");
    let mut shown = stored.clone();
    kind(&cluster, "v2").present(&mut shown);
    assert_eq!(shown.text("/apiVersion"), "example.org/v2");

    // The definition changes: another version is stored, with another default.
    let mut versions = json!([version("v1", false), version("v2", true)]);
    let spec = &mut versions[1]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    spec["note"] = json!({"type": "string", "default": "new"});
    let change = json!({"spec": {"versions": versions}});
    let changed = cluster.merge(&made, &change).await;
    assert_eq!(
        changed.body["status"]["storedVersions"],
        json!(["v1", "v2"])
    );
    let read = cluster.client.get(&key).await.unwrap();
    assert_eq!(read.text("/apiVersion"), "example.org/v2");
    assert_eq!(read.text("/spec/note"), "new");
    let mut older = stored;
    kind(&cluster, "v1").present(&mut older);
    assert_eq!(older.pointer("/spec/note"), None);
}

#[tokio::test]
async fn a_definition_and_its_objects_come_in_one_transaction() {
    let cluster = Cluster::new().await;
    let apply = |body: Value| Step::Apply {
        object: body.into(),
        force: true,
        uid: None,
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    let mut object = widget("v1", &json!({"color": "red"}));
    object["metadata"]["namespace"] = json!("shop");
    let made = definition(&json!([version("v1", true)]));
    let steps = [apply(namespace), apply(made.clone()), apply(object.clone())];
    let strict = context(FieldValidation::Strict);
    let registry = &cluster.registry;
    let dry = Context {
        dry_run: true,
        ..strict.clone()
    };
    let planned = registry.transaction(&dry, &steps).await.unwrap();
    assert_eq!(planned[2].body["spec"]["size"], 3);
    assert!(registry.kinds().of(&widgets()).is_none());

    let mut wrong = object.clone();
    wrong["spec"]["colour"] = json!("red");
    let steps_with_wrong = [steps[0].clone(), steps[1].clone(), apply(wrong)];
    let refused = registry
        .transaction(&dry, &steps_with_wrong)
        .await
        .unwrap_err();
    assert!(
        refused.message.starts_with("step 2: "),
        "{}",
        refused.message
    );
    assert!(
        refused.message.contains("unknown field \"spec.colour\""),
        "{}",
        refused.message
    );

    registry.transaction(&strict, &steps).await.unwrap();
    let stored = cluster
        .find("example.org", "widgets", "shop", "a")
        .await
        .unwrap();
    assert_eq!(stored.body["spec"], json!({"color": "red", "size": 3}));
    let before_its_definition = [apply(object), apply(made)];
    let other = Cluster::new().await;
    let refused = other
        .registry
        .transaction(&strict, &before_its_definition)
        .await
        .unwrap_err();
    assert!(
        refused.message.contains("no resource of kind"),
        "{}",
        refused.message
    );
}

#[tokio::test]
async fn all_servers_of_a_database_know_the_same_kinds() {
    let cluster = cluster().await;
    // Another server reads the same cache; it remembers nothing.
    let other = Kinds::new(cluster.registry.hub().clone());
    let names = |served: &Served| -> Vec<String> {
        let custom = served
            .resources()
            .iter()
            .filter(|it| it.group == "example.org");
        custom.map(|it| it.plural.clone()).collect()
    };
    assert_eq!(names(&other.now()), ["widgets"]);
    assert!(Arc::ptr_eq(&other.now(), &other.now()));
    let selection = |text: &str| {
        let fields = api::selector::FieldSelector::equals(text, "red");
        Selection::new(
            &kind(&cluster, "v1"),
            api::selector::LabelSelector::default(),
            fields,
        )
    };
    create(&cluster, "v1", json!({"color": "red"}))
        .await
        .unwrap();
    let found =
        cluster
            .registry
            .matching(&kind(&cluster, "v1"), "", &selection("spec.color").unwrap());
    assert_eq!(found.len(), 1);
    assert!(selection("spec.size").is_err());
    assert_eq!(
        custom::definitions().to_string(),
        "customresourcedefinitions.apiextensions.k8s.io"
    );
}
