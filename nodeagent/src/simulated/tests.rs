//! The simulated node, moment by moment.

use std::time::Duration;

use api::Uid;
use jiff::Timestamp;

use super::state::State;
use crate::config::Simulation;
use crate::pods::names;
use crate::pods::spec::later;
use crate::runtime::{ContainerConfig, ContainerId, SandboxConfig, SandboxId, SandboxState};

fn at(millis: u64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    later(start, Duration::from_millis(millis))
}

fn sandbox(pod: &str) -> SandboxConfig {
    SandboxConfig {
        pod: Uid(pod.into()),
        ..SandboxConfig::default()
    }
}

fn add(state: &mut State, pod: &str) -> Option<String> {
    state.add_sandbox(SandboxId(pod.into()), &sandbox(pod), at(0))?;
    let record = state.record(&Uid(pod.into()));
    Some(record.sandboxes[0].addresses[0].to_string())
}

#[test]
fn addresses_come_from_the_range_and_come_back() {
    let mut state = State::new("10.1.2.0/29");
    let given: Vec<String> = ["a", "b", "c", "d", "e"]
        .iter()
        .map(|pod| add(&mut state, pod).unwrap())
        .collect();
    assert_eq!(
        given,
        ["10.1.2.2", "10.1.2.3", "10.1.2.4", "10.1.2.5", "10.1.2.6"]
    );
    assert_eq!(add(&mut state, "f"), None);
    state.stop_sandbox(&SandboxId("c".into()), at(1));
    assert_eq!(add(&mut state, "f").unwrap(), "10.1.2.4");
}

#[test]
fn containers_end_by_the_clock_or_when_stopped() {
    let mut state = State::new("10.1.2.0/24");
    add(&mut state, "a").unwrap();
    let mut ends = ContainerConfig {
        name: "c".into(),
        ..ContainerConfig::default()
    };
    ends.annotations
        .insert(names::RUNS_TO_END.into(), "true".into());
    let settings = Simulation::default();
    let (home, one, two) = (
        SandboxId("a".into()),
        ContainerId("1".into()),
        ContainerId("2".into()),
    );
    state
        .add_container(one.clone(), &home, &ends, &settings, at(0))
        .unwrap();
    state
        .add_container(
            two.clone(),
            &home,
            &ContainerConfig::default(),
            &settings,
            at(0),
        )
        .unwrap();
    assert!(state.start(&one, at(100)) && state.start(&two, at(100)));
    assert_eq!(state.next_end(), Some(at(1100)));
    assert_eq!(state.ready_at(&two, &settings), Some(at(300)));
    state.settle(at(1200));
    let code = |state: &State, id: &ContainerId| {
        let record = state.record(&Uid("a".into()));
        record
            .containers
            .iter()
            .find(|c| c.id == *id)
            .unwrap()
            .exit_code()
    };
    assert_eq!((code(&state, &one), code(&state, &two)), (Some(0), None));
    state.stop_sandbox(&home, at(1300));
    assert_eq!(code(&state, &two), Some(137));
    let record = state.record(&Uid("a".into()));
    assert_eq!(record.sandboxes[0].state, SandboxState::NotReady);
    state.remove_sandbox(&home);
    assert!(state.record(&Uid("a".into())).is_empty());
}

#[test]
fn what_runs_uses_what_it_was_told_to() {
    let mut state = State::new("10.1.2.0/24");
    let mut told = sandbox("a");
    for (name, value) in [("cpu", "250m"), ("memory", "64Mi")] {
        let name = format!("simulated.kedge.dev/{name}");
        told.annotations.insert(name, value.into());
    }
    let home = SandboxId("a".into());
    state.add_sandbox(home.clone(), &told, at(0)).unwrap();
    let settings = Simulation::default();
    for id in ["1", "2"] {
        let (id, config) = (ContainerId(id.into()), ContainerConfig::default());
        let made = state.add_container(id, &home, &config, &settings, at(0));
        made.unwrap();
    }
    assert!(state.start(&ContainerId("1".into()), at(1000)));
    let used = state.usage(at(5000));
    assert_eq!(used.len(), 1);
    assert_eq!(used[0].cpu.unwrap().nanoseconds, 1_000_000_000);
    assert_eq!(used[0].memory.unwrap().working_set, 64 << 20);
}
