use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use api::{Collection, ObjectKey, Uid};

use super::*;
use crate::diff::FieldChange;
use crate::plan::{Change, Deletion, Step, Wave};
use crate::{Application, Health, Origin, Plan, Problem, Problems, WaveNumber};

const COMMIT: &str = "aaaaaaaaaaaaaaaa";

fn at(seconds: i64) -> Timestamp {
    "2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn key(name: &str) -> ObjectKey {
    Collection::new("", "configmaps").key("shop", name)
}

/// A small world: what Git wants, what is recorded, how the cluster is.
struct World {
    application: Application,
    desired: Desired,
    last: Option<Rollout>,
    plan: Result<Plan, Problems>,
    health: BTreeMap<ObjectKey, Health>,
    dependencies: Vec<Dependency>,
    corrections: BTreeMap<ObjectKey, Correction>,
    now: i64,
}

impl World {
    /// Waves of objects by name; a name with `!` still has to be applied.
    fn new(waves: &[&[&str]]) -> Self {
        let application = json!({"metadata": {"name": "web"}, "spec": {"deadlineSeconds": 60}});
        Self {
            application: Application::from_object(&application.into()),
            desired: Desired {
                revision: CommitId(COMMIT.into()),
                ..Desired::default()
            },
            last: None,
            plan: Ok(plan(waves)),
            health: BTreeMap::new(),
            dependencies: Vec::new(),
            corrections: BTreeMap::new(),
            now: 0,
        }
    }

    fn running(mut self, phase: RolloutPhase) -> Self {
        self.last = Some(Rollout {
            id: "1".into(),
            revision: CommitId(COMMIT.into()),
            phase,
            started_at: at(0),
            began_at: (phase != RolloutPhase::Pending).then(|| at(0)),
            applied: Vec::new(),
            pruned: 0,
            rollback: None,
            message: String::new(),
        });
        self
    }

    fn health(mut self, name: &str, health: Health) -> Self {
        self.health.insert(key(name), health);
        self
    }

    fn deleting(mut self, names: &[&str]) -> Self {
        self.plan.as_mut().unwrap().deletes = names
            .iter()
            .map(|name| Deletion {
                key: key(name),
                kind: "ConfigMap".into(),
                uid: Uid("u".into()),
                wave: WaveNumber(0),
            })
            .collect();
        self
    }

    fn now(mut self, seconds: i64) -> Self {
        self.now = seconds;
        self
    }

    fn wanting(mut self, commit: &str) -> Self {
        self.desired.revision = CommitId(commit.into());
        self
    }

    fn decide(&self) -> Vec<String> {
        let observed = self.observed();
        decide(&observed).iter().map(say).collect()
    }

    fn observed(&self) -> Observed<'_> {
        Observed {
            application: &self.application,
            desired: &self.desired,
            last: self.last.as_ref(),
            plan: self.plan.as_ref(),
            health: &self.health,
            dependencies: &self.dependencies,
            corrections: &self.corrections,
            now: at(self.now),
        }
    }
}

fn plan(waves: &[&[&str]]) -> Plan {
    let step = |name: &&str| {
        let changed = name.ends_with('!');
        let name = name.trim_end_matches('!');
        Step {
            key: key(name),
            kind: "ConfigMap".into(),
            origin: Origin::default(),
            object: json!({"kind": "ConfigMap"}).into(),
            change: if changed {
                Change::Update(vec![FieldChange {
                    path: "data.a".into(),
                    old: None,
                    new: None,
                }])
            } else {
                Change::Unchanged
            },
        }
    };
    let waves = (0..).zip(waves).map(|(number, names)| Wave {
        number: WaveNumber(number),
        steps: names.iter().map(step).collect(),
    });
    Plan {
        waves: waves.collect(),
        ..Plan::default()
    }
}

fn say(decision: &Decision) -> String {
    let names = |keys: &[ObjectKey]| {
        keys.iter()
            .map(|key| key.name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let seconds = |time: &Timestamp| time.duration_since(at(0)).as_secs();
    match decision {
        Decision::Supersede { by } => format!("supersede by {by}"),
        Decision::Start { revision, rollback } if rollback.is_some() => {
            format!("start rollback {revision}")
        }
        Decision::Start { revision, .. } => format!("start {revision}"),
        Decision::Begin => "begin".into(),
        Decision::Apply { wave, objects } => format!("apply {wave}: {}", names(objects)),
        Decision::Await {
            phase,
            reason,
            until,
            ..
        } => format!("{phase:?} until {}: {reason}", seconds(until)),
        Decision::Prune { deletions } => {
            let keys: Vec<ObjectKey> = deletions
                .iter()
                .map(|deletion| deletion.key.clone())
                .collect();
            format!("prune {}", names(&keys))
        }
        Decision::Forget { entries } => format!("forget {}", entries.len()),
        Decision::Succeed { changed } => format!("succeed, changed {changed}"),
        Decision::Fail { reason } => format!("fail: {reason}"),
        Decision::Correct { objects } => format!("correct {}", names(objects)),
        Decision::Wake { at } => format!("wake {}", seconds(at)),
    }
}

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
fn two_writers_settle_below_five_writes_a_minute() {
    for pause in [1, 2, 5, 7, 14, 16, 20] {
        let (mut correction, mut writes, mut now) = (None, BTreeSet::new(), 0);
        while now < 600 {
            let due = correction.map_or(at(now), Correction::due);
            let write = due.max(at(now));
            correction = Some(Correction::after(correction, write));
            let seconds = write.duration_since(at(0)).as_secs();
            writes.insert(seconds);
            now = seconds + pause;
        }
        let busiest = writes
            .iter()
            .map(|from| writes.range(*from..from + 60).count())
            .max()
            .unwrap();
        assert!(
            busiest <= 5,
            "{busiest} writes in a minute with a pause of {pause} s"
        );
    }
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
fn an_apply_that_does_not_stick_is_tried_again_more_slowly() {
    let world = |seconds| {
        let mut world = World::new(&[&["a!"]])
            .running(RolloutPhase::Applying)
            .now(seconds);
        world.last.as_mut().unwrap().applied.push(Applied {
            wave: WaveNumber(0),
            at: at(0),
        });
        world.decide()
    };
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

#[test]
fn reads_rollbacks_off_messages() {
    let check = |message: &str, expected: Option<(&[&str], Option<&str>, Option<&str>)>| {
        let found = rollback(message);
        let told = found.as_ref().map(|found| {
            let reverts: Vec<&str> = found
                .reverts
                .iter()
                .map(|commit| commit.0.as_str())
                .collect();
            let restores = found.restores.as_ref().map(|commit| commit.0.as_str());
            (reverts, restores, found.rollout.as_deref())
        });
        let expected =
            expected.map(|(reverts, restores, rollout)| (reverts.to_vec(), restores, rollout));
        assert_eq!(told, expected, "{message}");
    };
    check("Use two replicas", None);
    check("Revert the idea that this reverts commits", None);
    check(
        "Revert \"x\"\n\nThis reverts commit 0123456789abcdef0123456789abcdef01234567.\n",
        Some((&["0123456789abcdef0123456789abcdef01234567"], None, None)),
    );
    check(
        "Revert merge\n\nThis reverts commit ABCDEF1234, reversing\nchanges made to 1111111.\n",
        Some((&["abcdef1234"], None, None)),
    );
    check(
        "Roll back web\n\nKedge-App: web\nKedge-Rollback-To: abcdef1234\nKedge-Rollout: web-12\n",
        Some((&[], Some("abcdef1234"), Some("web-12"))),
    );
    check("Kedge-Rollback-To: main", None);
}
