use api::{Collection, Object, custom};
use client::{DeleteOptions, Drive, Driver};
use serde_json::{Value, json};

use super::Definitions;
use super::decide::{empty, settle};
use crate::controllers::action::Action;
use crate::testing::Cluster;

fn definition(plural: &str, kind: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.example.org")},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    })
}

fn condition(object: &Object, kind: &str) -> (String, String) {
    let found = object.condition(kind).expect("a condition");
    (found.status, found.reason)
}

fn driver(cluster: &Cluster) -> Driver<Definitions> {
    let controller = Definitions::new(&cluster.informers, cluster.recorder("definitions"));
    let client = cluster.client.clone();
    Driver::new(controller, client, &cluster.informers, &cluster.env)
}

#[tokio::test]
async fn names_of_another_kind_are_taken_until_it_goes() {
    let cluster = Cluster::new().await;
    let driver = driver(&cluster);
    let drives: [&dyn Drive; 1] = [&driver];
    let first = cluster.create(definition("widgets", "Widget")).await;
    assert_eq!(condition(&first, "Established").0, "True");
    let second = cluster.create(definition("gadgets", "Widget")).await;
    let expected = ("False".to_owned(), "SingularConflict".to_owned());
    assert_eq!(condition(&second, "NamesAccepted"), expected);
    assert_eq!(condition(&second, "Established").0, "False");
    assert!(
        cluster
            .registry
            .kinds()
            .of(&Collection::new("example.org", "gadgets"))
            .is_none()
    );

    cluster.delete(&first, &DeleteOptions::default()).await;
    cluster.run(&drives).await;
    let group = "apiextensions.k8s.io";
    let find = async |name: &str| {
        cluster
            .find(group, "customresourcedefinitions", "", name)
            .await
    };
    assert_eq!(find("widgets.example.org").await, None);
    let second = find("gadgets.example.org").await.unwrap();
    assert_eq!(condition(&second, "Established").0, "True");
}

#[tokio::test]
async fn a_definition_goes_after_its_objects() {
    let cluster = Cluster::new().await;
    let driver = driver(&cluster);
    let drives: [&dyn Drive; 1] = [&driver];
    let made = cluster.create(definition("widgets", "Widget")).await;
    let widget = json!({
        "apiVersion": "example.org/v1", "kind": "Widget",
        "metadata": {"name": "a", "namespace": "default", "finalizers": ["example.org/hold"]},
    });
    let widget = cluster.create(widget).await;
    cluster.delete(&made, &DeleteOptions::default()).await;
    // What waits for its objects is looked at again and again: the clock stands still.
    driver.run_once(&"example.org".to_owned()).await;
    let group = "apiextensions.k8s.io";
    let find = async || {
        cluster
            .find(
                group,
                "customresourcedefinitions",
                "",
                "widgets.example.org",
            )
            .await
    };
    let going = find().await.unwrap();
    assert!(going.is_deleting());
    assert_eq!(condition(&going, "Terminating").0, "True");
    let held = cluster.find("example.org", "widgets", "default", "a").await;
    assert!(held.unwrap().is_deleting());

    let free = json!({"metadata": {"finalizers": null}});
    cluster.merge(&widget, &free).await;
    cluster.caught_up().await;
    driver.run_once(&"example.org".to_owned()).await;
    cluster.run(&drives).await;
    assert_eq!(find().await, None);
    assert!(
        cluster
            .registry
            .kinds()
            .of(&Collection::new("example.org", "widgets"))
            .is_none()
    );
}

#[test]
fn of_two_that_came_at_once_the_older_keeps_its_names() {
    let made = |name: &str, created: &str| -> Object {
        let mut object: Object = definition(name, "Widget").into();
        let metadata = object.metadata_mut();
        metadata.insert("uid".into(), json!(name));
        metadata.insert("creationTimestamp".into(), json!(created));
        let (read, _) = custom::Definition::read(&object);
        object.body["status"] = custom::status(&object, &read, &custom::Taken::default(), "t");
        object
    };
    let (old, new) = (
        made("as", "2026-01-01T00:00:00Z"),
        made("bs", "2026-01-01T00:00:01Z"),
    );
    let group = [&old, &new];
    assert_eq!(settle(&old, &group, "t"), None);
    let Some(Action::ReplaceStatus { object, .. }) = settle(&new, &group, "t") else {
        panic!("the newer one loses its names");
    };
    assert_eq!(condition(&object, "NamesAccepted").0, "False");
    // Its objects are there: it is served on.
    assert_eq!(condition(&object, "Established").0, "True");

    let free = empty(&old, &Collection::new("example.org", "as"), &[], "t");
    assert!(matches!(free.as_slice(), [Action::Replace { .. }]));
}
