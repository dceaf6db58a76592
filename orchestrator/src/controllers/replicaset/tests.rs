use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Object, parse_time};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::decide::{Observed, decide};
use super::rank;
use super::status::status;
use crate::controllers::action::Action;
use crate::controllers::ownership::Claims;

fn now() -> Timestamp {
    parse_time("2026-01-01T01:00:00Z").unwrap()
}

fn set(replicas: u32) -> Object {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": "web", "namespace": "default", "uid": "rs", "resourceVersion": "7",
            "generation": 2,
        },
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}},
        },
    })
    .into()
}

fn pod(name: &str) -> Object {
    json!({
        "metadata": {
            "name": name, "uid": name, "namespace": "default", "labels": {"app": "web"},
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"nodeName": "n1"},
        "status": {"phase": "Running", "conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        ]},
    })
    .into()
}

fn with(name: &str, changes: &[(&str, Value)]) -> Object {
    let mut pod = pod(name);
    for (path, value) in changes {
        let mut place = &mut pod.body;
        for field in path.split('/') {
            place = match field.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_) => &mut place[field],
            };
        }
        *place = value.clone();
    }
    pod
}

fn observed(replicas: u32, pods: Vec<Object>) -> Observed {
    let taken: BTreeSet<String> = pods.iter().map(|pod| pod.name().to_owned()).collect();
    Observed {
        set: Arc::new(set(replicas)),
        claims: Claims {
            owned: pods.into_iter().map(Arc::new).collect(),
            changes: Vec::new(),
        },
        nodes: BTreeMap::new(),
        taken,
        now: now(),
    }
}

fn created(actions: &[Action]) -> Vec<Object> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Create { object, .. } => Some(object.clone()),
            _ => None,
        })
        .collect()
}

fn deleted(actions: &[Action]) -> Vec<&str> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Delete { key, .. } => Some(key.name.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn scales_up_once_and_under_the_same_names_when_repeated() {
    let mut observed = observed(3, vec![pod("a")]);
    let made = created(&decide(&observed));
    assert_eq!(made.len(), 2);
    assert_eq!(
        made,
        created(&decide(&observed)),
        "a repetition meets its own names"
    );
    assert_eq!(made[0].text("/metadata/generateName"), "web-");
    assert_eq!(made[0].controller().unwrap().uid.0, "rs");
    assert_eq!(made[0].label("app"), Some("web"));

    observed.claims.owned.extend(made.into_iter().map(Arc::new));
    assert_eq!(decide(&observed), []);
}

#[test]
fn what_is_finished_or_going_is_replaced() {
    let pods = vec![
        with("failed", &[("status/phase", json!("Failed"))]),
        with(
            "going",
            &[("metadata/deletionTimestamp", json!("2026-01-01T00:59:00Z"))],
        ),
        pod("a"),
    ];
    let observed = observed(2, pods);
    assert_eq!(created(&decide(&observed)).len(), 1);
}

#[test]
fn a_set_that_is_going_makes_nothing() {
    let mut observed = observed(3, vec![]);
    let mut set = set(3);
    set.metadata_mut()
        .insert("deletionTimestamp".into(), json!("2026-01-01T00:59:00Z"));
    observed.set = Arc::new(set);
    assert_eq!(decide(&observed), []);
}

#[test]
fn the_least_useful_pod_goes_first() {
    let ready_at = "status/conditions/0/lastTransitionTime";
    let cases: &[(&str, Object)] = &[
        ("unassigned", with("x", &[("spec/nodeName", json!(""))])),
        ("pending", with("x", &[("status/phase", json!("Pending"))])),
        ("unknown", with("x", &[("status/phase", json!("Unknown"))])),
        (
            "not ready",
            with("x", &[("status/conditions/0/status", json!("False"))]),
        ),
        (
            "cheap",
            with(
                "x",
                &[(
                    "metadata/annotations",
                    json!({"controller.kubernetes.io/pod-deletion-cost": "-5"}),
                )],
            ),
        ),
        ("crowded", with("x", &[("spec/nodeName", json!("n2"))])),
        (
            "just ready",
            with("x", &[(ready_at, json!("2026-01-01T00:59:00Z"))]),
        ),
        (
            "restarting",
            with(
                "x",
                &[("status/containerStatuses", json!([{"restartCount": 3}]))],
            ),
        ),
        (
            "young",
            with(
                "x",
                &[("metadata/creationTimestamp", json!("2026-01-01T00:59:00Z"))],
            ),
        ),
    ];
    let nodes = BTreeMap::from([("n1".to_owned(), 1), ("n2".to_owned(), 2)]);
    for (name, first) in cases {
        let order = rank::compare(first, &pod("a"), &nodes, now());
        assert_eq!(order, std::cmp::Ordering::Less, "{name}");
    }
    // Each criterion beats all that follow it.
    for pair in cases.windows(2) {
        let [(stronger, one), (weaker, other)] = pair else {
            unreachable!()
        };
        let order = rank::compare(one, other, &nodes, now());
        assert_eq!(
            order,
            std::cmp::Ordering::Less,
            "{stronger} before {weaker}"
        );
    }
}

#[test]
fn the_surplus_is_removed_and_nothing_else() {
    let pods = vec![
        pod("b"),
        with("late", &[("status/phase", json!("Pending"))]),
        pod("a"),
    ];
    let observed = observed(1, pods);
    assert_eq!(deleted(&decide(&observed)), ["late", "a"]);
}

#[test]
fn status_counts_and_waits_for_availability() {
    let recent = [(
        "status/conditions/0/lastTransitionTime",
        json!("2026-01-01T00:59:50Z"),
    )];
    let mut observed = observed(3, vec![pod("a"), with("b", &recent)]);
    let mut set = set(3);
    set.body["spec"]["minReadySeconds"] = json!(30);
    observed.set = Arc::new(set);
    let report = status(&observed, Some("quota exceeded".into()));
    let Some(Action::ReplaceStatus { object, .. }) = report.action else {
        panic!("a new status is due");
    };
    let field = |name: &str| object.body["status"][name].clone();
    assert_eq!(field("replicas"), 2);
    assert_eq!(field("fullyLabeledReplicas"), 2);
    assert_eq!(field("readyReplicas"), 2);
    assert_eq!(field("availableReplicas"), 1);
    assert_eq!(field("observedGeneration"), 2);
    let failure = object.condition("ReplicaFailure").unwrap();
    assert_eq!(
        (failure.reason.as_str(), failure.message.as_str()),
        ("FailedCreate", "quota exceeded")
    );
    assert_eq!(report.again.unwrap().as_secs(), 20);

    observed.set = Arc::new(object);
    let mended = status(&observed, None).action;
    let Some(Action::ReplaceStatus { object, .. }) = mended else {
        panic!("the failure is over");
    };
    assert!(object.condition("ReplicaFailure").is_none());
    observed.set = Arc::new(object);
    assert!(status(&observed, None).action.is_none(), "nothing changed");
}
