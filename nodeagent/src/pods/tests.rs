//! What is decided of a pod at one moment.

use api::k8s::core::v1 as core;
use serde_json::json;

use super::action::RuntimeAction;
use super::decide::decide;
use super::memory::{Memory, Note, Retry};
use super::observed::Observed;
use super::testing::{
    at, container, deleting, exited, one, pod, prepared, record, running, sandbox, taken,
};
use super::{names, restart, spec};
use crate::probes::Results;
use crate::runtime::{Container, ContainerId, ContainerState, PodRecord, SandboxState};

/// What is decided, in short.
fn decided(pod: Option<&core::Pod>, record: &PodRecord, memory: &Memory, now: u64) -> Vec<String> {
    let decision = decide(&Observed {
        pod,
        record,
        memory,
        now: at(now),
    });
    let mut short: Vec<String> = decision.actions.iter().map(short).collect();
    if short.is_empty()
        && let Some(at_time) = decision.look_again
    {
        short.push(format!(
            "wait {}",
            spec::between(at(now), at_time).as_secs()
        ));
    }
    short
}

fn short(action: &RuntimeAction) -> String {
    match action {
        RuntimeAction::Prepare => "prepare".into(),
        RuntimeAction::RunSandbox { attempt } => format!("run sandbox {attempt}"),
        RuntimeAction::StopSandbox(id) => format!("stop sandbox {id}"),
        RuntimeAction::RemoveSandbox(id) => format!("remove sandbox {id}"),
        RuntimeAction::StartContainer {
            name,
            attempt,
            delay,
        } => match delay {
            Some(delay) => format!("start {name} {attempt} after {}", delay.as_secs()),
            None => format!("start {name} {attempt}"),
        },
        RuntimeAction::StopContainer {
            id, grace, hook, ..
        } => format!(
            "stop {id} {}{}",
            grace.as_secs(),
            if *hook { " hook" } else { "" }
        ),
        RuntimeAction::RemoveContainer(id) => format!("remove {id}"),
        RuntimeAction::Release => "release".into(),
        RuntimeAction::DeleteObject => "delete object".into(),
    }
}

#[test]
fn brings_a_pod_up_step_by_step() {
    let pod = one("Always");
    let check = |record: &PodRecord, memory: &Memory, expected: &[&str]| {
        assert_eq!(decided(Some(&pod), record, memory, 10), expected);
    };
    check(&PodRecord::default(), &taken(), &["prepare"]);
    check(&PodRecord::default(), &prepared(), &["run sandbox 0"]);
    check(&record(vec![]), &prepared(), &["start c 0"]);
    let up = record(vec![container("c", 0, running(), None)]);
    check(&up, &prepared(), &[]);
    // An agent that died between create and start left a container behind.
    let made = record(vec![container("c", 2, ContainerState::Created, Some(10))]);
    check(&made, &prepared(), &["remove c2", "start c 2 after 10"]);
}

#[test]
fn waits_before_it_tries_again_what_failed() {
    let pod = one("Always");
    let mut memory = taken();
    memory.apply(Note::PrepareFailed("no".into()), at(0));
    assert_eq!(
        decided(Some(&pod), &PodRecord::default(), &memory, 0),
        ["wait 1"]
    );
    assert_eq!(
        decided(Some(&pod), &PodRecord::default(), &memory, 1),
        ["prepare"]
    );

    let mut memory = prepared();
    let failed = || Note::StartFailed {
        container: "c".into(),
        reason: "ErrImagePull",
        message: "no".into(),
        retry: Retry::Slowly,
    };
    for (now, wait) in [
        (0, 10),
        (10, 20),
        (30, 40),
        (70, 80),
        (150, 160),
        (310, 300),
    ] {
        memory.apply(failed(), at(now));
        let waits = format!("wait {wait}");
        assert_eq!(decided(Some(&pod), &record(vec![]), &memory, now), [waits]);
    }
}

#[test]
fn restarts_by_policy_with_back_off() {
    let check = |policy: &str, state: ContainerState, delay, now: u64, expected: &[&str]| {
        let record = record(vec![container("c", 1, state, delay)]);
        let pod = one(policy);
        assert_eq!(
            decided(Some(&pod), &record, &prepared(), now),
            expected,
            "{policy} {now}"
        );
    };
    check("Always", exited(5, 0), None, 5, &["start c 2 after 0"]);
    check("Always", exited(5, 1), Some(0), 5, &["wait 10"]);
    check("Always", exited(5, 1), Some(0), 15, &["start c 2 after 10"]);
    check("Always", exited(5, 1), Some(160), 15, &["wait 290"]);
    // Ten good minutes wipe the slate.
    check(
        "Always",
        exited(601, 1),
        Some(300),
        601,
        &["start c 2 after 0"],
    );
    check("OnFailure", exited(5, 1), None, 5, &["start c 2 after 0"]);
    check("OnFailure", exited(5, 0), None, 5, &["stop sandbox s0"]);
    check("Never", exited(5, 1), None, 5, &["stop sandbox s0"]);
}

#[test]
fn back_off_doubles_up_to_five_minutes() {
    let mut waited = None;
    let mut delays = Vec::new();
    for _ in 0..8 {
        let delay = restart::delay(&container("c", 0, exited(2, 1), waited)).as_secs();
        delays.push(delay);
        waited = Some(delay);
    }
    assert_eq!(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
}

#[test]
fn runs_init_containers_in_order_and_keeps_sidecars() {
    let init = |policy: &str| {
        pod(json!({
            "restartPolicy": policy,
            "initContainers": [
                {"name": "i", "image": "a:1"},
                {"name": "s", "image": "a:1", "restartPolicy": "Always"},
                {"name": "j", "image": "a:1"},
            ],
            "containers": [{"name": "c", "image": "a:1"}, {"name": "d", "image": "a:1"}],
        }))
    };
    let pod = init("Always");
    let check = |containers: Vec<Container>, expected: &[&str]| {
        assert_eq!(
            decided(Some(&pod), &record(containers), &prepared(), 10),
            expected
        );
    };
    let c = |name: &str, state| container(name, 0, state, None);
    check(vec![], &["start i 0"]);
    check(vec![c("i", running())], &[]);
    check(vec![c("i", exited(5, 1))], &["start i 1 after 0"]);
    check(vec![c("i", exited(5, 0))], &["start s 0"]);
    check(
        vec![c("i", exited(5, 0)), c("s", running())],
        &["start j 0"],
    );
    check(
        vec![
            c("i", exited(5, 0)),
            c("s", exited(9, 0)),
            c("j", running()),
        ],
        &["start s 1 after 0"],
    );
    check(
        vec![
            c("i", exited(5, 0)),
            c("s", running()),
            c("j", exited(6, 0)),
        ],
        &["start c 0", "start d 0"],
    );
    // Once a main container exists, inits are history.
    check(vec![c("s", running()), c("c", running())], &["start d 0"]);

    let never = init("Never");
    let failed = record(vec![c("i", exited(5, 1))]);
    assert_eq!(
        decided(Some(&never), &failed, &prepared(), 10),
        ["stop sandbox s0"]
    );
}

#[test]
fn a_startup_probe_holds_back_what_follows_a_sidecar() {
    let pod = pod(json!({
        "initContainers": [{
            "name": "s", "image": "a:1", "restartPolicy": "Always",
            "startupProbe": {"tcpSocket": {"port": 1}},
        }],
        "containers": [{"name": "c", "image": "a:1"}],
    }));
    let up = record(vec![container("s", 0, running(), None)]);
    let mut memory = prepared();
    assert_eq!(decided(Some(&pod), &up, &memory, 10), Vec::<String>::new());
    let started = Results {
        startup: Some(true),
        ..Results::default()
    };
    memory.probes.insert(ContainerId("s0".into()), started);
    assert_eq!(decided(Some(&pod), &up, &memory, 10), ["start c 0"]);
}

#[test]
fn replaces_a_sandbox_that_died() {
    let dead = |containers| PodRecord {
        sandboxes: vec![sandbox(0, SandboxState::NotReady)],
        containers,
    };
    let check = |policy: &str, record: &PodRecord, expected: &[&str]| {
        assert_eq!(
            decided(Some(&one(policy)), record, &prepared(), 10),
            expected,
            "{policy}"
        );
    };
    // One whose start failed keeps its name reserved until it is removed.
    let failed = ["stop sandbox s0", "remove sandbox s0", "run sandbox 1"];
    check("Always", &dead(vec![]), &failed);
    // One with containers is kept for their records.
    let ended = dead(vec![container("c", 0, exited(5, 137), None)]);
    check("Always", &ended, &["run sandbox 1"]);
    check("Never", &ended, &[]);
    let orphaned = dead(vec![container("c", 0, running(), None)]);
    check("Always", &orphaned, &["stop sandbox s0", "run sandbox 1"]);

    let mut moved = dead(vec![container("c", 0, exited(5, 137), None)]);
    moved.sandboxes.insert(0, sandbox(1, SandboxState::Ready));
    check("Always", &moved, &["start c 1 after 0"]);
}

#[test]
fn goes_on_counting_after_the_runtime_lost_everything() {
    let mut pod = one("Always");
    pod.status = serde_json::from_value(json!({"containerStatuses": [{
        "name": "c", "image": "a:1", "imageID": "", "ready": true, "restartCount": 4,
        "containerID": "containerd://gone",
    }]}))
    .unwrap();
    assert_eq!(
        decided(Some(&pod), &record(vec![]), &prepared(), 10),
        ["start c 5"]
    );
}

#[test]
fn stops_what_is_sick_or_changed() {
    let pod = pod(json!({"containers": [{
        "name": "c", "image": "a:2",
        "livenessProbe": {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 7},
    }], "terminationGracePeriodSeconds": 20}));
    let mut changed = container("c", 0, running(), None);
    changed
        .annotations
        .insert(names::SPEC_HASH.into(), "other".into());
    let stopped = decided(Some(&pod), &record(vec![changed]), &prepared(), 10);
    assert_eq!(stopped, ["stop c0 20 hook"]);

    let mut memory = prepared();
    let sick = Results {
        liveness: Some(false),
        ..Results::default()
    };
    memory.probes.insert(ContainerId("c0".into()), sick);
    let up = record(vec![container("c", 0, running(), None)]);
    assert_eq!(decided(Some(&pod), &up, &memory, 10), ["stop c0 7 hook"]);
}

#[test]
fn ends_a_deleted_pod_on_one_clock() {
    let pod = deleting(one("Always"));
    let mut memory = prepared();
    memory.ending_since = Some(at(10));
    let check = |record: &PodRecord, memory: &Memory, now: u64, expected: &[&str]| {
        assert_eq!(decided(Some(&pod), record, memory, now), expected);
    };
    let up = record(vec![container("c", 0, running(), None)]);
    check(&up, &memory, 10, &["stop c0 30 hook"]);
    memory.pre_stopped.insert(ContainerId("c0".into()));
    check(&up, &memory, 25, &["stop c0 15"]);
    check(&up, &memory, 99, &["stop c0 2"]);
    let down = record(vec![container("c", 0, exited(26, 0), None)]);
    check(&down, &memory, 26, &["stop sandbox s0"]);
    let mut stopped = down.clone();
    stopped.sandboxes[0].state = SandboxState::NotReady;
    let last = [
        "remove c0",
        "stop sandbox s0",
        "remove sandbox s0",
        "release",
    ];
    check(&stopped, &memory, 26, &last);
    check(&PodRecord::default(), &memory, 27, &["release"]);
    memory.apply(Note::Released, at(27));
    check(&PodRecord::default(), &memory, 27, &["delete object"]);
    // Finalizers keep the object: nothing to do, and nothing to repeat.
    memory.apply(Note::ObjectDeleted, at(28));
    check(&PodRecord::default(), &memory, 28, &[]);
}

#[test]
fn ends_sidecars_last_and_in_reverse() {
    let pod = deleting(pod(json!({
        "initContainers": [
            {"name": "s", "image": "a:1", "restartPolicy": "Always"},
            {"name": "t", "image": "a:1", "restartPolicy": "Always"},
        ],
        "containers": [{"name": "c", "image": "a:1"}, {"name": "d", "image": "a:1"}],
    })));
    let c = |name: &str, state| container(name, 0, state, None);
    let check = |containers: Vec<Container>, expected: &[&str]| {
        assert_eq!(
            decided(Some(&pod), &record(containers), &prepared(), 0),
            expected
        );
    };
    let all = || {
        vec![
            c("s", running()),
            c("t", running()),
            c("c", running()),
            c("d", running()),
        ]
    };
    check(all(), &["stop c0 30 hook", "stop d0 30 hook"]);
    let mut sidecars = all();
    sidecars.truncate(2);
    check(sidecars, &["stop t0 30 hook"]);
    check(vec![c("s", running())], &["stop s0 30 hook"]);
}

#[test]
fn takes_orphans_down_without_an_object() {
    let up = record(vec![container("c", 0, running(), None)]);
    let check = |record: &PodRecord, memory: &Memory, expected: &[&str]| {
        assert_eq!(decided(None, record, memory, 0), expected);
    };
    check(&up, &Memory::default(), &["stop c0 2"]);
    check(&record(vec![]), &Memory::default(), &["stop sandbox s0"]);
    let gone = Memory {
        released: true,
        ..Memory::default()
    };
    check(&PodRecord::default(), &gone, &[]);
}

#[test]
fn a_deadline_ends_the_pod() {
    let mut pod = one("Always");
    pod.spec.as_mut().unwrap().active_deadline_seconds = Some(60);
    pod.status = serde_json::from_value(json!({"startTime": "2026-01-01T00:00:00Z"})).unwrap();
    let up = record(vec![container("c", 0, running(), None)]);
    assert_eq!(decided(Some(&pod), &up, &prepared(), 59), ["wait 1"]);
    assert_eq!(
        decided(Some(&pod), &up, &prepared(), 60),
        ["stop c0 30 hook"]
    );
}

#[test]
fn keeps_one_earlier_attempt_for_its_log() {
    let attempts = (0..4).rev().map(|attempt| {
        let state = if attempt == 3 {
            running()
        } else {
            exited(5, 1)
        };
        container("c", attempt, state, None)
    });
    let record = record(attempts.collect());
    let actions = decided(Some(&one("Always")), &record, &prepared(), 10);
    assert_eq!(actions, ["remove c1", "remove c0"]);
}
