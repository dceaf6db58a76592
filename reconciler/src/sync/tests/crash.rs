//! What ends in the middle goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{Collection, WatchEvent};
use client::{ListOptions, WatchOptions};
use engine::rollout::RolloutPhase;
use futures::StreamExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::history::{RolloutQuery, Step, StepKind};
use crate::service::Service;

/// The reconciler ends after so many steps, again and again, and every time goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_anywhere_is_just_another_pass() {
    let mut world = World::new().await;
    let wave = |number: usize, value: &str| {
        let annotation = format!("annotations: {{kedge.dev/sync-wave: '{number}'}}, name");
        let map = config_map(&format!("m{number}"), value);
        map.replacen("name", &annotation, 1)
    };
    for round in 0..8_usize {
        let value = format!("v{round}");
        let mut manifests = vec![namespace(), deployment("web", &format!("web:{round}"))];
        // Another object leaves and one comes in each round.
        manifests.extend((round..round + 4).map(|number| wave(number, &value)));
        world.application("web", "", &manifests);
        world.application("api", "dependsOn: [web]", &[config_map("api", &value)]);
        let newest = world.history().newest_step().await.unwrap();
        let mut feed = world.reconciler.follow(newest);
        let id = world.commit(&value);
        for _ in 0..=round * 2 {
            feed.next().await.unwrap();
        }
        world.crash().await;
        world.converged(&id).await;

        let rollouts = world.rollouts("web").await;
        let mut verdicts: BTreeMap<_, usize> = BTreeMap::new();
        for rollout in &rollouts {
            assert!(rollout.phase.is_final(), "{rollout:?}");
            *verdicts.entry(&rollout.revision).or_default() += 1;
        }
        assert!(verdicts.values().all(|count| *count == 1), "{verdicts:?}");
        for rollout in &rollouts {
            says_nothing_twice(&world.steps(&rollout.id).await);
        }
        let live = maps(&world).await;
        let names: Vec<&str> = live.iter().map(api::Object::name).collect();
        let mut expected: Vec<String> = (round..round + 4).map(|n| format!("m{n}")).collect();
        expected.push("api".into());
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert!(live.iter().all(|it| it.text("/data/value") == value));
        world
            .until("inventoried", || async {
                (world.reconciler.core.inventory.of("web").len() == 6).then_some(())
            })
            .await;
    }
    world.end().await;
}

/// Every ConfigMap of the scenario.
async fn maps(world: &World) -> Vec<api::Object> {
    let options = ListOptions {
        namespace: Some("shop".into()),
        ..ListOptions::default()
    };
    let collection = Collection::new("", "configmaps");
    world
        .client
        .list(&collection, &options)
        .await
        .unwrap()
        .items
}

/// What is said of an object is not said again before something else is.
fn says_nothing_twice(steps: &[Step]) {
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.kind == StepKind::Progress) {
        let (title, _) = step.text.split_once(": ").unwrap();
        let before = last.insert(title, &step.text);
        assert_ne!(before, Some(step.text.as_str()), "{steps:#?}");
    }
}

/// How often each hook was created, by the rollout it is of.
async fn created(world: &World) -> Arc<Mutex<BTreeMap<String, usize>>> {
    let maps = Collection::new("", "configmaps");
    let list = world.client.list(&maps, &ListOptions::default()).await;
    let from = list.unwrap().resource_version;
    let options = WatchOptions::default();
    let watch = world.client.watch(&maps, &from, &options).await;
    let mut events = watch.unwrap();
    let counts: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let counted = counts.clone();
    world.background(async move {
        while let Some(Ok(event)) = events.next().await {
            if let WatchEvent::Added(object) = event
                && let Some(rollout) = object.annotation(engine::hook::ROLLOUT_ANNOTATION)
            {
                *counted.lock().unwrap().entry(rollout.into()).or_default() += 1;
            }
        }
    });
    counts
}

/// At a hundred moments that chance picks, from the push to the verdict and after.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_crashes_lose_nothing_and_do_nothing_twice() {
    const CRASHES: usize = 100;
    let mut random = StdRng::seed_from_u64(20_261_121);
    let mut world = World::new().await;
    let counts = created(&world).await;
    let hook =
        config_map("hook", "x").replacen("name", "annotations: {kedge.dev/hook: before}, name", 1);
    let (mut crashes, mut round) = (0, 0);
    while crashes < CRASHES {
        let value = format!("v{round}");
        let mut manifests = vec![
            namespace(),
            hook.clone(),
            deployment("web", &format!("web:{round}")),
        ];
        manifests
            .extend((round..round + 30).map(|number| config_map(&format!("m{number}"), &value)));
        world.application("web", "", &manifests);
        let id = world.commit(&value);
        for _ in 0..random.random_range(1..=5) {
            let newest = world.history().newest_step().await.unwrap();
            let mut feed = world.reconciler.follow(newest);
            // It may be through already: then nothing more is said.
            let steps = random.random_range(0..4);
            let saying = async {
                for _ in 0..steps {
                    feed.next().await.unwrap();
                }
            };
            let _ = tokio::time::timeout(Duration::from_millis(300), saying).await;
            for _ in 0..random.random_range(0..400) {
                tokio::task::yield_now().await;
            }
            world.crash().await;
            crashes += 1;
        }
        world.converged(&id).await;
        let live = maps(&world).await;
        let mut expected: Vec<String> = (round..round + 30).map(|n| format!("m{n}")).collect();
        expected.push("hook".into());
        expected.sort_unstable();
        let names: Vec<&str> = live.iter().map(api::Object::name).collect();
        assert_eq!(names, expected, "after {crashes} crashes");
        let kept = live.iter().filter(|it| it.name() != "hook");
        assert!(kept.clone().all(|it| it.text("/data/value") == value));
        let whole =
            || async { (world.reconciler.core.inventory.of("web").len() == 33).then_some(()) };
        world.until("inventoried", whole).await;
        round += 1;
    }
    let query = RolloutQuery {
        application: Some("web".into()),
        limit: u16::MAX,
        ..RolloutQuery::default()
    };
    let rollouts = world.history().rollouts(&query).await.unwrap();
    assert_eq!(rollouts.len(), round, "one rollout for each commit");
    assert!(
        rollouts
            .iter()
            .all(|it| it.phase == RolloutPhase::Succeeded)
    );
    let counts = counts.lock().unwrap().clone();
    assert_eq!(counts.len(), round, "{counts:?}");
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    world.end().await;
}
