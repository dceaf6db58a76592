//! What people do outside of commits.

use engine::rollout::RolloutPhase;

use super::world::by_hand;
use super::*;
use crate::history::Trigger;
use crate::service::{Error, Service};
use crate::source::Person;

fn ann() -> Person {
    Person::new("Ann", "ann@example.org")
}

async fn paused(world: &World, reason: &str, says: &str) -> String {
    world
        .until(&format!("paused: {reason}"), || async {
            let live = world.live_application("web").await?;
            let condition = live.condition("Paused")?;
            (condition.reason == reason && condition.message.contains(says))
                .then_some(condition.message)
        })
        .await
}

async fn value(world: &World, name: &str) -> String {
    let live = world.get(&key("", "configmaps", name)).await;
    live.map(|live| live.text("/data/value").to_owned())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn some_objects_are_synced_and_recorded_as_a_rollout_in_part() {
    let mut world = World::new().await;
    let policy = "syncPolicy: {automated: false}";
    let with = |value| [namespace(), config_map("a", value), config_map("b", value)];
    world.application("web", policy, &with("one"));
    let one = world.commit("One");
    paused(&world, "Manual", "kedge sync web").await;
    let (all, ann) = (&[], ann());
    world
        .reconciler
        .sync(&by_hand("web", &ann, all))
        .await
        .unwrap();
    world.phase("web", &one, RolloutPhase::Succeeded).await;

    world.application("web", policy, &with("two"));
    let two = world.commit("Two");
    paused(&world, "Manual", two.short()).await;
    let some = by_hand("web", &ann, &["configmap/shop/a"]);
    let plan = world.reconciler.preview_sync(&some).await.unwrap();
    let steps: Vec<String> = plan.plan.steps().map(engine::plan::Step::title).collect();
    assert_eq!(steps, ["ConfigMap shop/a"]);
    world.reconciler.sync(&some).await.unwrap();
    let part = world.phase("web", &two, RolloutPhase::Succeeded).await;
    assert!(
        part.options.is_partial() && part.trigger == Trigger::Sync && *part.by() == ann,
        "{part:?}"
    );
    assert_eq!(
        (value(&world, "a").await, value(&world, "b").await),
        ("two".into(), "one".into())
    );
    let object = api::Collection::new("kedge.dev", "rollouts").key("kedge", "web-2");
    let is_partial = || async {
        let object = world.get(&object).await?;
        (object.body["spec"]["partial"] == true).then_some(())
    };
    world.until("marked as partial", is_partial).await;
    // The commit is not in the cluster as a whole, and nothing else is done about it.
    paused(&world, "Manual", two.short()).await;
    let view = world.reconciler.application("web").await.unwrap();
    assert_eq!(view.standing.applied, one);

    world
        .reconciler
        .sync(&by_hand("web", &ann, all))
        .await
        .unwrap();
    world.converged(&two).await;
    assert_eq!(value(&world, "b").await, "two");
    let none = world
        .reconciler
        .sync(&by_hand("web", &ann, &["Secret/a"]))
        .await;
    assert!(matches!(none, Err(Error::NotFound(_))), "{none:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_application_is_left_alone_until_it_is_resumed() {
    let mut world = World::new().await;
    let with = |value, image| {
        [
            namespace(),
            config_map("a", value),
            deployment("web", image),
        ]
    };
    world.application("web", "", &with("one", "web:1"));
    world.converge("One").await;
    world.application("web", "", &with("two", "bad:2"));
    let two = world.commit("Two");
    world.phase("web", &two, RolloutPhase::Verifying).await;
    let ann = ann();
    world
        .reconciler
        .suspend("web", "the database moves", &ann)
        .await
        .unwrap();
    // What runs is stopped, and what others change stays.
    let stopped = world.phase("web", &two, RolloutPhase::Held).await;
    assert!(
        stopped.message.ends_with("the database moves"),
        "{}",
        stopped.message
    );
    paused(&world, "Suspended", "Ann").await;
    world.application("web", "", &with("three", "web:3"));
    let three = world.commit("Three");
    world
        .until("heard of", || async {
            let stand = world.reconciler.core.standings.get("web")?;
            (stand.standing.revision == three).then_some(())
        })
        .await;
    assert_eq!(value(&world, "a").await, "two");
    let refused = world
        .reconciler
        .sync(&by_hand("web", &ann, &[]))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("kedge resume web"),
        "{refused}"
    );

    world.reconciler.resume("web", &ann).await.unwrap();
    world.converged(&three).await;
    assert_eq!(value(&world, "a").await, "three");
    let again = world.reconciler.resume("web", &ann).await;
    assert!(matches!(again, Err(Error::Impossible(_))), "{again:?}");

    world.application("web", "suspend: true", &with("four", "web:4"));
    world.commit("Four");
    paused(&world, "Suspended", "spec.suspend").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_keeps_a_commit_back_but_not_a_person() {
    let mut world = World::new().await;
    let closed = "syncWindows: [{kind: deny, schedule: '* * * * *', duration: 1h}]";
    world.application("web", closed, &[namespace(), config_map("a", "one")]);
    let one = world.commit("One");
    paused(&world, "SyncWindow", "deny window").await;
    assert!(world.rollouts("web").await.is_empty());
    world
        .reconciler
        .sync(&by_hand("web", &ann(), &[]))
        .await
        .unwrap();
    world.converged(&one).await;
    assert_eq!(value(&world, "a").await, "one");
    let strict = "syncWindows: [{kind: allow, schedule: '0 0 29 2 *', duration: 1m, \
                  manualSync: false, timeZone: Europe/Berlin}]";
    world.application("web", strict, &[namespace(), config_map("a", "two")]);
    world.commit("Two");
    paused(&world, "SyncWindow", "allow window").await;
    let refused = world
        .reconciler
        .sync(&by_hand("web", &ann(), &[]))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("waits until 20"), "{refused}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_approved_binds_the_sync() {
    let mut world = World::new().await;
    let policy = "syncPolicy: {automated: false}";
    world.application("web", policy, &[namespace(), config_map("a", "one")]);
    let one = world.commit("One");
    paused(&world, "Manual", one.short()).await;
    let ann = ann();
    let mut approved = by_hand("web", &ann, &[]);
    let plan = world.reconciler.preview_sync(&approved).await.unwrap();
    approved.plan = engine::rollout::short(&plan.plan.digest()).to_owned();

    // The cluster was looked at, and now the commit is another one.
    world.application("web", policy, &[namespace(), config_map("a", "two")]);
    let two = world.commit("Two");
    paused(&world, "Manual", two.short()).await;
    let moved = world.reconciler.sync(&approved).await;
    let Err(Error::Replanned { now, .. }) = moved else {
        panic!("{moved:?}");
    };
    // Too short to be the name of one plan.
    approved.plan = now[..6].to_owned();
    let vague = world.reconciler.sync(&approved).await;
    assert!(matches!(vague, Err(Error::Replanned { .. })), "{vague:?}");
    approved.plan = now;
    world.reconciler.sync(&approved).await.unwrap();
    let done = world.phase("web", &two, RolloutPhase::Succeeded).await;
    assert!(done.options.plan.starts_with(&approved.plan), "{done:?}");
    assert_eq!(value(&world, "a").await, "two");
    world.end().await;
}
