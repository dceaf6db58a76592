//! What left the commit and is not deleted before somebody says so.

use std::collections::BTreeSet;

use api::kinds::PruneBudget;

use super::*;
use crate::plan::{Prune, counts};

fn leaving(names: &[&str], budget: usize) -> World {
    let mut world = World::new(&[&["a"]])
        .deleting(names)
        .running(RolloutPhase::Applying);
    let within = Prune::Within(PruneBudget::Objects(budget));
    let plan = world.plan.as_mut().unwrap();
    plan.hold(&BTreeSet::from([key("claimed")]), &within, 10);
    world
}

#[test]
fn more_than_the_budget_waits_for_a_word() {
    let few = leaving(&["b", "c", "claimed"], 2);
    assert_eq!(few.decide(), ["prune b c"]);
    let many = leaving(&["b", "c", "d", "claimed"], 2);
    assert_eq!(many.decide(), ["succeed, changed false"]);
    let plan = many.plan.as_ref().unwrap();
    assert_eq!(
        counts(plan).to_string(),
        "3 to delete once somebody says so, 1 unchanged"
    );
    let over = many.running(RolloutPhase::Succeeded);
    assert_eq!(over.decide(), Vec::<String>::new());
    let said = pause(&over.observed()).unwrap();
    assert_eq!(
        (said.reason, said.message.as_str()),
        (
            "Approval",
            "deletes ConfigMap shop/b and 2 more only when asked \
             (3 objects left Git, and the budget is 2): kedge sync web --prune"
        )
    );
    let state = state(&over.observed());
    assert_eq!(state.sync, SyncStatus::OutOfSync);
    assert!(state.sync_message.starts_with("deletes "), "{state:?}");
}

#[test]
fn a_commit_without_objects_deletes_nothing_by_itself() {
    let mut world = leaving(&[], 9);
    world.plan.as_mut().unwrap().waves.clear();
    world = world.deleting(&["b"]);
    let plan = world.plan.as_mut().unwrap();
    plan.hold(
        &BTreeSet::new(),
        &Prune::Within(PruneBudget::Objects(9)),
        10,
    );
    let asking: Vec<&str> = plan.asking().map(|kept| kept.reason.as_str()).collect();
    assert_eq!(asking, ["the commit has no objects at all any more"]);
}

#[test]
fn a_plan_that_was_approved_is_done_or_none_is() {
    let world = |digest: &str| {
        let mut world = World::new(&[&["a!"]]);
        world.desired.requested = true;
        world.desired.options.plan = digest.to_owned();
        world
    };
    let digest = plan(&[&["a!"]]).digest();
    let start = format!("start {COMMIT}");
    assert_eq!(world(&digest).decide(), [&start, "begin", "apply 0: a"]);
    let other = plan(&[&["a!", "b!"]]).digest();
    let reason = format!(
        "stop: what it does is not what was approved any more: plan {}, not {}",
        short(&digest),
        short(&other)
    );
    assert_eq!(world(&other).decide(), [start, reason]);
    // Half way there is less left to do, and it is still what was approved.
    let mut running = world(&other).running(RolloutPhase::Applying);
    running.last.as_mut().unwrap().options.plan = other;
    assert_eq!(running.decide(), ["apply 0: a"]);
}
