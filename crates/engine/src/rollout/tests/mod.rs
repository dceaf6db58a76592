mod approval;
mod drift;
mod fellow;
mod hooks;
mod last_run;
mod renewal;
mod world;

use serde_json::json;

use super::*;
use crate::plan::Change;
use crate::{Health, HealthStatus, Problem, WaveNumber};
use api::kinds::{OnFailure, SyncStatus};

use world::*;

fn stuck() -> Health {
    Health::degraded("container web in pod web-1 cannot pull image x: not found")
}

#[test]
fn waves_wait_for_health_and_pruning_comes_last() {
    let wait = || Health::progressing("2 of 3 pods are ready");
    let check = |world: World, expected: &[&str]| assert_eq!(world.decide(), expected);
    let applying = |waves: &[&[&str]]| World::new(waves).running(RolloutPhase::Applying);
    check(
        World::new(&[&["a!", "b"], &["c!"]]),
        &["start aaaaaaaaaaaaaaaa", "begin", "apply 0: a"],
    );
    check(applying(&[&["a!", "b"], &["c!"]]), &["apply 0: a"]);
    check(
        applying(&[&["a", "b"], &["c!"]]).health("a", wait()),
        &["Applying until 60: ConfigMap shop/a: 2 of 3 pods are ready"],
    );
    check(
        applying(&[&["a", "b"], &["c!"]]).health("a", Health::suspended("")),
        &["apply 1: c"],
    );
    check(
        applying(&[&["a"], &["c"]])
            .health("c", wait())
            .deleting(&["old"]),
        &["Verifying until 60: ConfigMap shop/c: 2 of 3 pods are ready"],
    );
    check(
        applying(&[&["a"], &["c"]]).deleting(&["y", "x"]),
        &["prune y x"],
    );
    check(applying(&[&["a"], &["c"]]), &["succeed, changed false"]);
    let mut done = applying(&[&["a"]]);
    done.last.as_mut().unwrap().applied.push(Applied {
        wave: WaveNumber(0),
        at: at(0),
        interrupted: false,
    });
    check(done, &["succeed, changed true"]);
}

#[test]
fn a_commit_that_asks_for_nothing_new_is_recorded() {
    assert_eq!(
        World::new(&[&["a", "b"]]).decide(),
        ["start aaaaaaaaaaaaaaaa", "begin", "succeed, changed false"]
    );
}

#[test]
fn a_rollout_fails_at_its_deadline_with_one_sentence() {
    let world = |seconds| {
        World::new(&[&["a", "b"]])
            .running(RolloutPhase::Verifying)
            .now(seconds)
    };
    let both = |seconds| {
        world(seconds)
            .health("a", Health::progressing("1 of 3 pods are ready"))
            .health("b", stuck())
    };
    assert_eq!(
        both(59).decide(),
        [
            "Verifying until 60: ConfigMap shop/b: container web in pod web-1 cannot pull image x: not found (and 1 more)"
        ]
    );
    assert_eq!(
        both(60).decide(),
        [
            "fail: ConfigMap shop/b: container web in pod web-1 cannot pull image x: not found (and 1 more); \
          it was given 1 minute"
        ]
    );
    let mut resumed = both(60);
    resumed.last.as_mut().unwrap().deadline_at = Some(at(95));
    assert!(resumed.decide()[0].starts_with("Verifying until 95: "));
    let failed_job = world(1).health("b", Health::degraded("failed: too often").terminal());
    assert_eq!(
        failed_job.decide(),
        ["fail: ConfigMap shop/b: failed: too often"]
    );
}

#[test]
fn a_commit_that_cannot_be_rendered_fails_at_once() {
    let mut world = World::new(&[]);
    world.plan = Err(Problem::new("apps/web.yaml", "unknown field \"replcias\"")
        .at(7, 3)
        .into());
    assert_eq!(
        world.decide(),
        [
            "start aaaaaaaaaaaaaaaa",
            "fail: apps/web.yaml:7:3: unknown field \"replcias\""
        ]
    );
}

#[test]
fn a_newer_commit_supersedes_at_once() {
    let world = World::new(&[&["a!"]])
        .running(RolloutPhase::Verifying)
        .health("a", stuck());
    assert_eq!(
        world.wanting("bbbbbbbb").decide(),
        [
            "supersede by bbbbbbbb",
            "start bbbbbbbb",
            "begin",
            "apply 0: a"
        ]
    );
}

#[test]
fn a_failed_commit_is_undone_once() {
    let failed = || {
        let mut world = World::new(&[&["a!", "b"], &["c!"]])
            .running(RolloutPhase::Failed)
            .deleting(&["new"])
            .now(90);
        world.restoring = true;
        world
    };
    assert_eq!(failed().decide(), ["restore a c without new"]);
    let mut undone = failed();
    undone.last.as_mut().unwrap().undone = true;
    assert_eq!(undone.decide(), ["correct a c", "prune new"]);
    let held = state(&undone.observed());
    assert_eq!(held.sync, SyncStatus::OutOfSync);
    assert_eq!(
        held.sync_message,
        "held: commit aaaaaaa failed and was undone; push a newer commit"
    );
    // Another try beside a newer commit is not that commit's fault.
    undone.last.as_mut().unwrap().first_try = Some(CommitId("bbbbbbbbbb".into()));
    assert_eq!(
        state(&undone.observed()).sync_message,
        "held: commit bbbbbbb failed and was undone; push a newer commit"
    );
    // What never wrote anything has nothing to undo.
    let mut early = failed();
    early.last.as_mut().unwrap().began_at = None;
    assert!(early.decide().is_empty());
    // Unless an earlier commit was given up half-way: that goes with it.
    early.last.as_mut().unwrap().unfinished = true;
    assert_eq!(early.decide(), ["restore a c without new"]);
    // Where the policy says so, a commit reverts it, and nothing else is done.
    let mut reverts = failed();
    reverts.restoring = false;
    reverts.application.policy.on_failure = OnFailure::Revert;
    assert_eq!(reverts.decide(), ["revert"]);
    reverts.last.as_mut().unwrap().undone = true;
    assert!(reverts.decide().is_empty());
    reverts.application.policy.on_failure = OnFailure::BestEffort;
    reverts.last.as_mut().unwrap().undone = false;
    assert!(reverts.decide().is_empty());
}

#[test]
fn a_failed_commit_is_held_until_a_newer_one() {
    let failed = || {
        World::new(&[&["a!"]])
            .running(RolloutPhase::Failed)
            .now(9999)
    };
    assert_eq!(failed().decide(), Vec::<String>::new());
    let held = failed();
    let held = state(&held.observed());
    assert!(held.held);
    assert_eq!(held.sync, SyncStatus::OutOfSync);
    assert_eq!(
        held.sync_message,
        "held: commit aaaaaaa failed and is not applied again; push a newer commit"
    );
    let health = |phase| {
        let world = World::new(&[&["a"]]).running(phase);
        let coming = world.health("a", Health::progressing("0 of 1 pods are ready"));
        state(&coming.observed()).health.status
    };
    assert_eq!(health(RolloutPhase::Verifying), HealthStatus::Progressing);
    assert_eq!(health(RolloutPhase::Failed), HealthStatus::Degraded);
    assert_eq!(
        failed().wanting("bbbbbbbb").decide(),
        ["start bbbbbbbb", "begin", "apply 0: a"]
    );
    let mut asked = failed();
    asked.desired.requested = true;
    assert_eq!(
        asked.decide(),
        ["start aaaaaaaaaaaaaaaa", "begin", "apply 0: a"]
    );
}

#[test]
fn applications_wait_for_those_they_depend_on() {
    let with = |state| {
        let mut world = World::new(&[&["a!"]]).running(RolloutPhase::Pending);
        world.dependencies = vec![Dependency {
            name: "db".into(),
            state,
        }];
        world
    };
    let waiting = || DependencyState::Waiting("is Progressing".into());
    assert_eq!(
        with(DependencyState::Ready).decide(),
        ["begin", "apply 0: a"]
    );
    assert_eq!(with(DependencyState::Unseen).decide(), ["wake 2"]);
    assert_eq!(
        with(DependencyState::Unseen).now(2).decide(),
        ["Pending until 62: waits for application db, which has not come to commit aaaaaaa yet"]
    );
    assert_eq!(
        with(waiting()).now(500).decide(),
        ["Pending until 560: waits for application db, which is Progressing"]
    );
    assert_eq!(
        with(DependencyState::Failed).decide(),
        ["fail: application db failed at commit aaaaaaa"]
    );
    assert_eq!(
        with(DependencyState::Absent).decide(),
        ["Pending until 60: waits for application db to exist"]
    );
    assert_eq!(
        with(DependencyState::Absent).now(60).decide(),
        ["fail: there is no application db to depend on"]
    );
    let mut begun = with(waiting());
    begun.last.as_mut().unwrap().began_at = Some(at(0));
    assert_eq!(begun.decide(), ["apply 0: a"]);
}

#[test]
fn drift_is_corrected_at_once_and_then_slower() {
    let drifted = |attempts, seconds| {
        let mut world = World::new(&[&["a!", "b"]])
            .running(RolloutPhase::Succeeded)
            .now(seconds);
        if attempts > 0 {
            world.corrections.insert(
                key("a"),
                Correction {
                    attempts,
                    last: at(0),
                },
            );
        }
        world.decide()
    };
    assert_eq!(drifted(0, 0), ["correct a"]);
    assert_eq!(drifted(1, 1), ["wake 2"]);
    assert_eq!(drifted(1, 2), ["correct a"]);
    assert_eq!(drifted(2, 5), ["wake 6"]);
    assert_eq!(drifted(3, 17), ["wake 18"]);
    assert_eq!(drifted(9, 299), ["wake 300"]);
    let mut off = World::new(&[&["a!"]]).running(RolloutPhase::Succeeded);
    off.application.policy.self_heal = false;
    assert_eq!(off.decide(), Vec::<String>::new());
}

#[test]
fn a_job_that_cleaned_up_after_itself_is_not_drift() {
    let mut world = World::new(&[&["a!"]]).running(RolloutPhase::Succeeded);
    let step = &mut world.plan.as_mut().unwrap().waves[0].steps[0];
    step.change = Change::Create;
    step.kind = "Job".into();
    step.object = json!({"kind": "Job", "spec": {"ttlSecondsAfterFinished": 60}}).into();
    assert_eq!(world.decide(), Vec::<String>::new());
}

#[test]
fn a_claim_without_a_volume_holds_nothing_back() {
    let mut world = World::new(&[&["a"], &["b!"]])
        .running(RolloutPhase::Applying)
        .health("a", Health::progressing("waits for a volume"));
    world.plan.as_mut().unwrap().waves[0].steps[0].kind = "PersistentVolumeClaim".into();
    assert_eq!(world.decide(), ["apply 1: b"]);
}

#[test]
fn an_apply_that_does_not_stick_is_tried_again_more_slowly() {
    let tried = |seconds, interrupted| {
        let mut world = World::new(&[&["a!"]])
            .running(RolloutPhase::Applying)
            .now(seconds);
        world.last.as_mut().unwrap().applied.push(Applied {
            wave: WaveNumber(0),
            at: at(0),
            interrupted,
        });
        world.decide()
    };
    let world = |seconds| tried(seconds, false);
    // The process died: nothing says that it would not stick.
    assert_eq!(tried(1, true), ["apply 0: a"]);
    assert_eq!(
        world(1),
        ["Applying until 2: ConfigMap shop/a is not as the commit wants it yet"]
    );
    assert_eq!(world(2), ["apply 0: a"]);
    assert_eq!(
        world(60),
        ["fail: ConfigMap shop/a could not be brought to the commit; it was given 1 minute"]
    );
}

fn windows(json: &str) -> Vec<crate::application::SyncWindow> {
    serde_json::from_str(json).unwrap()
}

#[test]
fn nothing_begins_in_a_closed_window_but_by_hand() {
    // The world begins at ten o'clock on a Saturday.
    let deny = r#"[{"kind": "deny", "schedule": "0 9 * * *", "duration": "2h"}]"#;
    let mut world = World::new(&[&["a!"]]);
    world.application.windows = windows(deny);
    assert_eq!(world.decide(), ["wake 3600"]);
    let paused = pause(&world.observed()).unwrap();
    assert_eq!(paused.reason, "SyncWindow");
    let said = "waits until 2026-11-21T11:00:00Z: deny window \"0 9 * * *\" is open";
    assert_eq!(paused.message, said);
    world.desired.requested = true;
    assert_eq!(world.decide(), ["wake 3600"]);
    world.desired.by_hand = true;
    assert_eq!(world.decide()[0], "start aaaaaaaaaaaaaaaa");

    // Nor is drift put back; a rollout that runs goes on, and a newer commit takes its place.
    let mut drifted = World::new(&[&["a!"]]).running(RolloutPhase::Succeeded);
    drifted.application.windows = windows(deny);
    assert_eq!(drifted.decide(), ["wake 3600"]);
    let mut running = World::new(&[&["a!"]]).running(RolloutPhase::Applying);
    running.application.windows = windows(deny);
    assert_eq!(running.decide(), ["apply 0: a"]);
    let newer = running.wanting("bbbbbbb");
    assert_eq!(newer.decide()[0], "supersede by bbbbbbb");
    assert_eq!(newer.decide()[1], "start bbbbbbb");
}

#[test]
fn a_suspended_application_is_left_alone_and_taken_up_again() {
    let mut world = World::new(&[&["a!"]]).running(RolloutPhase::Applying);
    world.suspended = Some("suspended by Ann");
    assert_eq!(world.decide(), ["hold: suspended by Ann"]);
    world = world.running(RolloutPhase::Held);
    assert_eq!(world.decide(), Vec::<String>::new());
    assert_eq!(pause(&world.observed()).unwrap().reason, "Suspended");
    world.suspended = None;
    assert_eq!(world.decide()[0], "start aaaaaaaaaaaaaaaa");
}

#[test]
fn a_rollout_in_part_is_no_verdict_about_the_commit() {
    let mut world = World::new(&[&["a!", "b!"]]).running(RolloutPhase::Succeeded);
    let some = Options {
        objects: [key("a")].into(),
        ..Options::default()
    };
    world.last.as_mut().unwrap().options = some.clone();
    assert_eq!(world.decide()[0], "start aaaaaaaaaaaaaaaa");
    world.on_hold = true;
    assert_eq!(world.decide(), Vec::<String>::new());
    assert_eq!(pause(&world.observed()).unwrap().reason, "Manual");
    world.on_hold = false;
    world.application.policy.automated = false;
    assert_eq!(world.decide(), Vec::<String>::new());

    // While it runs it is what runs, unless somebody asks for more.
    let mut world = World::new(&[&["a!"]]).running(RolloutPhase::Applying);
    world.last.as_mut().unwrap().options = some.clone();
    world.desired.options = some.clone();
    assert_eq!(world.decide(), ["apply 0: a"]);
    world.desired.requested = true;
    world.desired.options = Options::default();
    assert_eq!(world.decide()[0], "supersede by aaaaaaaaaaaaaaaa");
    let plan = some.part(plan(&[&["a!", "b"], &["c!"]]));
    let left: Vec<&str> = plan.steps().map(|step| step.key.name.as_str()).collect();
    assert_eq!((left, plan.waves.len()), (vec!["a"], 1));
}
