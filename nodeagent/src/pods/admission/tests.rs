//! Who is taken, who is refused, and in which words.

use api::placement::Resources;
use api::{Object, Uid};
use serde_json::{Value, json};

use super::{Answer, Ledger, Refusal, Room};
use crate::pods::decide::decide;
use crate::pods::testing::{at, one};
use crate::pods::{Memory, Observed};
use crate::runtime::PodRecord;

/// Two cores, 1 GiB, three pods.
fn room() -> Room {
    Room {
        name: "n1".into(),
        labels: [("zone".to_owned(), "a".to_owned())].into(),
        allocatable: Resources {
            milli_cpu: 2_000,
            memory: 1 << 30,
            ephemeral_storage: 1 << 30,
            ..Resources::default()
        },
        pods: 3,
    }
}

fn pod(uid: &str, spec: Value) -> Object {
    let mut body = json!({"metadata": {"name": uid, "uid": uid}});
    body["spec"] = spec;
    body.into()
}

fn asks(requests: Value) -> Value {
    let mut spec = json!({"containers": [{"resources": {}}]});
    spec["containers"][0]["resources"]["requests"] = requests;
    spec
}

/// The outcome for a pod with this spec on a node where one runs that takes one core and port 80.
#[track_caller]
fn check(spec: Value, expected: Result<(), (&str, &str)>) {
    let ledger = Ledger::default();
    let mut neighbour = asks(json!({"cpu": "1"}));
    neighbour["containers"][0]["ports"] = json!([{"hostPort": 80}]);
    ledger.keep(&pod("neighbour", neighbour));
    let text = spec.to_string();
    let answer = ledger.take(&room(), &pod("new", spec), |_| true);
    let expected = match expected {
        Ok(()) => Answer::Taken,
        Err((reason, message)) => Answer::Refused(Refusal {
            reason: reason.into(),
            message: format!("Pod was rejected: {message}"),
        }),
    };
    assert_eq!(answer, expected, "{text}");
}

#[test]
fn a_pod_must_fit() {
    let affinity =
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
    let ports =
        "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
    let cpu = "Node didn't have enough resource: cpu, requested: 1001, used: 1000, capacity: 2000";
    let memory = "Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824";
    check(asks(json!({"cpu": "1"})), Ok(()));
    check(asks(json!({"cpu": "1001m"})), Err(("OutOfcpu", cpu)));
    check(asks(json!({"memory": "2Gi"})), Err(("OutOfmemory", memory)));
    check(asks(json!({"example.com/gpu": "1"})), Ok(()));
    check(json!({"nodeSelector": {"zone": "a"}}), Ok(()));
    check(
        json!({"nodeSelector": {"zone": "b"}}),
        Err(("NodeAffinity", affinity)),
    );
    let port = |number: i64| json!({"containers": [{"ports": [{"hostPort": number}]}]});
    check(port(81), Ok(()));
    check(port(80), Err(("NodePorts", ports)));
}

#[test]
fn a_node_takes_no_more_pods_than_it_says() {
    let ledger = Ledger::default();
    for uid in ["a", "b", "c"] {
        assert_eq!(
            ledger.take(&room(), &pod(uid, json!({})), |_| true),
            Answer::Taken
        );
    }
    let Answer::Refused(refusal) = ledger.take(&room(), &pod("d", json!({})), |_| true) else {
        panic!("a fourth pod was taken");
    };
    assert_eq!(refusal.reason, "OutOfpods");
}

#[test]
fn what_nobody_counts_any_more_makes_others_wait() {
    let ledger = Ledger::default();
    let all = || asks(json!({"cpu": "2"}));
    let take = || ledger.take(&room(), &pod("new", all()), |uid| uid.0 != "forced");
    ledger.keep(&pod("forced", all()));
    assert_eq!(take(), Answer::Later);
    ledger.release(&Uid("forced".into()));
    assert_eq!(take(), Answer::Taken);
}

#[test]
fn what_runs_here_unknown_makes_others_wait() {
    let (ledger, stranger) = (Ledger::default(), Uid("stranger".into()));
    let take = || ledger.take(&room(), &pod("new", json!({})), |_| true);
    ledger.meet_stranger(&stranger);
    assert_eq!(take(), Answer::Later);
    ledger.release(&stranger);
    assert_eq!(take(), Answer::Taken);
}

#[test]
fn a_pod_does_not_stand_in_its_own_way() {
    let ledger = Ledger::default();
    let all = pod("a", asks(json!({"cpu": "2"})));
    for _ in 0..2 {
        assert_eq!(ledger.take(&room(), &all, |_| true), Answer::Taken);
    }
}

#[test]
fn nothing_starts_before_there_is_an_answer() {
    let (pod, memory) = (one("Always"), Memory::default());
    let decision = decide(&Observed {
        pod: Some(&pod),
        record: &PodRecord::default(),
        memory: &memory,
        now: at(10),
    });
    assert_eq!(
        (decision.actions.len(), decision.look_again),
        (0, Some(at(11)))
    );
}
