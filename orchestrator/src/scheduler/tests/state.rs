//! What happens when answers are lost.

use std::time::Duration;

use api::{Collection, Object};
use jiff::Timestamp;
use serde_json::json;

use super::super::state::{Ending, State, Work};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn apply(state: &mut State, resource: &str, name: &str, object: Option<&Object>) {
    let namespace = if resource == "pods" { "default" } else { "" };
    let key = Collection::new("", resource).key(namespace, name);
    state.apply(&key, object);
}

fn pod(name: &str, node: &str) -> Object {
    json!({
        "metadata": {"name": name, "namespace": "default", "uid": name},
        "spec": {
            "nodeName": node,
            "containers": [{"image": "a:1", "resources": {"requests": {"cpu": "1"}}}],
        },
    })
    .into()
}

/// One node with room for one pod, and a pod.
fn start() -> State {
    let mut state = State::default();
    let node = json!({
        "metadata": {"name": "n1"},
        "status": {"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "10"}},
    });
    apply(&mut state, "nodes", "n1", Some(&node.into()));
    apply(&mut state, "pods", "a", Some(&pod("a", "")));
    state
}

fn bound(work: &[Work]) -> Vec<&str> {
    work.iter()
        .filter_map(|work| match work {
            Work::Bind { pod, .. } => Some(pod.name.name.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_lost_answer_keeps_the_room_and_the_binding_is_tried_again() {
    let mut state = start();
    let work = state.plan(at(0));
    assert_eq!(bound(&work), ["a"]);
    state.finish(&work[0], Ending::Unclear, at(0));

    apply(&mut state, "pods", "b", Some(&pod("b", "")));
    assert_eq!(bound(&state.plan(at(0))), Vec::<&str>::new());
    let due = state.next_due().unwrap();
    assert!(due > at(0) && due < at(0) + Duration::from_secs(1));
    let work = state.plan(at(1));
    assert!(bound(&work).contains(&"a"), "{work:?}");

    // The first one had been written after all.
    apply(&mut state, "pods", "a", Some(&pod("a", "n1")));
    let conflict = Ending::Unclear;
    state.finish(&work[0], conflict, at(1));
    assert_eq!(bound(&state.plan(at(20))), Vec::<&str>::new());
}

#[test]
fn a_pod_that_went_meanwhile_leaves_its_room() {
    for ending in [Ending::Gone, Ending::Refused("no".into())] {
        let mut state = start();
        let work = state.plan(at(0));
        state.finish(&work[0], ending.clone(), at(0));
        apply(&mut state, "pods", "b", Some(&pod("b", "")));
        assert_eq!(bound(&state.plan(at(0))), ["b"], "{ending:?}");
    }
    let mut state = start();
    assert_eq!(bound(&state.plan(at(0))), ["a"]);
    apply(&mut state, "pods", "a", None);
    apply(&mut state, "pods", "b", Some(&pod("b", "")));
    assert_eq!(bound(&state.plan(at(0))), ["b"]);
}

#[test]
fn news_are_said_once_and_a_state_that_says_nothing_new_wakes_nobody() {
    let mut state = start();
    state.plan(at(0));
    apply(&mut state, "pods", "b", Some(&pod("b", "")));
    let work = state.plan(at(0));
    assert!(matches!(&work[..], [Work::Report { .. }]), "{work:?}");
    let mut said = pod("b", "");
    said.body["status"] = json!({"conditions": [{"type": "PodScheduled", "status": "False"}]});
    apply(&mut state, "pods", "b", Some(&said));
    assert_eq!(state.plan(at(0)), []);
    // By itself after a while, without saying it again.
    assert_eq!(state.plan(at(30)), []);
    // A failed write is said again.
    state.finish(&work[0], Ending::Unclear, at(30));
    assert!(matches!(&state.plan(at(90))[..], [Work::Report { .. }]));
}

#[test]
fn a_new_pod_of_the_same_name_is_another_one() {
    let mut state = start();
    let work = state.plan(at(0));
    let mut other = pod("a", "");
    other.metadata_mut().insert("uid".into(), json!("other"));
    apply(&mut state, "pods", "a", Some(&other));
    let again = state.plan(at(0));
    assert_eq!(bound(&again), ["a"]);
    assert_ne!(work, again);
}
