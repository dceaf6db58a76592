//! What `/metrics` says is what the history says.

use std::time::Duration;

use engine::rollout::RolloutPhase;
use prometheus_client::registry::Registry;

use super::*;

/// `name` of the figures, a counter or the count of a histogram.
fn figure(world: &World, name: &str) -> u64 {
    let mut registry = Registry::default();
    world.reconciler.measure(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
        .trim()
        .parse()
        .unwrap()
}

async fn counted(world: &World, expected: u64) {
    let name = "kedge_reconciler_commit_to_converged_seconds_count";
    let counting = async {
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        while figure(world, name) != expected {
            looks.tick().await;
        }
    };
    let counted = tokio::time::timeout(Duration::from_secs(30), counting).await;
    assert!(
        counted.is_ok(),
        "{} and not {expected}",
        figure(world, name)
    );
}

/// Rollouts that succeeded, and stayed.
async fn rows(world: &World) -> u64 {
    let mut count = 0;
    for name in ["good", "bad"] {
        let rows = world.rollouts(name).await;
        let stays = rows
            .iter()
            .filter(|it| it.phase == RolloutPhase::Succeeded && it.undone_at.is_none());
        count += stays.count() as u64;
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_with_its_commit_is_not_counted_as_converged() {
    let mut world = World::new().await;
    let with = |value: &str| [config_map("settings", value)];
    let bad = |image: &str| [namespace(), deployment("web", image)];
    world.application("bad", "deadlineSeconds: 2", &bad("web:1"));
    world.converge("Zero").await;
    world.application("good", "dependsOn: [bad]", &with("one"));
    world.converge("One").await;
    let before = rows(&world).await;
    counted(&world, before).await;

    world.application("good", "", &with("two"));
    world.application("bad", "deadlineSeconds: 2", &bad("bad:2"));
    let failed = world.commit("Two");
    world.phase("bad", &failed, RolloutPhase::Failed).await;
    world
        .until("taken back", || async {
            let last = world.rollouts("good").await.remove(0);
            (last.revision == failed && last.undone_at.is_some()).then_some(())
        })
        .await;
    assert_eq!(rows(&world).await, before);

    world.application("good", "", &with("three"));
    world.application("bad", "deadlineSeconds: 60", &bad("web:3"));
    world.converge("Three").await;
    let all = rows(&world).await;
    assert_eq!(all, before + 2);
    counted(&world, all).await;
    assert_eq!(
        figure(&world, "kedge_reconciler_rollouts_total{result=\"failed\"}"),
        1
    );
    world.end().await;
}
