use std::sync::Arc;

use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, Reason};
use client::{Client, DeleteOptions, Env, Patch, PatchOptions, Step, Target, Tasks, WriteOptions};

use super::{LocalClient, Pools, Registry, field_getter};
use crate::auth::Authorizer;
use crate::store::Router;
use crate::watch::Hub;

async fn cluster() -> LocalClient {
    let (env, tasks) = (Env::system(), Tasks::default());
    let stores = Router::memory(&env);
    let hub = Hub::start(&stores, field_getter(), &env, &tasks)
        .await
        .unwrap();
    let authorizer = Arc::new(Authorizer::default());
    let registry = Arc::new(Registry::new(
        stores,
        hub,
        authorizer,
        env,
        Pools::default(),
    ));
    let client = LocalClient::new(registry, "test");
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    create(&client, "", "namespaces", namespace).await.unwrap();
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "shop"}});
    create(&client, "", "serviceaccounts", account)
        .await
        .unwrap();
    client
}

async fn create(
    client: &LocalClient,
    group: &str,
    plural: &str,
    body: Value,
) -> Result<Object, client::Error> {
    client
        .create(
            &Collection::new(group, plural),
            &body.into(),
            &WriteOptions::default(),
        )
        .await
}

fn key(group: &str, plural: &str, name: &str) -> ObjectKey {
    Collection::new(group, plural).key("shop", name)
}

fn deployment(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    })
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"containers": [{"name": "main", "image": "kedge.local/movies:1"}]},
    })
}

#[tokio::test]
async fn a_new_object_is_defaulted_stamped_and_read_back() {
    let client = cluster().await;
    let made = create(&client, "apps", "deployments", deployment("web", "web:1"))
        .await
        .unwrap();
    assert_eq!(made.generation(), 1);
    assert!(!made.uid().0.is_empty() && !made.resource_version().0.is_empty());
    assert_eq!(made.text("/spec/strategy/rollingUpdate/maxSurge"), "25%");
    assert_eq!(
        client
            .get(&key("apps", "deployments", "web"))
            .await
            .unwrap(),
        made
    );

    let again = create(&client, "apps", "deployments", deployment("web", "web:1")).await;
    assert!(again.unwrap_err().is_already_exists());
}

#[tokio::test]
async fn a_bad_object_names_each_field() {
    let client = cluster().await;
    let mut body = deployment("web", "");
    body["spec"]["replicas"] = json!(-1);
    let client::Error::Api(status) = create(&client, "apps", "deployments", body)
        .await
        .unwrap_err()
    else {
        panic!()
    };
    assert_eq!(status.reason, Reason::Invalid);
    let fields: Vec<&str> = status
        .causes
        .iter()
        .map(|cause| cause.field.as_str())
        .collect();
    assert!(fields.contains(&"spec.replicas"), "{fields:?}");
    assert!(
        fields.contains(&"spec.template.spec.containers[0].image"),
        "{fields:?}"
    );
}

#[tokio::test]
async fn nothing_is_created_where_there_is_no_namespace() {
    let client = cluster().await;
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "nowhere"}});
    assert!(
        create(&client, "", "configmaps", body)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn a_write_that_changes_nothing_keeps_the_version() {
    let client = cluster().await;
    let made = create(&client, "apps", "deployments", deployment("web", "web:1"))
        .await
        .unwrap();
    let target = Target::object(key("apps", "deployments", "web"));
    let same = client
        .replace(&target, &made, &WriteOptions::default())
        .await
        .unwrap();
    assert_eq!(same.resource_version(), made.resource_version());

    let patch = Patch::Merge(json!({"spec": {"replicas": 5}}));
    let patched = client
        .patch(&target, &patch, &PatchOptions::default())
        .await
        .unwrap();
    assert_eq!(
        (
            patched.generation(),
            patched.body["spec"]["replicas"].as_i64()
        ),
        (2, Some(5))
    );

    let stale = client
        .replace(&target, &made, &WriteOptions::default())
        .await;
    assert!(stale.unwrap_err().is_conflict());
}

#[tokio::test]
async fn applying_twice_changes_once_and_others_conflict() {
    let client = cluster().await;
    let target = Target::object(key("apps", "deployments", "web"));
    let apply = Patch::Apply(deployment("web", "web:1").into());
    let options = PatchOptions {
        field_manager: "git".into(),
        ..PatchOptions::default()
    };
    let first = client.patch(&target, &apply, &options).await.unwrap();
    let second = client.patch(&target, &apply, &options).await.unwrap();
    assert_eq!(first, second);

    let other = PatchOptions {
        field_manager: "hand".into(),
        ..PatchOptions::default()
    };
    let apply = Patch::Apply(deployment("web", "web:2").into());
    assert!(
        client
            .patch(&target, &apply, &other)
            .await
            .unwrap_err()
            .is_conflict()
    );
    let forced = PatchOptions {
        force: true,
        ..other
    };
    let taken = client.patch(&target, &apply, &forced).await.unwrap();
    assert_eq!(
        taken.text("/spec/template/spec/containers/0/image"),
        "web:2"
    );
}

#[tokio::test]
async fn deletion_waits_for_grace_and_finalizers() {
    let client = cluster().await;
    create(&client, "", "pods", pod("a")).await.unwrap();
    let target = Target {
        key: key("", "pods", "a"),
        subresource: Some("binding"),
    };
    let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "a"}, "target": {"kind": "Node", "name": "n1"}});
    client
        .create_subresource(&target, &binding.into())
        .await
        .unwrap();
    let bound = client.get(&target.key).await.unwrap();
    assert_eq!(bound.text("/spec/nodeName"), "n1");

    let deleting = client
        .delete(&target.key, &DeleteOptions::default())
        .await
        .unwrap();
    assert!(deleting.is_deleting());
    assert_eq!(deleting.body["metadata"]["deletionGracePeriodSeconds"], 30);
    let now = DeleteOptions {
        grace_period_seconds: Some(0),
        ..DeleteOptions::default()
    };
    client.delete(&target.key, &now).await.unwrap();
    assert!(client.get(&target.key).await.unwrap_err().is_not_found());

    let held = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop", "finalizers": ["kedge.dev/test"]}});
    create(&client, "", "configmaps", held).await.unwrap();
    let key = key("", "configmaps", "c");
    assert!(
        client
            .delete(&key, &DeleteOptions::default())
            .await
            .unwrap()
            .is_deleting()
    );
    let release = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    client
        .patch(
            &Target::object(key.clone()),
            &release,
            &PatchOptions::default(),
        )
        .await
        .unwrap();
    assert!(client.get(&key).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_pod_gets_its_service_account_and_tolerations() {
    let client = cluster().await;
    let pod = create(&client, "", "pods", pod("a")).await.unwrap();
    assert_eq!(pod.text("/spec/serviceAccountName"), "default");
    assert_eq!(pod.body["spec"]["tolerations"].as_array().unwrap().len(), 2);
    let mount = pod.text("/spec/containers/0/volumeMounts/0/mountPath");
    assert_eq!(mount, "/var/run/secrets/kubernetes.io/serviceaccount");
    assert_eq!(pod.text("/status/phase"), "Pending");
}

#[tokio::test]
async fn services_get_addresses_that_nobody_else_has() {
    let client = cluster().await;
    let service = |name: &str, fixed: Option<&str>| {
        let mut body = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80}]},
        });
        if let Some(address) = fixed {
            body["spec"]["clusterIP"] = json!(address);
        }
        body
    };
    let first = create(&client, "", "services", service("a", None))
        .await
        .unwrap();
    let address = first.text("/spec/clusterIP").to_owned();
    assert!(address.starts_with("10.96."), "{address}");
    assert!(first.body["spec"]["ports"][0]["nodePort"].as_u64().unwrap() >= 30_000);
    let client::Error::Api(taken) = create(&client, "", "services", service("b", Some(&address)))
        .await
        .unwrap_err()
    else {
        panic!()
    };
    assert_eq!(taken.reason, Reason::Invalid);
    assert_eq!(taken.causes[0].field, "spec.clusterIPs");
    // The port is named by its place, as Kubernetes does.
    let mut third = service("c", None);
    third["spec"]["ports"] = json!([
        {"name": "own", "port": 79},
        {"name": "taken", "port": 80, "nodePort": first.body["spec"]["ports"][0]["nodePort"]},
    ]);
    let client::Error::Api(taken) = create(&client, "", "services", third).await.unwrap_err()
    else {
        panic!()
    };
    let cause = &taken.causes[0];
    assert_eq!(cause.field, "spec.ports[1].nodePort");
    assert!(
        cause
            .message
            .ends_with("provided port is already allocated"),
        "{}",
        cause.message
    );
    client
        .delete(&key("", "services", "a"), &DeleteOptions::default())
        .await
        .unwrap();
    create(&client, "", "services", service("b", Some(&address)))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_transaction_happens_whole_or_not_at_all() {
    let client = cluster().await;
    let apply = |body: Value| Step::Apply {
        object: body.into(),
        force: false,
        uid: None,
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "new"}, "data": {"k": "v"}});
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "A_b", "namespace": "new"}});

    let steps = [apply(namespace.clone()), apply(map.clone()), apply(bad)];
    let git = ::client::Author::from("git");
    let error = client.transaction(&steps, false, git).await.unwrap_err();
    assert!(error.to_string().starts_with("step 2: "), "{error}");
    let namespaces = Collection::new("", "namespaces");
    assert!(
        client
            .get(&namespaces.key("", "new"))
            .await
            .unwrap_err()
            .is_not_found()
    );

    let steps = [apply(namespace), apply(map)];
    let planned = client.transaction(&steps, true, git).await.unwrap();
    assert_eq!(planned[1].text("/data/k"), "v");
    assert!(
        client
            .get(&namespaces.key("", "new"))
            .await
            .unwrap_err()
            .is_not_found()
    );
    let done = client.transaction(&steps, false, git).await.unwrap();
    let stored = client
        .get(&Collection::new("", "configmaps").key("new", "a"))
        .await
        .unwrap();
    assert_eq!(stored, done[1]);

    let key = Collection::new("", "configmaps").key("new", "a");
    let delete = Step::Delete {
        key: key.clone(),
        uid: Some(stored.uid()),
    };
    client.transaction(&[delete], false, git).await.unwrap();
    assert!(client.get(&key).await.unwrap_err().is_not_found());
    client
        .transaction(&[Step::Restore { object: stored }], false, git)
        .await
        .unwrap();
    assert_eq!(client.get(&key).await.unwrap().text("/data/k"), "v");
}

#[tokio::test]
async fn a_namespace_stays_until_it_is_finalized() {
    let client = cluster().await;
    let key = Collection::new("", "namespaces").key("", "shop");
    let deleting = client
        .delete(&key, &DeleteOptions::default())
        .await
        .unwrap();
    assert_eq!(deleting.text("/status/phase"), "Terminating");
    let refused = create(&client, "", "configmaps", json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}})).await;
    assert_eq!(refused.unwrap_err().reason(), Some(Reason::Forbidden));
    let mut done = deleting.clone();
    done.body["spec"]["finalizers"] = json!([]);
    let target = Target {
        key: key.clone(),
        subresource: Some("finalize"),
    };
    client
        .replace(&target, &done, &WriteOptions::default())
        .await
        .unwrap();
    assert!(client.get(&key).await.unwrap_err().is_not_found());
}
