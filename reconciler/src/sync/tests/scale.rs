//! Many Applications, of which a commit concerns none, or one.

use std::collections::BTreeMap;

use api::{Collection, ResourceVersion};
use client::ListOptions;
use engine::rollout::{CommitId, RolloutPhase};

use super::*;
use crate::history::{RolloutQuery, StepKind, StepQuery, Verdict};

/// Applications that are healthy at once, and some that never are.
const WELL: usize = 100;
const UNWELL: usize = 10;

fn well(number: usize) -> String {
    format!("well-{number:03}")
}

fn unwell(number: usize) -> String {
    format!("unwell-{number:03}")
}

/// All of them, rolled out as far as they come.
async fn many() -> (World, CommitId) {
    let mut world = World::new().await;
    world.application("first", "", &[namespace()]);
    world.converge("The namespace").await;
    for number in 0..WELL {
        let name = well(number);
        world.application(&name, "", &[config_map(&name, "one")]);
    }
    for number in 0..UNWELL {
        let name = unwell(number);
        let spec = "deadlineSeconds: 86400";
        world.application(&name, spec, &[deployment(&name, "bad:1")]);
    }
    let commit = world.commit("Many");
    world
        .until("all are where they get to", || async {
            let stands = &world.reconciler.core.standings;
            let applied = |it: usize| stands.is(&well(it), |it| it.standing.applied == commit);
            let waits = |it: usize| {
                stands.is(&unwell(it), |it| {
                    it.seen == commit && it.rolls_out.as_ref() == Some(&commit)
                })
            };
            let rollouts = world.reconciler.core.rollouts().all();
            let shown = rollouts.iter().filter(|it| match it.text("/status/phase") {
                "Succeeded" => true,
                phase => phase == "Verifying" && it.name().starts_with("unwell"),
            });
            let all = (0..WELL).all(applied) && (0..UNWELL).all(waits);
            (all && shown.count() == 1 + WELL + UNWELL).then_some(())
        })
        .await;
    (world, commit)
}

/// The version of every object of these kinds.
async fn versions(world: &World) -> BTreeMap<String, ResourceVersion> {
    let mut versions = BTreeMap::new();
    for (group, resource) in [
        ("", "configmaps"),
        ("apps", "deployments"),
        ("kedge.dev", "applications"),
        ("kedge.dev", "rollouts"),
    ] {
        let collection = Collection::new(group, resource);
        let options = ListOptions::default();
        let list = world.client.list(&collection, &options).await;
        for object in list.unwrap().items {
            let key = object.key(&collection).to_string();
            versions.insert(key, object.resource_version());
        }
    }
    versions
}

/// Changes one Application, and waits until that is applied.
async fn change_one(world: &mut World, value: &str) -> CommitId {
    let name = well(7);
    world.application(&name, "", &[config_map(&name, value)]);
    let commit = world.commit("One of them");
    world.phase(&name, &commit, RolloutPhase::Succeeded).await;
    let stands = &world.reconciler.core.standings;
    let is_shown = || async {
        let shown = stands.is(&name, |it| it.standing.applied == commit);
        shown.then_some(())
    };
    world.until("it is shown", is_shown).await;
    let map = world.get(&key("", "configmaps", &name)).await.unwrap();
    assert_eq!(map.text("/data/value"), value);
    commit
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_concerns_nobody_writes_no_object() {
    let (mut world, _) = many().await;
    let before = versions(&world).await;
    let renders = world.reconciler.core.renders.clone();
    let rendered = renders.rendered.get();
    let newest = world.history().newest_step().await.unwrap();
    world.files.insert("NOTES.md".into(), "A note.".into());
    let commit = world.commit("A note");
    world
        .until("all have seen it", || async {
            let stands = &world.reconciler.core.standings;
            let seen = |it: usize| stands.is(&well(it), |it| it.standing.applied == commit);
            (0..WELL).all(seen).then_some(())
        })
        .await;
    assert_eq!(renders.rendered.get(), rendered);
    let pushes = world.history().pushes(1).await.unwrap();
    assert_eq!(pushes[0].verdict, Verdict::Accepted);
    assert_eq!(pushes[0].new_revision, commit);
    assert_eq!(pushes[0].report, "nothing changes in the cluster");

    // Whatever it had set in motion would be done before this.
    change_one(&mut world, "two").await;
    let mut after = versions(&world).await;
    let own = |key: &str| key.contains("well-007") && !key.contains("unwell");
    let mut others = before;
    others.retain(|key, _| !own(key));
    after.retain(|key, _| !own(key));
    assert_eq!(after, others);
    let query = StepQuery {
        after: newest,
        ..StepQuery::default()
    };
    let steps = world.history().steps(&query).await.unwrap();
    let of_others = steps.iter().filter(|step| step.application != well(7));
    let kinds: Vec<StepKind> = of_others.map(|step| step.kind).collect();
    assert_eq!(kinds, [StepKind::Accepted, StepKind::Accepted]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_is_rendered_and_applied_whatever_the_others_wait_for() {
    let (mut world, first) = many().await;
    let renders = world.reconciler.core.renders.clone();
    for value in ["two", "three"] {
        let rendered = renders.rendered.get();
        change_one(&mut world, value).await;
        assert_eq!(renders.rendered.get(), rendered + 1);
    }
    let query = RolloutQuery {
        limit: 500,
        ..RolloutQuery::default()
    };
    let rollouts = world.history().rollouts(&query).await.unwrap();
    assert_eq!(rollouts.len(), 1 + WELL + UNWELL + 2);
    let waiting = rollouts.iter().filter(|it| !it.phase.is_final());
    assert!(waiting.clone().all(|it| it.revision == first));
    assert_eq!(waiting.count(), UNWELL);

    // Who starts again renders all of it once, and nothing for the next commit but what changed.
    world.crash().await;
    let renders = world.reconciler.core.renders.clone();
    change_one(&mut world, "four").await;
    world
        .until("all were looked at", || async {
            let stands = &world.reconciler.core.standings;
            let seen = |it: usize| stands.is(&well(it), |it| !it.standing.applied.0.is_empty());
            (0..WELL).all(seen).then_some(())
        })
        .await;
    let rendered = renders.rendered.get();
    change_one(&mut world, "five").await;
    assert_eq!(renders.rendered.get(), rendered + 1);
    world.end().await;
}
