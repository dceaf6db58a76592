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
    assert_eq!(running.decide(), [format!("fail: {reason}")]);
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
    assert_eq!(fresh.decide(), [start, format!("fail: {reason}")]);
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
}
