//! Hooks: run once in each rollout, in their order.

use api::Object;

use super::*;
use crate::hook::{Hook, HookPhase, HookRun, ROLLOUT_ANNOTATION};

fn hook(name: &str, phase: HookPhase) -> Hook {
    let object = json!({"kind": "Job", "metadata": {"name": name, "namespace": "shop"}});
    Hook {
        phase,
        wave: WaveNumber(0),
        key: key(name),
        origin: crate::Origin::default(),
        object: object.into(),
        delete_succeeded: false,
        delete_failed: false,
    }
}

impl World {
    fn with_hook(mut self, name: &str, phase: HookPhase) -> Self {
        self.hooks.push(hook(name, phase));
        self
    }

    /// The hook is in the cluster, as of this rollout.
    fn there(mut self, name: &str, rollout: &str, health: Health) -> Self {
        let object: Object = json!({"kind": "Job", "metadata": {"name": name, "namespace": "shop",
            "uid": "u", "annotations": {ROLLOUT_ANNOTATION: rollout}}})
        .into();
        self.live.insert(key(name), object);
        self.health(name, health)
    }

    fn recorded(mut self, name: &str, run: HookRun) -> Self {
        self.last.as_mut().unwrap().hooks.insert(key(name), run);
        self
    }
}

fn applying() -> World {
    World::new(&[&["a!"]])
        .running(RolloutPhase::Applying)
        .with_hook("migrate", HookPhase::Before)
}

#[test]
fn what_is_to_run_before_ends_before_the_first_wave() {
    let check = |world: World, expected: &[&str]| assert_eq!(world.decide(), expected);
    let running = || Health::progressing("1 pod runs");
    check(applying(), &["run migrate"]);
    // One of another rollout goes first, and nothing is run twice.
    check(
        applying().there("migrate", "0", Health::healthy()),
        &["clear migrate"],
    );
    check(
        applying().there("migrate", "1", running()),
        &["Applying until 60: the hook Job shop/migrate: 1 pod runs"],
    );
    check(
        applying().there("migrate", "1", running()).now(60),
        &["fail: the hook Job shop/migrate did not end; it was given 1 minute"],
    );
    check(
        applying().there("migrate", "1", Health::healthy()),
        &["apply 0: a"],
    );
    check(
        applying().recorded("migrate", HookRun::Done),
        &["apply 0: a"],
    );
    check(
        applying().recorded("migrate", HookRun::Started),
        &["fail: the hook Job shop/migrate was deleted before it ended"],
    );
    let broken = Health::degraded("it failed: exit code 1").terminal();
    check(
        applying().there("migrate", "1", broken),
        &["fail: the hook Job shop/migrate: it failed: exit code 1"],
    );
    // A rollout of some objects runs none.
    let mut part = applying();
    part.last.as_mut().unwrap().options.objects = [key("a")].into();
    part.desired.options = part.last.as_ref().unwrap().options.clone();
    check(part, &["apply 0: a"]);
}

#[test]
fn what_is_to_run_after_comes_between_health_and_pruning() {
    let world = || {
        World::new(&[&["a"]])
            .running(RolloutPhase::Verifying)
            .deleting(&["old"])
            .with_hook("check", HookPhase::After)
    };
    assert_eq!(world().decide(), ["run check"]);
    let ended = world().there("check", "1", Health::healthy());
    assert_eq!(ended.decide(), ["prune old"]);
    let waits = world().health("a", Health::progressing("1 of 2"));
    assert!(
        waits.decide()[0].starts_with("Verifying"),
        "{:?}",
        waits.decide()
    );
}

#[test]
fn a_failure_has_its_own_hooks_once_it_is_undone() {
    let failed = |undone: bool| {
        let mut world = World::new(&[&["a!"]])
            .running(RolloutPhase::Failed)
            .with_hook("alarm", HookPhase::OnFailure)
            .with_hook("migrate", HookPhase::Before);
        let last = world.last.as_mut().unwrap();
        (last.began_at, last.undone) = (Some(at(0)), undone);
        world.restoring = true;
        world
    };
    assert_eq!(failed(false).decide(), ["restore a without "]);
    assert_eq!(failed(true).decide()[0], "run alarm");
    let told = failed(true).recorded("alarm", HookRun::Started);
    assert_eq!(told.decide(), ["correct a"]);
    let mut best_effort = failed(false);
    best_effort.restoring = false;
    assert_eq!(best_effort.decide(), ["run alarm"]);
}

#[test]
fn hooks_are_deleted_as_they_want_it() {
    let mut world = World::new(&[&["a"]])
        .running(RolloutPhase::Succeeded)
        .with_hook("check", HookPhase::After)
        .there("check", "1", Health::healthy());
    assert_eq!(world.decide(), Vec::<String>::new());
    world.hooks[0].delete_succeeded = true;
    assert_eq!(world.decide(), ["clear check"]);
    world.live.clear();
    assert_eq!(world.decide(), Vec::<String>::new());
}
