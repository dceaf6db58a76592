//! What is said of a pod.

use api::k8s::core::v1 as core;
use serde_json::{Value, json};

use super::{Facts, is_said, next_change, patch, status};
use crate::pods::admission::Refusal;
use crate::pods::memory::{Admission, Memory, Note, Retry};
use crate::pods::observed::Observed;
use crate::pods::testing::{
    at, container, deleting, exited, one, pod, prepared, record, running, sandbox,
};
use crate::probes::Results;
use crate::runtime::{ContainerId, PodRecord, SandboxState};

fn said(pod: &core::Pod, record: &PodRecord, memory: &Memory, now: u64) -> Value {
    let observed = Observed {
        pod: Some(pod),
        record,
        memory,
        now: at(now),
    };
    let facts = Facts {
        host: "192.0.2.1".parse().unwrap(),
        runtime: "containerd".into(),
    };
    status(&observed, pod, &facts)
}

/// `True`, `False` or `False/Reason`.
fn condition(status: &Value, kind: &str) -> String {
    let conditions = status["conditions"].as_array().unwrap();
    let found = conditions.iter().find(|c| c["type"] == kind).unwrap();
    match found["reason"].as_str() {
        Some(reason) => format!("{}/{reason}", found["status"].as_str().unwrap()),
        None => found["status"].as_str().unwrap().to_owned(),
    }
}

fn waiting(status: &Value) -> &str {
    let state = &status["containerStatuses"][0]["state"];
    state["waiting"]["reason"].as_str().unwrap_or_default()
}

#[test]
fn a_running_pod_in_full() {
    let up = record(vec![container("c", 0, running(), None)]);
    insta::assert_json_snapshot!(said(&one("Always"), &up, &prepared(), 10));
}

#[test]
fn phases_follow_containers() {
    let check = |pod: &core::Pod, record: &PodRecord, phase: &str, ready: &str| {
        let status = said(pod, record, &prepared(), 10);
        assert_eq!(status["phase"], phase);
        assert_eq!(condition(&status, "Ready"), ready, "{phase}");
    };
    let c = |state| record(vec![container("c", 0, state, None)]);
    check(
        &one("Always"),
        &record(vec![]),
        "Pending",
        "False/ContainersNotReady",
    );
    check(&one("Always"), &c(running()), "Running", "True");
    check(
        &one("Always"),
        &c(exited(5, 1)),
        "Running",
        "False/ContainersNotReady",
    );
    check(&one("Never"), &c(exited(5, 1)), "Failed", "False/PodFailed");
    check(
        &one("Never"),
        &c(exited(5, 0)),
        "Succeeded",
        "False/PodCompleted",
    );
    check(
        &one("OnFailure"),
        &c(exited(5, 1)),
        "Running",
        "False/ContainersNotReady",
    );
    check(
        &deleting(one("Always")),
        &c(exited(5, 0)),
        "Succeeded",
        "False/PodCompleted",
    );
    check(
        &deleting(one("Always")),
        &c(exited(5, 143)),
        "Failed",
        "False/PodFailed",
    );
}

#[test]
fn initialization_shows_in_reason_and_condition() {
    let pod = pod(json!({
        "initContainers": [{"name": "i", "image": "a:1"}],
        "containers": [{"name": "c", "image": "a:1"}],
    }));
    let status = said(
        &pod,
        &record(vec![container("i", 0, running(), None)]),
        &prepared(),
        10,
    );
    assert_eq!(status["phase"], "Pending");
    assert_eq!(waiting(&status), "PodInitializing");
    assert_eq!(
        condition(&status, "Initialized"),
        "False/ContainersNotInitialized"
    );
    let done = record(vec![container("i", 0, exited(5, 0), None)]);
    let status = said(&pod, &done, &prepared(), 10);
    assert_eq!(condition(&status, "Initialized"), "True");
    assert_eq!(status["initContainerStatuses"][0]["ready"], true);
}

#[test]
fn readiness_follows_probes_and_gates() {
    let mut pod = pod(json!({
        "readinessGates": [{"conditionType": "example.com/lb"}],
        "containers": [{"name": "c", "image": "a:1", "readinessProbe": {"tcpSocket": {"port": 1}}}],
    }));
    let up = record(vec![container("c", 0, running(), None)]);
    let mut memory = prepared();
    let status = said(&pod, &up, &memory, 10);
    assert_eq!(condition(&status, "Ready"), "False/ContainersNotReady");
    let ready = Results {
        readiness: Some(true),
        ..Results::default()
    };
    memory.probes.insert(ContainerId("c0".into()), ready);
    let status = said(&pod, &up, &memory, 10);
    assert_eq!(condition(&status, "ContainersReady"), "True");
    assert_eq!(condition(&status, "Ready"), "False/ReadinessGatesNotReady");
    pod.status = serde_json::from_value(json!({"conditions": [
        {"type": "example.com/lb", "status": "True"},
    ]}))
    .unwrap();
    assert_eq!(condition(&said(&pod, &up, &memory, 10), "Ready"), "True");
}

#[test]
fn waiting_says_why() {
    let mut memory = prepared();
    memory.apply(
        Note::StartFailed {
            container: "c".into(),
            reason: "ErrImagePull",
            message: "not found".into(),
            retry: Retry::Slowly,
        },
        at(10),
    );
    let status = said(&one("Always"), &record(vec![]), &memory, 11);
    assert_eq!(waiting(&status), "ErrImagePull");
    assert_eq!(next_change(&memory, at(11)), Some(at(12)));
    let status = said(&one("Always"), &record(vec![]), &memory, 12);
    assert_eq!(waiting(&status), "ImagePullBackOff");
    let message = &status["containerStatuses"][0]["state"]["waiting"]["message"];
    assert_eq!(
        message,
        "Back-off pulling image \"a:1\": ErrImagePull: not found"
    );
    assert_eq!(next_change(&memory, at(12)), None);

    let crashed = record(vec![container("c", 1, exited(9, 3), Some(0))]);
    let status = said(&one("Always"), &crashed, &prepared(), 10);
    assert_eq!(waiting(&status), "CrashLoopBackOff");
    let container = &status["containerStatuses"][0];
    assert_eq!(container["lastState"]["terminated"]["exitCode"], 3);
    assert_eq!(container["restartCount"], 1);

    let mut memory = Memory::default();
    memory.apply(Note::PrepareFailed("no such secret".into()), at(1));
    let status = said(&one("Always"), &PodRecord::default(), &memory, 1);
    assert_eq!(waiting(&status), "ContainerCreating");
    let message = &status["containerStatuses"][0]["state"]["waiting"]["message"];
    assert_eq!(message, "no such secret");
}

#[test]
fn a_refused_pod_says_why_and_nothing_of_its_containers() {
    let memory = Memory {
        admission: Admission::Refused(Refusal {
            reason: "OutOfcpu".into(),
            message: "Pod was rejected: too little".into(),
        }),
        ..Memory::default()
    };
    let mut pod = one("Always");
    for memory in [memory, Memory::default()] {
        let status = said(&pod, &PodRecord::default(), &memory, 1);
        assert_eq!(status["phase"], "Failed");
        assert_eq!(status["reason"], "OutOfcpu");
        assert_eq!(status["message"], "Pod was rejected: too little");
        assert_eq!(status["containerStatuses"], Value::Null);
        assert_eq!(condition(&status, "Ready"), "False/PodFailed");
        // An agent that starts again knows it only from the API server.
        pod.status = Some(serde_json::from_value(status).unwrap());
    }
}

#[test]
fn remembers_through_the_api_what_the_runtime_forgot() {
    let mut pod = one("Always");
    pod.status = serde_json::from_value(json!({"containerStatuses": [{
        "name": "c", "image": "a:1", "imageID": "", "ready": true, "restartCount": 4,
        "containerID": "containerd://gone", "state": {"running": {}},
    }]}))
    .unwrap();
    let status = said(&pod, &record(vec![]), &prepared(), 10);
    let container = &status["containerStatuses"][0];
    assert_eq!(container["restartCount"], 4);
    assert_eq!(
        container["lastState"]["terminated"]["reason"],
        "ContainerStatusUnknown"
    );
}

#[test]
fn transitions_keep_their_time() {
    let mut pod = one("Always");
    let up = record(vec![container("c", 0, running(), None)]);
    let first = said(&pod, &up, &prepared(), 10);
    pod.status = serde_json::from_value(first.clone()).unwrap();
    assert_eq!(said(&pod, &up, &prepared(), 500), first);
    assert!(is_said(&first, Some(&first)));
    let mut more = first.clone();
    more["conditions"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "DisruptionTarget"}));
    more["qosClass"] = json!("BestEffort");
    assert!(is_said(&first, Some(&more)));
    assert!(!is_said(&more, Some(&first)));
    assert!(!is_said(&first, None));
}

#[test]
fn a_changed_address_replaces_the_list() {
    let status = json!({"podIP": "10.0.0.6", "podIPs": [{"ip": "10.0.0.6"}]});
    let before = json!({"podIPs": [{"ip": "10.0.0.5"}]});
    let sent = patch(&status, Some(&before), "u1");
    assert_eq!(sent["metadata"]["uid"], "u1");
    assert_eq!(
        sent["status"]["podIPs"],
        json!([{"$patch": "replace"}, {"ip": "10.0.0.6"}])
    );
    assert_eq!(patch(&status, None, "u1")["status"], status);
}

#[test]
fn a_deadline_is_the_reason_once_all_is_down() {
    let mut pod = one("Always");
    pod.spec.as_mut().unwrap().active_deadline_seconds = Some(1);
    pod.status = serde_json::from_value(json!({"startTime": "2026-01-01T00:00:00Z"})).unwrap();
    let up = record(vec![container("c", 0, running(), None)]);
    assert_eq!(said(&pod, &up, &prepared(), 10)["phase"], "Running");
    let down = record(vec![container("c", 0, exited(9, 143), None)]);
    let status = said(&pod, &down, &prepared(), 10);
    assert_eq!(
        (&status["phase"], &status["reason"]),
        (&json!("Failed"), &json!("DeadlineExceeded"))
    );
}

#[test]
fn a_pod_of_the_host_has_its_address() {
    let mut pod = one("Always");
    pod.spec.as_mut().unwrap().host_network = Some(true);
    let status = said(&pod, &record(vec![]), &prepared(), 10);
    assert_eq!(status["podIP"], "192.0.2.1");
    let dead = PodRecord {
        sandboxes: vec![sandbox(0, SandboxState::NotReady)],
        ..PodRecord::default()
    };
    assert_eq!(said(&pod, &dead, &prepared(), 10).get("podIP"), None);
}
