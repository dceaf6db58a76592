//! Applications whose manifests are in several places.

use engine::rollout::{CommitId, RolloutPhase};

use super::*;
use crate::testing::{commit, init};

/// What the Application is synced to.
async fn synced(world: &World, name: &str, revision: &CommitId) {
    let what = format!("{name} at {revision}");
    let reached = world.until(&what, || async {
        let live = world.live_application(name).await?;
        let text = |pointer: &str| live.text(pointer).to_owned();
        let good = text("/status/sync/status") == "Synced"
            && text("/status/health/status") == "Healthy"
            && text("/status/revision") == revision.0;
        good.then_some(())
    });
    reached.await;
}

async fn condition(world: &World, name: &str, reason: &str) -> String {
    let what = format!("{name} {reason}");
    let found = world.until(&what, || async {
        let live = world.live_application(name).await?;
        let condition = live.condition("SourceReady")?;
        (condition.reason == reason).then_some(condition.message)
    });
    found.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_in_any_of_the_repositories_is_rolled_out() {
    let mut world = World::new().await;
    let far = world.directory.path().join("far.git");
    init(&far);
    let push = |name: &str, files: &[(&str, String)]| {
        let files = files.iter().cloned().collect();
        commit(&far, "main", name, &files)
    };
    let first = push("One", &[("deploy/a.yaml", deployment("far", "web:1"))]);
    world.files.insert(
        "apps/web.yaml".into(),
        format!(
            "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n  \
         deadlineSeconds: 2\n  targetNamespace: shop\n  sources:\n  - {{path: web}}\n  \
         - {{repo: '{}', path: deploy, revision: main}}\n",
            far.display()
        ),
    );
    world.files.insert("web/a.yaml".into(), namespace());
    world
        .files
        .insert("web/b.yaml".into(), config_map("near", "one"));
    let near = world.commit("Near");
    let both = CommitId::joined(&[near.clone(), first.clone()]);
    synced(&world, "web", &both).await;
    assert!(
        world
            .get(&key("apps", "deployments", "far"))
            .await
            .is_some()
    );
    assert!(world.get(&key("", "configmaps", "near")).await.is_some());
    let steps = world.steps("web-1").await;
    let told = format!("with {} of {}", first.short(), far.display());
    assert!(
        steps.iter().any(|step| step.text.contains(&told)),
        "{steps:?}"
    );

    // A commit that fails in one of them has all of them come back.
    let bad = push("Bad", &[("deploy/a.yaml", deployment("far", "bad:1"))]);
    let failing = CommitId::joined(&[near.clone(), bad]);
    world.phase("web", &failing, RolloutPhase::Failed).await;
    let restored = world.until("restored", || async {
        let live = world.get(&key("apps", "deployments", "far")).await?;
        let image = live.text("/spec/template/spec/containers/0/image");
        (image == "web:1").then_some(())
    });
    restored.await;

    let second = push("Two", &[("deploy/a.yaml", deployment("far", "web:2"))]);
    synced(&world, "web", &CommitId::joined(&[near, second.clone()])).await;
    world
        .files
        .insert("web/b.yaml".into(), config_map("near", "two"));
    let near = world.commit("Nearer");
    let both = CommitId::joined(&[near.clone(), second]);
    synced(&world, "web", &both).await;
    let revisions: Vec<CommitId> = world
        .rollouts("web")
        .await
        .into_iter()
        .map(|it| it.revision)
        .collect();
    assert_eq!(revisions.len(), 4);
    assert_eq!(revisions[0], both);

    // The same object twice is refused, with both places.
    let same = push("Same", &[("deploy/a.yaml", config_map("near", "three"))]);
    let twice = CommitId::joined(&[near, same]);
    let failed = world.phase("web", &twice, RolloutPhase::Failed).await;
    let place = format!(
        "{}@main//deploy/a.yaml:1: ConfigMap shop/near is defined twice, the first one is at \
         web/b.yaml:1",
        far.display()
    );
    assert_eq!(failed.message, place);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_directories_of_one_commit_are_one_commit() {
    let mut world = World::new().await;
    let text = "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {name: web}\n\
                spec: {sources: [{path: base}, {path: extra}], targetNamespace: shop}\n";
    world.files.insert("apps/web.yaml".into(), text.into());
    world.files.insert("base/a.yaml".into(), namespace());
    world
        .files
        .insert("extra/a.yaml".into(), config_map("a", "one"));
    world.converge("Both").await;
    assert!(world.get(&key("", "configmaps", "a")).await.is_some());
    world
        .files
        .insert("base/b.yaml".into(), config_map("a", "two"));
    world.commit("Twice");
    let said = condition(&world, "web", "CommitRefused").await;
    let expected =
        "extra/a.yaml:1: ConfigMap shop/a is defined twice, the first one is at base/b.yaml:1";
    assert!(said.contains(expected), "{said}");
    world.end().await;
}
