//! What goes before it comes back.

use super::*;
use crate::plan::Change;

#[test]
fn what_the_server_takes_only_anew_goes_first() {
    let mut world = World::new(&[&["a!", "b!"]]).running(RolloutPhase::Applying);
    world.plan.as_mut().unwrap().waves[0].steps[0].change = Change::Renew(api::Uid("u".into()));
    assert_eq!(world.decide(), ["renew a"]);
    let mut over = world.running(RolloutPhase::Succeeded);
    assert_eq!(over.decide(), ["renew a", "correct b"]);
    over.last.as_mut().unwrap().phase = RolloutPhase::Failed;
    over.restoring = true;
    assert_eq!(over.decide(), ["renew a"]);
}

#[test]
fn what_is_being_deleted_is_waited_for() {
    let mut world = World::new(&[&["a!", "b!"]]).running(RolloutPhase::Applying);
    world.plan.as_mut().unwrap().waves[0].steps[0].change = Change::Recreate;
    assert_eq!(world.decide(), ["apply 0: b"]);
    world.plan.as_mut().unwrap().waves[0].steps[1].change = Change::Unchanged;
    assert_eq!(
        world.decide(),
        ["Applying until 60: ConfigMap shop/a is being deleted, and comes back once it is gone"]
    );
    let mut over = world.running(RolloutPhase::Succeeded);
    assert_eq!(over.decide(), Vec::<String>::new());
    over.plan.as_mut().unwrap().waves[0].steps[0].change = Change::Create;
    assert_eq!(over.decide(), ["correct a"]);
}
