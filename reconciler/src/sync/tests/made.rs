//! What controllers make is shown below what it is made of.

use client::WriteOptions;
use serde_json::json;

use api::{Collection, Object};

use super::*;
use crate::service::Service;

#[tokio::test(flavor = "multi_thread")]
async fn endpoint_slices_are_below_their_service() {
    let mut world = World::new().await;
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  \
                   selector: {app: web}\n  ports: [{port: 80}]\n";
    world.application("web", "", &[namespace(), service.into()]);
    world.converge("A service").await;
    let service = world.get(&key("", "services", "web")).await.unwrap();
    let slice = Object::from(json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "web-x2x7k", "namespace": "shop", "ownerReferences": [
            {"apiVersion": "v1", "kind": "Service", "name": "web", "uid": service.uid().0,
             "controller": true}]},
        "addressType": "IPv4", "endpoints": [],
    }));
    let slices = Collection::new("discovery.k8s.io", "endpointslices");
    let options = WriteOptions::default();
    world
        .client
        .create(&slices, &slice, &options)
        .await
        .unwrap();
    let node = world
        .until("the slice is shown", || async {
            let nodes = world.reconciler.objects("web").await.ok()?;
            nodes.into_iter().find(|it| it.kind == "EndpointSlice")
        })
        .await;
    assert_eq!(node.owner, Some(service.uid()));
    world.end().await;
}
