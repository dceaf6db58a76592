//! What becomes of a commit that fails.

use engine::rollout::{RolloutPhase, SyncStatus};

use super::*;
use crate::history::Trigger;
use crate::service::Service;
use crate::source::Person;
use crate::sync::check;

fn image(object: &api::Object) -> &str {
    object.text("/spec/template/spec/containers/0/image")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_comes_back() {
    let mut world = World::new().await;
    let first = [
        namespace(),
        deployment("web", "web:1"),
        config_map("settings", "v1"),
    ];
    world.application("web", "deadlineSeconds: 1", &first);
    world.converge("One").await;
    let second = [
        namespace(),
        deployment("web", "bad:2"),
        config_map("settings", "v2"),
        config_map("extra", "v2"),
    ];
    world.application("web", "deadlineSeconds: 1", &second);
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    let web = key("apps", "deployments", "web");
    let settings = key("", "configmaps", "settings");
    let extra = key("", "configmaps", "extra");
    let undone = || async {
        let last = world.rollouts("web").await.remove(0);
        last.undone_at.map(|_| last)
    };
    let failed = world.until("undone", undone).await;
    assert_eq!(failed.phase, RolloutPhase::Failed);
    assert_eq!(image(&world.get(&web).await.unwrap()), "web:1");
    assert_eq!(
        world.get(&settings).await.unwrap().text("/data/value"),
        "v1"
    );
    world
        .until("without what the commit made", || async {
            world.get(&extra).await.is_none().then_some(())
        })
        .await;
    // Nothing applies the commit again, and what was before is kept as it was.
    world
        .until("held", || async {
            let object = world.live_application("web").await?;
            let synced = object.condition("Synced")?;
            (synced.reason == "Held").then_some(())
        })
        .await;
    let detail = world
        .history()
        .rollout_detail("web-2")
        .await
        .unwrap()
        .unwrap();
    let said = detail
        .steps
        .iter()
        .any(|step| step.text.contains("is undone: everything is as"));
    assert!(said, "{:?}", detail.steps);

    let record = api::Collection::new("kedge.dev", "rollouts").key("kedge", "web-2");
    world
        .until("the record says so", || async {
            let record = world.get(&record).await?;
            (!record.text("/status/undoneAt").is_empty()).then_some(())
        })
        .await;

    world.application(
        "web",
        "deadlineSeconds: 5",
        &[namespace(), deployment("web", "web:3")],
    );
    world.converge("Three").await;
    assert_eq!(image(&world.get(&web).await.unwrap()), "web:3");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_reverts_it_where_the_policy_says_so() {
    let mut world = World::new().await;
    let policy = "deadlineSeconds: 1, syncPolicy: {onFailure: revert}";
    world.application("web", policy, &[namespace(), deployment("web", "web:1")]);
    world.converge("One").await;
    world.application("web", policy, &[namespace(), deployment("web", "bad:2")]);
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    let back = world
        .until("reverted", || async {
            let last = world.rollouts("web").await.remove(0);
            (last.rollback_of == "web-2" && last.phase == RolloutPhase::Succeeded).then_some(last)
        })
        .await;
    assert_eq!(back.author.name, "Kedge");
    assert!(
        back.commit_message.contains("Revert"),
        "{}",
        back.commit_message
    );
    let web = key("apps", "deployments", "web");
    assert_eq!(image(&world.get(&web).await.unwrap()), "web:1");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn best_effort_leaves_things_as_they_are() {
    let mut world = World::new().await;
    let policy = "deadlineSeconds: 1, syncPolicy: {onFailure: bestEffort}";
    world.application("web", policy, &[namespace(), deployment("web", "web:1")]);
    world.converge("One").await;
    world.application("web", policy, &[namespace(), deployment("web", "bad:2")]);
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    // A pass later nothing is different.
    world.application("other", "", &[config_map("other", "x")]);
    world.commit("Three");
    world
        .until("the other one", || async {
            let rollouts = world.rollouts("other").await;
            rollouts.first().filter(|it| it.phase.is_final()).map(drop)
        })
        .await;
    let web = key("apps", "deployments", "web");
    assert_eq!(image(&world.get(&web).await.unwrap()), "bad:2");
    world.end().await;
}

async fn value(world: &World, name: &str) -> Option<String> {
    let live = world.get(&key("", "configmaps", name)).await;
    live.map(|live| live.text("/data/value").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_in_one_application_goes_back_in_all() {
    let mut world = World::new().await;
    let apps = |world: &mut World, value: &str, image: &str| {
        let short = "deadlineSeconds: 1";
        world.application("web", short, &[namespace(), deployment("web", image)]);
        world.application("api", "", &[config_map("api", value)]);
        world.application("db", "", &[config_map("db", "same")]);
        let alone = "syncPolicy: {onFailure: restoreAlone}";
        world.application("alone", alone, &[config_map("alone", value)]);
    };
    apps(&mut world, "v1", "web:1");
    let good = world.converge("One").await;
    apps(&mut world, "v2", "bad:2");
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    world
        .until("back everywhere", || async {
            let last = world.rollouts("api").await.remove(0);
            last.undone_at.filter(|_| last.revision == bad)
        })
        .await;
    assert_eq!(value(&world, "api").await.unwrap(), "v1");
    assert_eq!(value(&world, "alone").await.unwrap(), "v2");
    assert_eq!(world.rollouts("db").await.len(), 1);
    world
        .until("held", || async {
            let view = world.reconciler.application("api").await.ok()?;
            let standing = view.standing;
            (standing.on_hold && standing.applied == good).then_some(())
        })
        .await;
    let hold = world.history().holds().await.unwrap();
    let hold = hold.iter().find(|it| it.application == "api").unwrap();
    assert!(
        hold.reason.starts_with("application web failed"),
        "{hold:?}"
    );

    // The next one brings again what only went along, and says so of its author.
    let core = world.reconciler.core.clone();
    let next = check::check(&core, &core.source.location, &bad).await;
    let lines = next.unwrap().unwrap().lines();
    let again = format!(
        "  went back with commit {}, is not changed by this one, and comes again with it",
        bad.short()
    );
    let at = lines.iter().position(|line| *line == again);
    let at = at.unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(lines[at - 1].starts_with("application api: 1 to change"));

    // A newer commit is a new start for all of them.
    apps(&mut world, "v2", "web:3");
    world.converge("Three").await;
    assert_eq!(value(&world, "api").await.unwrap(), "v2");
    assert!(world.history().holds().await.unwrap().is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_already_does_not_decide_about_commits_that_leave_it_alone() {
    let mut world = World::new().await;
    let apps = |world: &mut World, value: &str, image: &str| {
        let short = "deadlineSeconds: 1";
        world.application("web", short, &[namespace(), deployment("web", image)]);
        world.application("api", "", &[config_map("api", value)]);
    };
    apps(&mut world, "v1", "web:1");
    world.converge("One").await;
    apps(&mut world, "v1", "bad:2");
    let bad = world.commit("Two");
    world.phase("web", &bad, RolloutPhase::Failed).await;
    for (value_now, subject) in [("v2", "Three"), ("v3", "Four")] {
        apps(&mut world, value_now, "bad:2");
        let commit = world.commit(subject);
        // It is tried again, and fails alone.
        world.phase("web", &commit, RolloutPhase::Failed).await;
        let again = world
            .until("undone by itself", || async {
                let last = world.rollouts("web").await.remove(0);
                last.undone_at.is_some().then_some(last)
            })
            .await;
        assert_eq!((again.trigger, again.push), (Trigger::Retry, None));
        world.phase("api", &commit, RolloutPhase::Succeeded).await;
        world
            .until("as the commit has it", || async {
                let last = world.rollouts("api").await.remove(0);
                let stays = last.undone_at.is_none() && last.revision == commit;
                (stays && value(&world, "api").await? == value_now).then_some(())
            })
            .await;
        let holds = world.history().holds().await.unwrap();
        let held: Vec<&str> = holds.iter().map(|hold| &*hold.application).collect();
        assert_eq!(held, ["web"]);
    }
    // A commit that changes it is judged by it again.
    apps(&mut world, "v4", "bad:3");
    let worse = world.commit("Five");
    world
        .until("back everywhere", || async {
            let last = world.rollouts("api").await.remove(0);
            last.undone_at.filter(|_| last.revision == worse)
        })
        .await;
    assert_eq!(value(&world, "api").await.unwrap(), "v3");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_broken_with_one_commit_does_not_decide_about_the_next() {
    let mut world = World::new().await;
    world.application("api", "", &[namespace(), config_map("api", "v1")]);
    world.converge("One").await;
    let broken = ["late", "later"];
    for (seconds, name) in (1..).zip(broken) {
        let deadline = format!("deadlineSeconds: {seconds}");
        world.application(name, &deadline, &[deployment(name, "bad:1")]);
    }
    let bad = world.commit("Two");
    for name in broken {
        world.phase(name, &bad, RolloutPhase::Failed).await;
        let own = world.rollouts(name).await.remove(0).message;
        assert!(
            own.starts_with(&format!("Deployment shop/{name}: ")),
            "{own}"
        );
    }
    world.application("api", "", &[namespace(), config_map("api", "v2")]);
    let good = world.commit("Three");
    world.phase("api", &good, RolloutPhase::Succeeded).await;
    for name in broken {
        world
            .until("held, and what Git says", || async {
                let standing = world.reconciler.application(name).await.ok()?.standing;
                let is_held = standing.on_hold && standing.sync == SyncStatus::Synced;
                (is_held && standing.revision == good).then_some(())
            })
            .await;
        // All of it is applied: there is nothing that another try would do.
        assert_eq!(world.rollouts(name).await.len(), 1, "{name}");
    }
    // Nobody is told of a try.
    let core = world.reconciler.core.clone();
    let next = check::check(&core, &core.source.location, &good).await;
    let lines = next.unwrap().unwrap().lines();
    assert_eq!(lines, ["nothing changes in the cluster"]);
    // Somebody who asks for it has it tried.
    let request = by_hand("late", &Person::default(), &[]);
    world.reconciler.sync(&request).await.unwrap();
    world.phase("late", &good, RolloutPhase::Failed).await;
    let last = world.rollouts("api").await.remove(0);
    assert_eq!((last.revision, last.undone_at), (good, None));
    assert_eq!(value(&world, "api").await.unwrap(), "v2");
    world.end().await;
}
