//! What is made of what Git has, by controllers and by Kustomize.

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

#[tokio::test(flavor = "multi_thread")]
async fn what_kustomize_makes_is_at_its_own_line() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), deployment("web", "web:1")]);
    let mut commits = Vec::new();
    for tag in ["2", "3"] {
        let file = format!(
            "resources: [0.yaml, 1.yaml]\nimages:\n- name: web\n  newTag: '{tag}'\n\
             replicas:\n- {{name: web, count: 3}}\n"
        );
        world.files.insert("web/kustomization.yaml".into(), file);
        commits.push(world.converge(tag).await);
    }
    let (first, second) = (commits[0].clone(), &commits[1]);
    let fields = [
        "spec.template.spec.containers[name=main].image",
        "spec.replicas",
        "metadata.name",
    ];
    let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
    let web = key("apps", "deployments", "web");
    let places = world.reconciler.origins(&web, second, &fields).await;
    let places: Vec<String> = places.unwrap().iter().map(ToString::to_string).collect();
    let makes = "web/kustomization.yaml";
    assert_eq!(
        places,
        [
            format!("{makes}:4"),
            format!("{makes}:6"),
            "web/1.yaml:3".into()
        ]
    );
    let brought = world.reconciler.brought(&web, second, &fields).await;
    assert_eq!(brought.unwrap(), [second.clone(), first.clone(), first]);
    world.end().await;
}
