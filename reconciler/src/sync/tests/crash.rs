use std::collections::BTreeMap;

use super::*;
use crate::history::{Step, StepKind};
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
        let maps = client::ListOptions {
            namespace: Some("shop".into()),
            ..client::ListOptions::default()
        };
        let collection = api::Collection::new("", "configmaps");
        let live = world.client.list(&collection, &maps).await.unwrap();
        let names: Vec<&str> = live.items.iter().map(api::Object::name).collect();
        let mut expected: Vec<String> = (round..round + 4).map(|n| format!("m{n}")).collect();
        expected.push("api".into());
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert!(live.items.iter().all(|it| it.text("/data/value") == value));
        world
            .until("inventoried", || async {
                (world.reconciler.core.inventory.of("web").len() == 6).then_some(())
            })
            .await;
    }
    world.end().await;
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
