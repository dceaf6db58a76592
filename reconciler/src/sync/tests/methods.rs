//! Objects that are not brought to the commit by server-side apply alone.

use serde_json::json;

use api::ObjectKey;

use super::*;

/// What is in it cannot be changed.
fn fixed(value: &str, how: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: \
         {{kedge.dev/apply: {how}}}\nimmutable: true\ndata: {{value: {value}}}\n"
    )
}

async fn uid(world: &World, key: &ObjectKey) -> String {
    world
        .get(key)
        .await
        .map(|it| it.uid().0)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_changed_is_made_anew_where_the_manifest_says_so() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), fixed("one", "recreate")]);
    world.converge("One").await;
    let key = key("", "configmaps", "a");
    let first = uid(&world, &key).await;
    world.application("web", "", &[namespace(), fixed("two", "recreate")]);
    world.converge("Two").await;
    let live = world.get(&key).await.unwrap();
    assert_eq!(live.text("/data/value"), "two");
    assert_ne!(live.uid().0, first);
    let steps = world.steps("web-2").await;
    let said = |text: &str| steps.iter().any(|step| step.text.contains(text));
    assert!(
        said("deletes ConfigMap shop/a, to make it anew"),
        "{steps:?}"
    );

    // Without a word of the manifest the commit is refused, and nothing goes.
    world.application("web", "", &[namespace(), fixed("three", "apply")]);
    world.commit("Three");
    let refused = || async {
        let live = world.live_application("web").await?;
        let condition = live.condition("SourceReady")?;
        (condition.status == "False").then_some(())
    };
    world.until("refused", refused).await;
    assert_eq!(world.get(&key).await.unwrap().uid(), live.uid());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replaced_has_nothing_of_others_left() {
    let mut world = World::new().await;
    let map = |value: &str, how: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: \
             {{kedge.dev/apply: {how}}}\ndata: {{value: {value}}}\n"
        )
    };
    world.application("web", "", &[namespace(), map("one", "replace")]);
    world.converge("One").await;
    let key = key("", "configmaps", "a");
    world.patch(&key, json!({"data": {"theirs": "x"}})).await;
    // By itself it is no difference: nobody but Git says what is in the commit.
    for (value, how, theirs) in [("two", "apply", "x"), ("three", "replace", "")] {
        world.application("web", "", &[namespace(), map(value, how)]);
        world.converge(value).await;
        let live = world.get(&key).await.unwrap();
        assert_eq!(
            (live.text("/data/value"), live.text("/data/theirs")),
            (value, theirs)
        );
    }
    // It is still ours, and drift is put back.
    world.patch(&key, json!({"data": {"value": "drift"}})).await;
    let back = || async {
        let live = world.get(&key).await?;
        (live.text("/data/value") == "three").then_some(())
    };
    world.until("put back", back).await;
    world.end().await;
}
