use serde_json::json;

use api::Collection;
use engine::HealthStatus;
use engine::rollout::{CommitId, Pause};

use super::*;

fn then(minute: i8) -> Timestamp {
    format!("2026-03-01T14:{minute:02}:00Z").parse().unwrap()
}

fn said(kind: &str, status: &str, reason: &str, message: &str) -> Condition {
    Condition {
        kind: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_transition_time: Some(then(5).to_string()),
    }
}

pub(crate) fn facts() -> Facts {
    Facts {
        name: "web".into(),
        path: "web".into(),
        tracks: "main".into(),
        sync: SyncStatus::Synced,
        sync_message: String::new(),
        health: HealthStatus::Healthy,
        health_message: String::new(),
        wanted: CommitId("7f3c2ab41d0c".into()),
        applied: CommitId("7f3c2ab41d0c".into()),
        objects: 1,
        last: None,
        held: None,
        proof_stands: true,
        paused: None,
        removed_at: None,
        observed_at: Some(then(9)),
        application: None,
        conditions: vec![
            said("Synced", "True", "Synced", ""),
            said("SourceReady", "True", "Followed", ""),
            said("Rendered", "True", "Rendered", ""),
        ],
    }
}

const NONE: Drifted<'static> = Drifted {
    open: &[],
    newest: &[],
};

#[test]
fn what_serves_is_counted_from_the_objects() {
    let node = |kind: &str| ObjectNode {
        key: Collection::new("apps", "x").key("shop", "web"),
        kind: kind.into(),
        uid: api::Uid::default(),
        owner: None,
        wave: 0,
        health: None,
        created_at: None,
        missing: false,
        warning: String::new(),
    };
    let of = |kind: &str, body: serde_json::Value| workload(&node(kind), Some(&Object::from(body)));
    let available = |status: &str| json!([{"type": "Available", "status": status, "lastTransitionTime": "2026-03-01T14:05:00Z"}]);
    let web = of(
        "Deployment",
        json!({"spec": {"replicas": 3}, "status": {"availableReplicas": 2, "conditions": available("True")}}),
    )
    .unwrap();
    assert_eq!(
        (web.wanted, web.available, web.since),
        (3, 2, Some(then(5)))
    );
    // What the condition says is not what is counted: since when is not known.
    let odd = of(
        "Deployment",
        json!({"spec": {"replicas": 3}, "status": {"availableReplicas": 1, "conditions": available("False")}}),
    );
    assert_eq!(odd.unwrap().since, None);
    let asleep = of("Deployment", json!({"spec": {"replicas": 0}}));
    assert_eq!(asleep, None);
    assert_eq!(of("StatefulSet", json!({"spec": {}})).unwrap().wanted, 1);
    assert_eq!(of("DaemonSet", json!({"spec": {}})), None);
    assert_eq!(workload(&node("ConfigMap"), None), None);
    let gone = workload(&node("Deployment"), None).unwrap();
    assert_eq!((gone.wanted, gone.available), (1, 0));

    let check = |workloads: Option<&[Workload]>, state: Tone, text: &str, since| {
        let found = serving(&facts(), workloads);
        assert_eq!(
            (found.state, found.text.as_str(), found.since),
            (state, text, since)
        );
    };
    let whole = Workload {
        available: 3,
        ..web.clone()
    };
    check(None, Tone::Unknown, "the objects cannot be read", None);
    let nothing = "no Deployment, StatefulSet or DaemonSet of it wants pods";
    check(Some(&[]), Tone::Ok, nothing, None);
    let all = "the one workload serves: 3 of 3 replicas are available";
    check(
        Some(std::slice::from_ref(&whole)),
        Tone::Ok,
        all,
        Some(then(5)),
    );
    let some = "all 2 workloads serve: 5 of 6 replicas are available";
    check(Some(&[whole.clone(), web]), Tone::Warn, some, None);
    let none = "1 of 2 workloads have no replica that serves: Deployment web";
    check(Some(&[whole, gone]), Tone::Bad, none, None);
}

#[test]
fn the_six_conditions_stand_worst_first_with_their_times() {
    let check = |facts: &Facts, drifted: Drifted, expected: &[(&str, Tone, Option<Timestamp>)]| {
        let found = checks(facts, Some(&[]), drifted);
        assert_eq!(found.len(), 6);
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.name, it.state, it.since))
            .collect();
        assert_eq!(found[..expected.len()], *expected);
    };
    let five = Some(then(5));
    let refused = Facts {
        sync: SyncStatus::Unknown,
        conditions: vec![
            said("Synced", "Unknown", "NotCompared", ""),
            said(
                "SourceReady",
                "False",
                "BuildFailed",
                "web/a.yaml:7: unknown field",
            ),
            said(
                "Rendered",
                "False",
                "BuildFailed",
                "web/a.yaml:7: unknown field",
            ),
        ],
        ..facts()
    };
    check(&refused, NONE, &[("Rendered", Tone::Bad, five)]);
    let told = checks(&refused, Some(&[]), NONE);
    assert!(told[0].text.contains("web/a.yaml:7"), "{told:?}");
    assert!(
        told.iter()
            .any(|it| it.name == "Source fetched" && it.state == Tone::Ok)
    );
    let away = Facts {
        conditions: vec![said(
            "SourceReady",
            "False",
            "FetchFailed",
            "no route to host",
        )],
        ..facts()
    };
    check(&away, NONE, &[("Source fetched", Tone::Bad, five)]);
    let paused = Facts {
        paused: Some(Pause {
            reason: Pause::SUSPENDED,
            message: "suspended by ann".into(),
        }),
        ..facts()
    };
    check(&paused, NONE, &[("Converging", Tone::Hold, None)]);
    let unseen = Facts {
        observed_at: None,
        ..facts()
    };
    let found = checks(&unseen, None, NONE);
    assert!(found[..4].iter().all(|it| it.since.is_none()), "{found:?}");
}

#[test]
fn drift_is_told_where_it_can_be_told_apart() {
    let drift = Drift {
        at: then(3),
        last_at: then(3),
        times: 1,
        lasted_ms: None,
        application: "web".into(),
        key: Collection::new("", "configmaps").key("shop", "a"),
        kind: "ConfigMap".into(),
        what: "changed".into(),
        actor: "kubectl-edit".into(),
        writer: String::new(),
        written_at: None,
        changes: Vec::new(),
        ended_at: None,
        ending: None,
    };
    let open = [drift.clone()];
    let found = super::drift(
        &facts(),
        Drifted {
            open: &open,
            newest: &open,
        },
    );
    assert_eq!((found.state, found.since), (Tone::Warn, Some(then(3))));
    assert_eq!(found.text, "ConfigMap a changed by kubectl-edit");
    let over = [Drift {
        ended_at: Some(then(4)),
        ending: Some(crate::history::Ending::Corrected),
        ..drift
    }];
    let found = super::drift(
        &facts(),
        Drifted {
            open: &[],
            newest: &over,
        },
    );
    assert_eq!((found.state, found.since), (Tone::Ok, Some(then(4))));
    assert_eq!(
        found.text,
        "nobody changed what Git asks for since ConfigMap a was as it says again"
    );
    let pending = Facts {
        sync: SyncStatus::OutOfSync,
        applied: CommitId("e2a9c14".into()),
        ..facts()
    };
    assert_eq!(super::drift(&pending, NONE).state, Tone::Unknown);
    let never = super::drift(&facts(), NONE);
    assert_eq!(
        (never.text.as_str(), never.since),
        ("nobody changed what Git asks for", None)
    );
}
