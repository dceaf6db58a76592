//! Commits that take back one rollout, several of them, or all since a point.

use engine::rollout::RolloutPhase;

use super::*;
use crate::service::{Error, RollbackPreview, RollbackRequest, Service, Span};
use crate::source::Person;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Four rollouts: the first brings all three, each later one changes one of them.
async fn four() -> World {
    let mut world = World::new().await;
    for step in 0..4 {
        let mut parts = vec![namespace()];
        for (place, name) in NAMES.iter().enumerate() {
            let value = if place < step { "new" } else { "old" };
            parts.push(config_map(name, value));
        }
        world.application("web", "", &parts);
        world.converge(&format!("Step {step}")).await;
    }
    world
}

async fn values(world: &World) -> Vec<String> {
    let mut values = Vec::new();
    for name in NAMES {
        let live = world.get(&key("", "configmaps", name)).await.unwrap();
        values.push(live.text("/data/value").to_owned());
    }
    values
}

async fn preview(world: &World, span: &Span) -> RollbackPreview {
    world.reconciler.preview_rollback(span).await.unwrap()
}

/// Rolls back as the preview says, and waits for it.
async fn back(world: &World, span: Span) -> String {
    let seen = preview(world, &span).await;
    assert!(seen.size.files > 0 && !seen.commit.0.is_empty(), "{seen:?}");
    let request = RollbackRequest {
        span,
        reason: "It was wrong".into(),
        author: Person::new("Bob", "bob@example.org"),
        parent: Some(seen.parent),
        // As much of the name as people are shown.
        plan: engine::rollout::short(&seen.digest).to_owned(),
    };
    let done = world.reconciler.rollback(&request).await.unwrap();
    assert_eq!(done.report, seen.plan);
    world
        .phase("web", &done.commit, RolloutPhase::Succeeded)
        .await;
    let commit = world.reconciler.core.source.commit(&done.commit).await;
    commit.unwrap().message
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rollout_goes_and_what_came_later_stays() {
    let world = four().await;
    let message = back(&world, Span::Rollout("web-2".into())).await;
    assert!(message.starts_with("Revert \"Step 1\""), "{message}");
    assert!(!message.contains("Kedge-Rollback-To"), "{message}");
    assert_eq!(values(&world).await, ["old", "new", "new"]);
    assert_eq!(world.rollouts("web").await[0].rollback_of, "web-2");
    let span = Span::Rollout("web-2".into());
    let twice = world.reconciler.preview_rollback(&span).await;
    let twice = twice.unwrap_err().to_string();
    assert_eq!(twice, "all of rollout web-2 is undone already");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_goes_in_one_commit() {
    let world = four().await;
    let range = |first: &str, last: &str| Span::Range {
        first: first.into(),
        last: last.into(),
    };
    let message = back(&world, range("web-2", "web-3")).await;
    assert!(
        message.starts_with("Revert rollouts web-2 to web-3 (2 commits)"),
        "{message}"
    );
    assert!(
        message.ends_with("Kedge-App: web\nKedge-Rollout: web-2\n"),
        "{message}"
    );
    assert_eq!(values(&world).await, ["old", "old", "new"]);
    let span = range("web-3", "web-2");
    let backwards = world.reconciler.preview_rollback(&span).await;
    let backwards = backwards.unwrap_err();
    assert!(matches!(backwards, Error::Impossible(_)), "{backwards}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_since_a_point_goes() {
    let mut world = four().await;
    let rollouts = world.rollouts("web").await;
    let (second, first) = (&rollouts[2], &rollouts[3]);
    let finished = second.finished_at.unwrap().to_string();
    let since = |application: &str, point: &str| Span::Since {
        application: application.into(),
        point: point.into(),
    };
    // A rollout, its commit and the time after it are one point.
    let by_name = preview(&world, &since("web", "web-2")).await;
    for point in [second.revision.short(), &finished] {
        let same = preview(&world, &since("web", point)).await;
        assert_eq!(
            (&same.undoes, &same.digest),
            (&by_name.undoes, &by_name.digest),
            "{point}"
        );
    }
    let newest = &rollouts[0].id;
    let after_it = since("web", newest);
    let refused = world.reconciler.preview_rollback(&after_it).await;
    let nothing = format!("nothing came after {newest}: there is nothing to undo");
    assert_eq!(refused.unwrap_err().to_string(), nothing);
    let message = back(&world, since("web", "web-2")).await;
    assert!(message.starts_with("Roll back to "), "{message}");
    assert_eq!(values(&world).await, ["new", "old", "old"]);
    // What went back can go back further, over the rollback itself.
    let message = back(&world, since("web", "web-1")).await;
    assert!(
        message.contains(&format!("Kedge-Rollback-To: {}", first.revision)),
        "{message}"
    );
    assert_eq!(values(&world).await, ["old", "old", "old"]);

    // All of the repository, whatever it is of.
    world.application("other", "", &[config_map("other", "one")]);
    world.converge("Another one").await;
    back(&world, since("", second.revision.short())).await;
    assert_eq!(values(&world).await, ["new", "old", "old"]);
    let gone = || async {
        world
            .get(&key("", "configmaps", "other"))
            .await
            .is_none()
            .then_some(())
    };
    world.until("without the other one", gone).await;
    for (application, point) in [
        ("web", "nothing"),
        ("web", "1999-01-01T00:00:00Z"),
        ("none", "web-2"),
    ] {
        let refused = world
            .reconciler
            .preview_rollback(&since(application, point))
            .await;
        assert!(
            matches!(refused, Err(Error::NotFound(_) | Error::Impossible(_))),
            "{application} {point}: {refused:?}"
        );
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_later_commits_changed_too_is_named_and_nothing_is_pushed() {
    let mut world = World::new().await;
    for value in ["one", "two", "three"] {
        world.application("web", "", &[namespace(), config_map("a", value)]);
        world.converge(value).await;
    }
    let span = Span::Rollout("web-2".into());
    let seen = preview(&world, &span).await;
    assert_eq!((seen.conflicts.len(), seen.plan.len()), (1, 0), "{seen:?}");
    let request = RollbackRequest {
        span,
        reason: "It was wrong".into(),
        author: Person::new("Bob", "bob@example.org"),
        parent: None,
        plan: String::new(),
    };
    let refused = world.reconciler.rollback(&request).await.unwrap_err();
    assert!(
        refused.to_string().contains(&seen.conflicts[0]),
        "{refused}"
    );
    assert_eq!(world.rollouts("web").await.len(), 3);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_application_stands_in_nobody_s_way() {
    let mut world = World::new().await;
    // One commit changes both, and a later one the other one again.
    for (web, two) in [("one", "one"), ("two", "two"), ("two", "three")] {
        world.application("web", "", &[namespace(), config_map("a", web)]);
        world.application("two", "", &[config_map("b", two)]);
        world.converge(&format!("{web} and {two}")).await;
    }
    let value = async |name: &str| {
        let live = world.get(&key("", "configmaps", name)).await.unwrap();
        live.text("/data/value").to_owned()
    };
    let other = vec!["two/0.yaml".to_owned()];
    let span = Span::Rollout("web-2".into());
    let seen = preview(&world, &span).await;
    assert_eq!(
        (&seen.stays, &seen.touches),
        (&other, &vec!["web".to_owned()])
    );
    assert_eq!(seen.owners[&other[0]], ["two".to_owned()].into());
    let message = back(&world, span).await;
    assert!(
        message.starts_with("Revert \"two and two\" for web alone\n"),
        "{message}"
    );
    assert!(message.ends_with("Kedge-Rollback-Path: web\n"), "{message}");
    assert_eq!(world.rollouts("web").await[0].rollback_of, "web-2");
    assert_eq!(
        (value("a").await, value("b").await),
        ("one".into(), "three".into())
    );
    // What conflicts in its own files is named as such.
    let own = preview(&world, &Span::Rollout("two-2".into())).await;
    assert_eq!((&own.conflicts, own.stays.len()), (&other, 0));
    assert_eq!(own.owners[&other[0]], ["two".to_owned()].into());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_back_what_another_application_asks_for_touches_it() {
    let mut world = World::new().await;
    // One commit changes an object of the one, and nothing but the settings of the other.
    for (value, settings) in [
        ("one", "deadlineSeconds: 60"),
        ("two", "deadlineSeconds: 77"),
    ] {
        world.application("web", "", &[namespace(), config_map("a", value)]);
        world.application("two", settings, &[config_map("b", "same")]);
        world.converge(&format!("{value}, {settings}")).await;
    }
    let seen = preview(&world, &Span::Rollout("web-2".into())).await;
    assert_eq!(seen.touches, ["two", "web"]);
    world.end().await;
}
