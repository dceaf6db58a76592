use std::sync::Arc;

use api::{Object, Uid};
use serde_json::{Value, json};

use super::decide::{Observed, Verdict, decide};
use crate::pods::testing::{running, sandbox};
use crate::runtime::{Container, ContainerState, Listing, Sandbox, SandboxState};

fn volume(change: &Value) -> Object {
    let body = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {
            "name": "pvc-1", "finalizers": ["kedge.dev/local-directory"],
            "deletionTimestamp": "2026-01-01T00:10:00Z",
            "annotations": {"pv.kubernetes.io/provisioned-by": "kedge.dev/local"},
        },
        "spec": {
            "persistentVolumeReclaimPolicy": "Delete", "local": {"path": "/v/pvc-1"},
            "claimRef": {"namespace": "shop", "name": "data", "uid": "1"},
        },
    });
    api::patch::merge::apply(&body, change).unwrap().into()
}

fn pod(uid: &str, claim: &str, created: &str) -> Arc<Object> {
    Arc::new(Object::from(json!({
        "metadata": {"namespace": "shop", "name": uid, "uid": uid, "creationTimestamp": created},
        "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": claim}}]},
    })))
}

fn of(uid: &str, state: SandboxState) -> Sandbox {
    Sandbox {
        pod: Uid(uid.into()),
        ..sandbox(0, state)
    }
}

const EARLY: &str = "2026-01-01T00:00:00Z";
const LATE: &str = "2026-01-01T00:20:00Z";

fn removed() -> Verdict {
    Verdict::Remove("/v/pvc-1".into())
}

#[test]
fn only_what_is_to_go_and_its_own_is_removed() {
    let check = |change: Value, expected: &str| {
        let observed = Observed {
            volume: &volume(&change),
            pods: &[],
            listing: &Listing::default(),
        };
        let verdict = match decide(&observed) {
            Verdict::Keep => "keep",
            Verdict::Wait => "wait",
            Verdict::Remove(_) => "remove",
            Verdict::Refuse(_) => "refuse",
        };
        assert_eq!(verdict, expected, "{change}");
    };
    check(json!({}), "remove");
    check(json!({"metadata": {"deletionTimestamp": null}}), "keep");
    check(
        json!({"spec": {"persistentVolumeReclaimPolicy": "Retain"}}),
        "keep",
    );
    // Its claim is not gone yet.
    let both = json!(["kubernetes.io/pv-protection", "kedge.dev/local-directory"]);
    check(json!({"metadata": {"finalizers": both}}), "keep");
    check(json!({"metadata": {"finalizers": null}}), "keep");

    check(json!({"metadata": {"annotations": null}}), "refuse");
    check(json!({"metadata": {"name": "other"}}), "refuse");
    check(json!({"spec": {"claimRef": {"uid": "2"}}}), "refuse");
    for path in [
        "/",
        "/etc",
        "v/pvc-1",
        "/v/../pvc-1",
        "/v/pvc-1/..",
        "/v/pvc-12",
        "",
    ] {
        check(json!({"spec": {"local": {"path": path}}}), "refuse");
    }
}

#[test]
fn what_runs_is_waited_for() {
    let check = |pods: &[Arc<Object>], sandboxes: Vec<Sandbox>, expected: Verdict| {
        let observed = Observed {
            volume: &volume(&json!({})),
            pods,
            listing: &Listing {
                sandboxes,
                ..Listing::default()
            },
        };
        assert_eq!(
            decide(&observed),
            expected,
            "{pods:?} {:?}",
            observed.listing
        );
    };
    let ready = |uid| vec![of(uid, SandboxState::Ready)];
    let ended = |uid| vec![of(uid, SandboxState::NotReady)];
    check(&[pod("a", "data", EARLY)], ready("a"), Verdict::Wait);
    check(&[pod("a", "data", EARLY)], ended("a"), removed());
    check(&[pod("a", "data", EARLY)], Vec::new(), removed());
    check(&[pod("a", "other", EARLY)], ready("a"), removed());
    // It uses the claim that came after.
    check(&[pod("a", "data", LATE)], ready("a"), removed());
    // Deleted by force: nobody knows any more what it uses.
    check(&[], ready("a"), Verdict::Wait);
    check(&[], ended("a"), removed());
}

#[test]
fn a_container_without_its_sandbox_counts() {
    let container = |state: ContainerState| Container {
        pod: Uid("a".into()),
        ..crate::pods::testing::container("c", 0, state, None)
    };
    let check = |state: ContainerState, expected: Verdict| {
        let observed = Observed {
            volume: &volume(&json!({})),
            pods: &[],
            listing: &Listing {
                sandboxes: vec![of("a", SandboxState::NotReady)],
                containers: vec![container(state)],
            },
        };
        assert_eq!(decide(&observed), expected);
    };
    check(running(), Verdict::Wait);
    check(ContainerState::Unknown, Verdict::Wait);
    check(crate::pods::testing::exited(0, 2), removed());
}
