use std::collections::BTreeSet;

use serde_json::json;

use api::Collection;
use client::DeleteOptions;
use engine::rollout::RolloutPhase;

use super::*;
use crate::history::{Action, StepKind, Trigger};
use crate::service::{Error, RollbackRequest, Service, Span};
use crate::source::Person;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_rolled_out_and_recorded() {
    let mut world = World::new().await;
    let manifests = [
        namespace(),
        config_map("a", "one"),
        deployment("web", "web:1"),
    ];
    world.application("web", "", &manifests);
    world.application("other", "dependsOn: [web]", &[config_map("b", "one")]);
    let first = world.converge("First\n\nBecause.").await;

    let rollout = &world.rollouts("web").await[0];
    assert_eq!(
        (rollout.id.as_str(), rollout.phase),
        ("web-1", RolloutPhase::Succeeded)
    );
    assert_eq!(
        (rollout.subject(), rollout.author.name.as_str()),
        ("First", "Ann")
    );
    assert!(rollout.push.is_some() && rollout.finished_at.is_some());
    let detail = world
        .history()
        .rollout_detail("web-1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.objects.len(), 3);
    assert!(detail.objects.iter().all(|it| it.applied_at.is_some()));
    let web = detail
        .objects
        .iter()
        .find(|it| it.kind == "Deployment")
        .unwrap();
    assert!(web.healthy_at.is_some() && web.health == "Healthy" && web.file == "web/2.yaml");
    let projected = Collection::new("kedge.dev", "rollouts").key("kedge", "web-1");
    let object = world.get(&projected).await.unwrap();
    assert_eq!(object.text("/status/phase"), "Succeeded");
    assert_eq!(object.body["status"]["objects"]["healthy"], 3);
    assert_eq!(world.rollouts("other").await.len(), 1);

    // An unrelated change rolls nothing else out, and writes nothing.
    let before = world.get(&key("", "configmaps", "a")).await.unwrap();
    world.application("other", "dependsOn: [web]", &[config_map("b", "two")]);
    let second = world.converge("Second").await;
    assert_eq!(world.rollouts("web").await.len(), 1);
    assert_eq!(world.rollouts("other").await[0].previous, first);
    assert_eq!(
        world.get(&key("", "configmaps", "a")).await.unwrap(),
        before
    );
    let detail = world
        .history()
        .rollout_detail("other-2")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(detail.objects[0].action, Action::Change);
    assert_eq!(detail.objects[0].changes[0].path, "data.value");

    let views = world.reconciler.applications().await.unwrap();
    assert_eq!(views.len(), 2);
    assert_eq!(views[1].standing.applied, second);
    let nodes = world.reconciler.objects("web").await.unwrap();
    assert_eq!(nodes.len(), 3);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_commit_changes_nothing_and_a_good_one_goes_on() {
    let mut world = World::new().await;
    world.application("web", "", &[namespace(), config_map("a", "one")]);
    world.application("api", "dependsOn: [web]", &[deployment("api", "api:1")]);
    let good = world.converge("Good").await;
    world.application("web", "", &[namespace(), config_map("a", "two")]);
    let broken = deployment("api", "api:2").replace("replicas: 2", "replicas: -2");
    world.application("api", "dependsOn: [web]", &[broken]);
    world.commit("Bad");
    let error = world
        .until("refused", || async {
            let sources = world.history().sources().await.unwrap();
            Some(sources[0].error.clone()).filter(|error| !error.is_empty())
        })
        .await;
    assert!(error.contains("api/0.yaml:5"), "{error}");
    assert!(error.contains("spec.replicas"), "{error}");
    let map = world.get(&key("", "configmaps", "a")).await.unwrap();
    assert_eq!(map.text("/data/value"), "one");
    assert_eq!(world.reconciler.core.target().unwrap().commit.id, good);

    world.application("api", "dependsOn: [web]", &[deployment("api", "api:2")]);
    world.converge("Fixed").await;
    assert_eq!(world.history().sources().await.unwrap()[0].error, "");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_commit_takes_over_from_one_that_is_stuck() {
    let mut world = World::new().await;
    let with = |image: &str| [namespace(), deployment("web", image)];
    world.application("web", "", &with("web:1"));
    world.converge("One").await;
    world.application("web", "", &with("bad:2"));
    let stuck = world.commit("Stuck");
    world.phase("web", &stuck, RolloutPhase::Verifying).await;
    world.application("web", "", &with("web:3"));
    let fixed = world.converge("Fixed").await;
    let rollouts = world.rollouts("web").await;
    let phases: Vec<RolloutPhase> = rollouts.iter().map(|it| it.phase).collect();
    let [good, stuck] = [RolloutPhase::Succeeded, RolloutPhase::Superseded];
    assert_eq!(phases, [good, stuck, good]);
    assert_eq!(rollouts[0].revision, fixed);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_held_and_can_be_rolled_back() {
    let mut world = World::new().await;
    let policy = "deadlineSeconds: 1, syncPolicy: {onFailure: bestEffort}";
    let with = |image: &str| {
        [
            namespace(),
            deployment("web", image),
            config_map("old", "x"),
        ]
    };
    world.application("web", policy, &with("web:1"));
    world.application("other", "dependsOn: [web]", &[config_map("other", "x")]);
    let good = world.converge("One").await;
    world.application("web", policy, &with("bad:2")[..2]);
    let bad = world.commit("Two");
    let failed = world.phase("web", &bad, RolloutPhase::Failed).await;
    assert!(
        failed.message.contains("Deployment shop/web"),
        "{}",
        failed.message
    );
    assert!(failed.message.contains("1 second"), "{}", failed.message);
    // What failed prunes nothing, and is not tried again.
    assert!(world.get(&key("", "configmaps", "old")).await.is_some());
    let held = world.history().holds().await.unwrap();
    assert_eq!(held[0].revision, bad);
    world
        .until("held", || async {
            let object = world.live_application("web").await?;
            let synced = object.condition("Synced")?;
            (synced.reason == "Held").then_some(())
        })
        .await;

    let two = Span::Rollout("web-2".into());
    let preview = world.reconciler.preview_rollback(&two).await.unwrap();
    assert_eq!((&preview.restores, &preview.parent), (&good, &bad));
    assert!(
        preview.plan.iter().any(|line| line.contains("image")),
        "{preview:?}"
    );
    let mut request = RollbackRequest {
        span: two.clone(),
        plan: String::new(),
        reason: "It does not start".into(),
        author: Person::new("Bob", "bob@example.org"),
        parent: Some(good.clone()),
    };
    let moved = world.reconciler.rollback(&request).await.unwrap_err();
    assert!(matches!(moved, Error::Moved { .. }), "{moved}");
    request.parent = Some(preview.parent);
    let back = world.reconciler.rollback(&request).await.unwrap();
    world.converged(&back.commit).await;
    let rollouts = world.rollouts("web").await;
    assert_eq!(rollouts[0].rollback_of, "web-2");
    assert_eq!(rollouts[0].trigger, Trigger::Rollback);
    assert_eq!(rollouts[0].push, Some(back.push));
    assert_eq!(rollouts[0].author.name, "Bob");
    assert_eq!(rollouts[1].phase, RolloutPhase::Failed);
    assert_eq!(world.rollouts("other").await.len(), 1);
    assert!(world.history().holds().await.unwrap().is_empty());
    let first = world
        .reconciler
        .preview_rollback(&Span::Rollout("web-1".into()))
        .await
        .unwrap_err();
    assert!(matches!(first, Error::Impossible(_)), "{first}");
    let twice = world.reconciler.preview_rollback(&two).await;
    let twice = twice.unwrap_err().to_string();
    assert!(
        twice.contains("all of rollout web-2 is undone already"),
        "{twice}"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_by_hand_tries_a_held_commit_again() {
    let mut world = World::new().await;
    world.application(
        "web",
        "deadlineSeconds: 1",
        &[namespace(), deployment("web", "bad:1")],
    );
    let bad = world.commit("One");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    let ann = Person::new("Ann", "");
    world
        .reconciler
        .sync(&by_hand("web", &ann, &[]))
        .await
        .unwrap();
    let again = world
        .until("tried again", || async {
            let last = world.history().last_rollout("web").await.unwrap()?;
            (last.number == 2 && last.phase == RolloutPhase::Failed).then_some(last)
        })
        .await;
    assert_eq!((again.trigger, &again.revision), (Trigger::Sync, &bad));
    let unknown = world
        .reconciler
        .sync(&by_hand("none", &ann, &[]))
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_the_commit_is_pruned_and_what_moves_is_not() {
    let mut world = World::new().await;
    world.application(
        "web",
        "",
        &[namespace(), config_map("a", "x"), config_map("b", "x")],
    );
    world.application("api", "dependsOn: [web]", &[deployment("api", "api:1")]);
    world.converge("One").await;
    let moving = world.get(&key("", "configmaps", "b")).await.unwrap();
    let foreign =
        config_map("foreign", "x").replace("{name: foreign}", "{name: foreign, namespace: shop}");
    let foreign: serde_json::Value = api::codec::yaml::single(&foreign).unwrap();
    let options = client::WriteOptions::default();
    let collection = Collection::new("", "configmaps");
    world
        .client
        .create(&collection, &foreign.into(), &options)
        .await
        .unwrap();

    world.application("web", "", &[namespace()]);
    let api = [deployment("api", "api:1"), config_map("b", "x")];
    world.application("api", "dependsOn: [web]", &api);
    world.converge("Two").await;
    assert!(world.get(&key("", "configmaps", "a")).await.is_none());
    assert!(world.get(&key("", "configmaps", "foreign")).await.is_some());
    let moved = world.get(&key("", "configmaps", "b")).await.unwrap();
    assert_eq!(moved.uid(), moving.uid());
    let owners = |name: &str| world.reconciler.core.inventory.of(name).len();
    world
        .until("forgotten", || async { (owners("web") == 1).then_some(()) })
        .await;
    assert_eq!(owners("api"), 2);

    world.remove("api");
    world.commit("Three");
    world
        .until("removed", || async {
            let gone = world.live_application("api").await.is_none();
            let records = world.history().application_records().await.unwrap();
            let record = records.iter().find(|it| it.name == "api")?;
            (gone && record.removed_at.is_some()).then_some(())
        })
        .await;
    assert!(
        world
            .get(&key("apps", "deployments", "api"))
            .await
            .is_none()
    );
    assert!(world.get(&key("", "configmaps", "b")).await.is_none());
    assert_eq!(world.reconciler.applications().await.unwrap().len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_change_is_put_back() {
    let mut world = World::new().await;
    let web = [
        namespace(),
        config_map("a", "x"),
        deployment("web", "web:1"),
    ];
    world.application("web", "", &web);
    world.converge("One").await;
    let (map, web) = (
        key("", "configmaps", "a"),
        key("apps", "deployments", "web"),
    );
    world
        .patch(
            &web,
            json!({"spec": {"replicas": 7}, "metadata": {"labels": {"extra": "yes"}}}),
        )
        .await;
    world
        .client
        .delete(&map, &DeleteOptions::default())
        .await
        .unwrap();
    let drifts = world
        .until("put back", || async {
            let live = (world.get(&map).await?, world.get(&web).await?);
            let drifts = world.drifts("web").await;
            let back = live.1.body["spec"]["replicas"] == 2 && drifts.len() == 2;
            (back && drifts.iter().all(|it| it.ended_at.is_some())).then_some(drifts)
        })
        .await;
    let changed = drifts.iter().find(|drift| drift.what == "changed").unwrap();
    assert_eq!(changed.actor, "kubectl-edit");
    // Of what is gone too.
    assert!(drifts.iter().all(|it| it.writer.contains("test")));
    assert_eq!(changed.changes.len(), 1);
    assert_eq!(changed.changes[0].path, "spec.replicas");
    assert!(drifts.iter().any(|drift| drift.what == "deleted"));
    // What Git does not speak of is others' business.
    assert_eq!(world.get(&web).await.unwrap().label("extra"), Some("yes"));
    assert_eq!(world.rollouts("web").await.len(), 1);
    let application = Collection::new("kedge.dev", "applications").key("kedge", "web");
    world
        .client
        .delete(&application, &DeleteOptions::default())
        .await
        .unwrap();
    let uid = world.live_application("web").await.map(|it| it.uid());
    world
        .until("the application is back", || async {
            let back = world.live_application("web").await?;
            (Some(back.uid()) != uid || uid.is_none()).then_some(())
        })
        .await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_come_first_and_waves_one_after_the_other() {
    let mut world = World::new().await;
    let wave = |manifest: String, wave: i32| {
        let annotation = format!("annotations: {{kedge.dev/sync-wave: '{wave}'}}, name");
        manifest.replacen("name", &annotation, 1)
    };
    world.application("db", "", &[namespace(), deployment("db", "bad:1")]);
    let web = [
        wave(deployment("web", "web:1"), 1),
        wave(config_map("a", "x"), 2),
    ];
    world.application("web", "dependsOn: [db]", &web);
    let stuck = world.commit("One");
    let waits = world.phase("web", &stuck, RolloutPhase::Pending).await;
    assert!(waits.began_at.is_none());
    world
        .until("waiting", || async {
            let last = world.history().last_rollout("web").await.unwrap()?;
            last.message.contains("application db").then_some(())
        })
        .await;
    assert!(
        world
            .get(&key("apps", "deployments", "web"))
            .await
            .is_none()
    );
    world.application("db", "", &[namespace(), deployment("db", "db:2")]);
    world.converge("Two").await;
    let last = world.rollouts("web").await.remove(0);
    let applies = world.history().applies(&last.id).await.unwrap();
    let waves: Vec<i32> = applies.iter().map(|apply| apply.wave).collect();
    assert_eq!(waves, [1, 2]);
    let steps = world.steps(&last.id).await;
    let kinds: BTreeSet<String> = steps.iter().map(|it| format!("{:?}", it.kind)).collect();
    for kind in [
        StepKind::Started,
        StepKind::Began,
        StepKind::Applied,
        StepKind::Succeeded,
    ] {
        assert!(kinds.contains(&format!("{kind:?}")), "{kinds:?}");
    }
    world.end().await;
}
