use api::{Collection, Object, ObjectKey};
use client::DeleteOptions;
use engine::rollout::RolloutPhase;

use super::*;
use crate::history::{Step, StepKind};

fn record(name: &str) -> ObjectKey {
    Collection::new("kedge.dev", "rollouts").key("kedge", name)
}

async fn take_away(world: &World, key: &ObjectKey) {
    let options = DeleteOptions::default();
    world.client.delete(key, &options).await.unwrap();
}

/// The record as a person reads it, once it is another object than `before`.
async fn again(world: &World, before: &Object) -> Object {
    let key = record(before.name());
    world
        .until(&format!("{} again", before.name()), || async {
            let live = world.get(&key).await?;
            let same = live.body["spec"] == before.body["spec"];
            let told = live.body["status"] == before.body["status"];
            (live.uid() != before.uid() && same && told).then_some(live)
        })
        .await
}

/// The newest rollouts are objects, whoever takes them or their Application away.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_vanish_come_back_from_the_history() {
    let mut world = World::new().await;
    for value in ["one", "two", "three"] {
        world.application("web", "", &[namespace(), config_map("a", value)]);
        world.converge(value).await;
    }
    let mut records = Vec::new();
    for name in ["web-1", "web-2", "web-3"] {
        let seen = world.until(name, || async {
            let live = world.get(&record(name)).await?;
            (live.text("/status/phase") == "Succeeded").then_some(live)
        });
        records.push(seen.await);
    }

    take_away(&world, &record("web-1")).await;
    records[0] = again(&world, &records[0]).await;

    // As the garbage collector does it after the Application was deleted.
    let application = Collection::new("kedge.dev", "applications").key("kedge", "web");
    take_away(&world, &application).await;
    for old in &mut records {
        take_away(&world, &record(old.name())).await;
        *old = again(&world, old).await;
    }

    world.stop().await;
    take_away(&world, &record("web-2")).await;
    world.start().await;
    again(&world, &records[1]).await;
    world.end().await;
}

/// What an object waits for is its progress, and no second step says the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_rollout_waits_for_is_recorded_once() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), deployment("web", "bad:1")]);
    let bad = world.commit("Bad");
    world.phase("web", &bad, RolloutPhase::Verifying).await;
    let waits = |steps: &[Step]| -> Vec<(StepKind, String)> {
        let waits = steps
            .iter()
            .filter(|it| it.text.contains("Deployment shop/web"));
        let waits = waits.filter(|it| it.kind != StepKind::Applying);
        waits.map(|it| (it.kind, it.text.clone())).collect()
    };
    let seen = world.until("progress", || async {
        let detail = world.history().rollout_detail("web-1").await.unwrap()?;
        let told = detail.rollout.message.contains("Deployment shop/web");
        let seen = waits(&detail.steps);
        (told && !seen.is_empty()).then_some(seen)
    });
    let seen = seen.await;
    assert!(
        seen.iter().all(|(kind, _)| *kind == StepKind::Progress),
        "{seen:?}"
    );
    world.end().await;
}
