//! A commit that fails in one Application goes back in all of them.

use api::kinds::OnFailure;

use super::*;

fn world(phase: RolloutPhase, since: i64) -> World {
    let mut world = World::new(&[&["a"]]).running(phase);
    world.fellow = Some(Fellow {
        name: "api".into(),
        since: at(since),
    });
    world
}

#[test]
fn goes_back_with_the_commit() {
    let reason = "application api failed at commit aaaaaaa";
    let running = world(RolloutPhase::Verifying, 5);
    assert_eq!(running.decide(), [format!("fail along: {reason}")]);
    let mut over = world(RolloutPhase::Succeeded, 5);
    assert_eq!(over.decide(), [format!("recall: {reason}")]);
    over.last.as_mut().unwrap().recalled = true;
    over.restoring = true;
    over.plan = Ok(plan(&[&["a!"]]));
    assert_eq!(over.decide(), ["restore a without "]);
    assert!(state(&over.observed()).held);
    let mut fresh = world(RolloutPhase::Verifying, 5);
    fresh.last = None;
    let start = format!("start {COMMIT}");
    assert_eq!(fresh.decide(), [start, format!("fail along: {reason}")]);
}

#[test]
fn what_is_wrong_here_is_said_first() {
    let elsewhere = "application api failed at commit aaaaaaa";
    let with = |health: Health| world(RolloutPhase::Verifying, 5).health("a", health);
    let broken = with(Health::degraded("no key b in ConfigMap c"));
    let own = format!("fail: ConfigMap shop/a: no key b in ConfigMap c; {elsewhere} too");
    assert_eq!(broken.decide(), [own]);
    let starting = with(Health::progressing("0 of 1 pods are ready"));
    let own = "ConfigMap shop/a: 0 of 1 pods are ready";
    let along = format!("fail along: {elsewhere}, and until then {own}");
    assert_eq!(starting.decide(), [along]);
    let late = starting.now(60);
    let own = format!("fail: {own}; it was given 1 minute");
    assert_eq!(late.decide(), [own]);
}

#[test]
fn some_are_left_alone() {
    let check = |world: &World| {
        let decisions = world.decide();
        let goes = |it: &String| it.starts_with("fail") || it.starts_with("recall");
        assert!(!decisions.iter().any(goes), "{decisions:?}");
    };
    // What began after the failure, because somebody asked for it.
    check(&world(RolloutPhase::Verifying, -5));
    check(&world(RolloutPhase::Succeeded, -5));
    for policy in [
        OnFailure::RestoreAlone,
        OnFailure::Revert,
        OnFailure::BestEffort,
    ] {
        let mut other = world(RolloutPhase::Succeeded, 5);
        other.application.policy.on_failure = policy;
        check(&other);
    }
    let mut part = world(RolloutPhase::Verifying, 5);
    let options = Options {
        objects: [key("a")].into(),
        ..Options::default()
    };
    part.last.as_mut().unwrap().options = options.clone();
    part.desired.options = options;
    check(&part);
    let mut asked = world(RolloutPhase::Verifying, 5);
    asked.last = None;
    asked.desired.requested = true;
    check(&asked);
    // What failed by itself before, and what the commit found as it wants it.
    for phase in [RolloutPhase::Verifying, RolloutPhase::Succeeded] {
        let mut again = world(phase, 5);
        again.desired.retried = true;
        check(&again);
    }
    let mut unchanged = world(RolloutPhase::Succeeded, 5);
    unchanged.last.as_mut().unwrap().changed = false;
    check(&unchanged);
}

/// Where the commit before asked for the same, that stays, and is what the commit asks for.
#[test]
fn a_commit_that_asks_for_the_same_has_nothing_to_undo() {
    let mut same = World::new(&[&["a", "b"]])
        .running(RolloutPhase::Failed)
        .now(90);
    same.restoring = true;
    same.same = true;
    assert!(same.decide().is_empty());
    let stays = state(&same.observed());
    assert_eq!((stays.sync, stays.held), (SyncStatus::Synced, true));
    same.plan = Ok(plan(&[&["a!"]]));
    assert_eq!(same.decide(), ["correct a"]);
    same.last.as_mut().unwrap().unfinished = true;
    assert_eq!(same.decide(), ["restore a without "]);
}
