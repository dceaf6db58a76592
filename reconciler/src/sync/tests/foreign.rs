//! Objects that are somebody else's.

use api::Collection;
use engine::rollout::RolloutPhase;

use super::*;
use crate::service::Service;

async fn made_by_hand(world: &World, name: &str) {
    let text = config_map(name, "hand").replace("{name:", "{namespace: shop, name:");
    let object: serde_json::Value = api::codec::yaml::single(&text).unwrap();
    let object = api::Object::from(object);
    let options = client::WriteOptions {
        field_manager: "kubectl-create".into(),
        ..client::WriteOptions::default()
    };
    let collection = Collection::new("", "configmaps");
    let created = world.client.create(&collection, &object, &options);
    created.await.unwrap();
}

async fn value(world: &World, name: &str) -> String {
    let live = world.get(&key("", "configmaps", name)).await;
    live.map(|live| live.text("/data/value").to_owned())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_made_is_taken_over_only_where_that_is_said() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace()]);
    let one = world.converge("One").await;
    made_by_hand(&world, "a").await;
    made_by_hand(&world, "b").await;
    let adopted = config_map("b", "git").replace(
        "{name: b}",
        "{name: b, annotations: {kedge.dev/adopt: enabled}}",
    );
    world.application("web", "", &[namespace(), config_map("a", "git"), adopted]);
    world.commit("Two");
    world
        .until("refused", || async {
            let live = world.live_application("web").await?;
            let source = live.condition("SourceReady")?;
            let said = "ConfigMap shop/a is there already, made by kubectl-create";
            (source.reason == "CommitRefused" && source.message.contains(said)).then_some(())
        })
        .await;
    assert_eq!(value(&world, "a").await, "hand");
    assert_eq!(value(&world, "b").await, "hand");
    let view = world.reconciler.application("web").await.unwrap();
    assert_eq!(view.standing.applied, one);

    let text = world.files["web/2.yaml"].clone();
    let policy = "syncPolicy: {adopt: true}";
    world.application("web", policy, &[namespace(), config_map("a", "git"), text]);
    world.converge("Three").await;
    assert_eq!(value(&world, "a").await, "git");
    assert_eq!(value(&world, "b").await, "git");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_has_one_application() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), config_map("a", "x")]);
    world.converge("One").await;
    // One that no commit defines is checked with none.
    let path = "apiVersion: kedge.dev/v1alpha1\nkind: Application\n\
                metadata: {name: twin, namespace: kedge}\n\
                spec: {source: {path: web}, targetNamespace: shop}\n";
    let object: serde_json::Value = api::codec::yaml::single(path).unwrap();
    let collection = Collection::new("kedge.dev", "applications");
    let options = client::WriteOptions::default();
    world
        .client
        .create(&collection, &object.into(), &options)
        .await
        .unwrap();
    let failed = world
        .until("refused", || async {
            let last = world.history().last_rollout("twin").await.unwrap()?;
            (last.phase == RolloutPhase::Failed).then_some(last)
        })
        .await;
    let said = "belongs to application web, and application twin asks for it too";
    assert!(failed.message.contains(said), "{}", failed.message);
    let owned = world.reconciler.core.inventory.of("web").len();
    assert_eq!(owned, 2);
    world.end().await;
}
