//! What is deleted, and what only when somebody says so.

use api::{Collection, ObjectKey};

use super::*;
use crate::service::Service;
use crate::source::Person;

fn maps(names: &[&str]) -> Vec<String> {
    let maps = names.iter().map(|name| config_map(name, "x"));
    std::iter::once(namespace()).chain(maps).collect()
}

async fn there(world: &World, names: &[&str]) -> Vec<bool> {
    let mut there = Vec::new();
    for name in names {
        let object = world.get(&key("", "configmaps", name)).await;
        there.push(object.is_some());
    }
    there
}

fn namespace_key() -> ObjectKey {
    Collection::new("", "namespaces").key("", "shop")
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_budget_and_what_may_hold_data_wait_for_a_word() {
    let mut world = World::new().await;
    let policy = "syncPolicy: {pruneBudget: 50%}";
    world.application("web", policy, &maps(&["a", "b", "c"]));
    world.converge("One").await;
    // Two of four are within the budget.
    world.application("web", policy, &maps(&["a"]));
    world.converge("Two").await;
    let all = &["a", "b", "c"];
    assert_eq!(there(&world, all).await, [true, false, false]);

    world.application("web", policy, &[config_map("new", "x")]);
    world.commit("Three");
    let asks = |what: &'static str| {
        let world = &world;
        world.until(what, move || async move {
            let live = world.live_application("web").await?;
            let condition = live.condition("Paused")?;
            let found = condition.reason == "Approval" && condition.message.contains(what);
            (found && live.text("/status/sync/status") == "OutOfSync").then_some(())
        })
    };
    asks("a Namespace may hold data").await;
    assert_eq!(there(&world, &["a", "new"]).await, [false, true]);
    let last = world.rollouts("web").await.remove(0);
    assert!(
        last.message
            .ends_with("1 object is not deleted before somebody says so"),
        "{last:?}"
    );

    let ann = Person::new("Ann", "ann@example.org");
    let mut approve = by_hand("web", &ann, &["Namespace/shop"]);
    approve.prune = true;
    let plan = world.reconciler.preview_sync(&approve).await.unwrap().plan;
    assert_eq!(plan.deletes.len(), 1);
    world.reconciler.sync(&approve).await.unwrap();
    world
        .until("the namespace goes", || async {
            let live = world.get(&namespace_key()).await;
            live.is_none_or(|live| live.is_deleting()).then_some(())
        })
        .await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_goes_leaves_what_its_policy_says() {
    let mut world = World::new().await;
    for (name, policy) in [
        ("web", ""),
        ("api", "deletionPolicy: orphan"),
        ("all", "deletionPolicy: delete"),
    ] {
        let namespace = namespace().replace("shop", &format!("of-{name}"));
        world.application(name, policy, &[namespace, config_map(name, "x")]);
    }
    world.application("base", "", &[namespace()]);
    world.converge("One").await;
    for name in ["web", "api", "all"] {
        world.remove(name);
    }
    world.commit("Two");
    world
        .until("removed", || async {
            let records = world.history().application_records().await.unwrap();
            let gone = records.iter().filter(|it| it.removed_at.is_some());
            (gone.count() == 2).then_some(())
        })
        .await;
    // Nobody takes finalizers off here.
    world
        .until("the last one's objects go", || async {
            let key = Collection::new("", "namespaces").key("", "of-all");
            let going = world.get(&key).await?.is_deleting();
            let map = world.get(&super::key("", "configmaps", "all")).await;
            (going && map.is_none()).then_some(())
        })
        .await;
    let maps = there(&world, &["web", "api", "all"]).await;
    assert_eq!(maps, [false, true, false]);
    for (name, stays) in [("web", true), ("api", true), ("all", false)] {
        let key = Collection::new("", "namespaces").key("", format!("of-{name}"));
        let live = world.get(&key).await.filter(|live| !live.is_deleting());
        assert_eq!(live.is_some(), stays, "{name}");
    }
    let story = world.story().await;
    assert!(
        story.contains("removed without Namespace of-web: a Namespace may hold data"),
        "{story}"
    );
    world.end().await;
}
