use api::Condition;

use super::*;
use crate::service::Service;

/// The Application's condition about Git, once its reason is this one.
async fn told(world: &World, name: &str, reason: &str) -> Condition {
    world
        .until(&format!("{name} {reason}"), || async {
            let live = world.live_application(name).await?;
            let condition = live.condition("SourceReady")?;
            (condition.reason == reason).then_some(condition)
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_commit_is_a_condition_with_file_and_line() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), config_map("a", "one")]);
    world.application("api", "dependsOn: [web]", &[deployment("api", "api:1")]);
    world.converge("Good").await;
    assert_eq!(told(&world, "web", "Followed").await.status, "True");

    let broken = deployment("api", "api:2").replace("replicas: 2", "replicas: -2");
    world.application("api", "dependsOn: [web]", &[broken]);
    let bad = world.commit("Bad");
    for name in ["web", "api"] {
        let condition = told(&world, name, "CommitRefused").await;
        assert_eq!(condition.status, "False");
        let place = format!(
            "commit {} is refused: api/0.yaml:5:3: spec.replicas: Invalid value: -2",
            bad.short()
        );
        assert!(condition.message.starts_with(&place), "{condition:?}");
    }
    world.crash().await;
    told(&world, "api", "CommitRefused").await;

    world.application("api", "dependsOn: [web]", &[deployment("api", "api:2")]);
    world.converge("Fixed").await;
    for name in ["web", "api"] {
        assert_eq!(told(&world, name, "Followed").await.status, "True");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_says_why_its_own_repository_cannot_be_read() {
    let mut world = World::new().await;
    let elsewhere = world.directory.path().join("elsewhere.git");
    let text = format!(
        "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: far}}\n\
         spec: {{source: {{repo: '{}', path: ., revision: mian}}, targetNamespace: shop}}\n",
        elsewhere.display()
    );
    world.files.insert("apps/far.yaml".into(), text);
    world.application("web", "", &[namespace()]);
    world.commit("First");
    let condition = told(&world, "far", "FetchFailed").await;
    let expected = format!("there is no directory {}", elsewhere.display());
    assert_eq!(condition.message, expected);
    // What is wrong with one concerns no other.
    told(&world, "web", "Followed").await;
    let named = async |world: &World| {
        let all = world.reconciler.repositories().await.unwrap();
        all.into_iter().any(|it| it.url.contains("elsewhere"))
    };
    assert!(named(&world).await);
    // Nor is it listed once nobody names it.
    world.files.remove("apps/far.yaml");
    world.commit("Without it");
    let gone = async || (!named(&world).await).then_some(());
    world.until("not listed any more", gone).await;
    world.end().await;
}
