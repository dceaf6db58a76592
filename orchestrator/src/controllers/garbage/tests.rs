use std::sync::Arc;

use api::{Collection, Object};
use serde_json::{Value, json};

use super::decide::{Dependent, FOREGROUND, ORPHAN, Observed, OwnerState, decide, hold, orphan};
use super::{Key, collections, owner_key, wake};
use crate::controllers::action::Action;
use client::Change;

fn dependent(name: &str, owners: &[(&str, bool)], metadata: &Value) -> Dependent {
    let owners: Vec<Value> = owners
        .iter()
        .map(|(uid, blocks)| {
            json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": uid, "uid": uid,
                "controller": true, "blockOwnerDeletion": blocks,
            })
        })
        .collect();
    let mut body = json!({
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "uid": name, "resourceVersion": "7"},
    });
    if !owners.is_empty() {
        body["metadata"]["ownerReferences"] = json!(owners);
    }
    for (field, value) in metadata.as_object().unwrap() {
        body["metadata"][field] = value.clone();
    }
    Dependent {
        collection: Collection::new("", "pods"),
        object: Arc::new(body.into()),
    }
}

fn waiting(name: &str) -> Dependent {
    let metadata = json!({"deletionTimestamp": "x", "finalizers": [FOREGROUND]});
    dependent(name, &[], &metadata)
}

fn brief(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .map(|action| match action {
            Action::Delete {
                key,
                propagation,
                version,
                ..
            } => {
                format!("delete {} {propagation:?} at {version}", key.name)
            }
            Action::Replace { object, .. } => {
                let owners: Vec<String> = object
                    .owner_references()
                    .into_iter()
                    .map(|owner| {
                        format!(
                            "{}{}",
                            owner.name,
                            if owner.block_owner_deletion { "!" } else { "" }
                        )
                    })
                    .collect();
                let finalizers: Vec<&str> = object.finalizers().collect();
                format!(
                    "{} owners={owners:?} finalizers={finalizers:?}",
                    object.name()
                )
            }
            other => panic!("unexpected {other:?}"),
        })
        .collect()
}

#[test]
fn an_object_lives_as_long_as_one_owner() {
    use OwnerState::{Absent, Present, Waiting};
    let check =
        |states: &[OwnerState], metadata: &Value, owns: Vec<Dependent>, expected: &[&str]| {
            let names = ["a", "b"];
            let owners: Vec<(&str, bool)> = names
                .iter()
                .take(states.len())
                .map(|n| (*n, true))
                .collect();
            let dependent = dependent("pod", &owners, metadata);
            let references = dependent.object.owner_references();
            let observed = Observed {
                owners: references.into_iter().zip(states.iter().copied()).collect(),
                dependent,
                dependents: owns,
            };
            assert_eq!(brief(&decide(&observed)), expected, "{states:?} {metadata}");
        };
    let none = json!({});
    check(&[], &none, vec![], &[]);
    check(&[Present], &none, vec![], &[]);
    check(&[Absent], &none, vec![], &["delete pod Background at 7"]);
    check(
        &[Absent, Present],
        &none,
        vec![],
        &["pod owners=[\"b!\"] finalizers=[]"],
    );
    check(
        &[Waiting, Present],
        &none,
        vec![],
        &["pod owners=[\"b!\"] finalizers=[]"],
    );
    check(&[Waiting], &none, vec![], &["delete pod Background at 7"]);
    let child = || vec![dependent("child", &[("pod", true)], &none)];
    check(&[Waiting], &none, child(), &["delete pod Foreground at 7"]);
    check(&[Absent], &none, child(), &["delete pod Background at 7"]);
    check(
        &[Absent],
        &json!({"finalizers": [ORPHAN]}),
        vec![],
        &["delete pod Orphan at 7"],
    );
    check(
        &[Absent],
        &json!({"finalizers": [FOREGROUND]}),
        vec![],
        &["delete pod Foreground at 7"],
    );
    let circle = || vec![waiting("a")];
    let unblocked = "pod owners=[\"a\"] finalizers=[]";
    check(&[Waiting], &none, circle(), &[unblocked]);
    check(
        &[Waiting],
        &json!({"ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "a",
        }]}),
        circle(),
        &["delete pod Foreground at 7"],
    );
}

#[test]
fn a_foreground_owner_waits_for_what_blocks_it() {
    let owner = waiting("a");
    let blocking = dependent("blocks", &[("a", true)], &json!({}));
    let free = dependent("free", &[("a", false)], &json!({}));
    let (actions, held) = hold(&owner, vec![blocking, free.clone()]);
    assert_eq!((brief(&actions).len(), held.len()), (0, 1));
    let (actions, held) = hold(&owner, vec![free]);
    assert_eq!(brief(&actions), ["a owners=[] finalizers=[]"]);
    assert!(held.is_empty());
}

#[test]
fn orphans_forget_their_owner_before_it_goes() {
    let metadata = json!({"deletionTimestamp": "x", "finalizers": ["other", ORPHAN]});
    let owner = dependent("a", &[], &metadata);
    let child = dependent("child", &[("a", true), ("b", false)], &json!({}));
    assert_eq!(
        brief(&orphan(&owner, &[child])),
        [
            "child owners=[\"b\"] finalizers=[]",
            "a owners=[] finalizers=[\"other\"]"
        ]
    );
}

#[test]
fn owners_are_looked_up_by_kind_in_the_right_scope() {
    let pod = dependent("pod", &[("a", true)], &json!({}));
    let reference = &pod.object.owner_references()[0];
    let key = owner_key(&|_, _| None, &pod.object, reference).unwrap();
    assert_eq!(key.to_string(), "replicasets.apps default/a");
    let cluster_wide: Object = json!({"metadata": {"name": "x"}}).into();
    assert_eq!(
        owner_key(&|_, _| None, &cluster_wide, reference),
        None,
        "owners share the scope"
    );
    let all: Vec<String> = collections()
        .map(|collection| collection.to_string())
        .collect();
    assert!(all.contains(&"pods".to_owned()) && !all.contains(&"events".to_owned()));
}

#[test]
fn only_what_concerns_ownership_wakes() {
    let woken = |before: Option<&Dependent>, after: Option<&Dependent>| {
        let any = before.or(after).unwrap();
        let change = Change {
            key: any.object.key(&any.collection),
            before: before.map(|d| d.object.clone()),
            after: after.map(|d| d.object.clone()),
        };
        wake(&|_, _| None, &change)
    };
    let pod = dependent("pod", &[("a", true)], &json!({}));
    let key = Key::Object(pod.object.key(&pod.collection));
    let owner = Key::Object(Collection::new("apps", "replicasets").key("default", "a"));
    let relabelled = dependent("pod", &[("a", true)], &json!({"labels": {"x": "y"}}));
    let freed = dependent("pod", &[], &json!({}));
    let going = dependent("pod", &[("a", true)], &json!({"deletionTimestamp": "x"}));
    assert_eq!(woken(None, Some(&pod)), std::slice::from_ref(&key));
    assert_eq!(woken(None, Some(&freed)), []);
    assert_eq!(woken(Some(&pod), Some(&relabelled)), []);
    assert_eq!(woken(Some(&pod), Some(&going)), std::slice::from_ref(&key));
    assert_eq!(woken(Some(&pod), Some(&freed)), [key, owner.clone()]);
    assert_eq!(
        woken(Some(&pod), None),
        [Key::Absent(pod.object.uid()), owner]
    );
}
