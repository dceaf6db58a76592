use client::{Client, DeleteOptions, WriteOptions};
use serde_json::json;

use super::*;
use crate::auth::Identity;
use crate::auth::rbac::{Attributes, Authorize, GROUP, install};
use crate::registry::{LocalClient, Pools, Registry, field_getter};
use crate::store::Router;

/// A whole cluster in memory, with its client.
async fn cluster() -> (Hub, Arc<Authorizer>, LocalClient, Tasks) {
    let (env, tasks) = (Env::system(), Tasks::default());
    let stores = Router::memory(&env);
    let hub = Hub::start(&stores, field_getter(), &env, &tasks)
        .await
        .unwrap();
    let authorizer = Arc::new(Authorizer::default());
    let permissions = Arc::clone(&authorizer);
    let registry = Registry::new(stores, hub.clone(), permissions, env, Pools::default());
    let client = LocalClient::new(Arc::new(registry), "test");
    (hub, authorizer, client, tasks)
}

/// Until the authorizer says so; the test's own time limit ends it otherwise.
async fn until(authorizer: &Authorizer, jane: &Identity, allowed: bool) {
    let attributes = Attributes::resource("list", "", "nodes");
    while authorizer.authorize(jane, &attributes).is_allowed() != allowed {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn permissions_follow_what_is_written() {
    let (hub, authorizer, client, tasks) = cluster().await;
    assert!(install(&client).await.unwrap() > 130);
    assert_eq!(install(&client).await.unwrap(), 0);
    follow(&hub, &authorizer, &Env::system(), &tasks)
        .await
        .unwrap();
    let reconciler = Identity::authenticated("system:kedge:reconciler", &[]);
    let create = Attributes::resource("create", "apps", "deployments").in_namespace("x");
    assert!(authorizer.authorize(&reconciler, &create).is_allowed());

    let jane = Identity::authenticated("jane", &[]);
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "jane"},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "system:node-proxier"},
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": "jane"}],
    });
    until(&authorizer, &jane, false).await;
    let bindings = Collection::new(GROUP, "clusterrolebindings");
    let options = WriteOptions::default();
    let created = client.create(&bindings, &binding.into(), &options).await;
    let key = created.unwrap().key(&bindings);
    until(&authorizer, &jane, true).await;
    assert!(Bindings::uid(&hub, &key).is_some());
    let options = DeleteOptions::default();
    client.delete(&key, &options).await.unwrap();
    until(&authorizer, &jane, false).await;
    tasks.drain().await;
}
