use api::{Collection, Object};
use jiff::Timestamp;
use serde_json::json;

use super::contents;
use super::decide::{Remaining, finalized, is_going, status};
use crate::controllers::action::Action;

fn namespace() -> Object {
    json!({
        "kind": "Namespace",
        "metadata": {"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"finalizers": ["other", "kubernetes"]},
        "status": {"phase": "Active"},
    })
    .into()
}

fn conditions(remaining: &[Remaining], failure: Option<&str>) -> Vec<String> {
    let failure = failure.map(ToOwned::to_owned);
    let Some(Action::ReplaceStatus { object, .. }) =
        status(&namespace(), remaining, failure, Timestamp::UNIX_EPOCH)
    else {
        panic!("a status is due");
    };
    assert_eq!(object.text("/status/phase"), "Terminating");
    let text = |condition: api::Condition| format!("{} {}", condition.reason, condition.message);
    object.conditions().into_iter().skip(2).map(text).collect()
}

#[test]
fn only_its_own_finalizer_is_taken_off() {
    assert!(is_going(&namespace()));
    let after = finalized(&namespace());
    assert_eq!(after.pointer("/spec/finalizers"), Some(&json!(["other"])));
    assert!(!is_going(&after));
    let mut staying = namespace();
    staying.metadata_mut().shift_remove("deletionTimestamp");
    assert!(!is_going(&staying));
}

#[test]
fn conditions_say_what_is_left() {
    let pod: Object = json!({"metadata": {
        "name": "a", "deletionTimestamp": "x", "finalizers": ["example.com/keep"],
    }})
    .into();
    let plain: Object = json!({"metadata": {"name": "b"}}).into();
    let pods = Collection::new("", "pods");
    let left = Remaining::new(&pods, &[pod.clone(), plain]);
    assert!(!left.is_waiting);
    assert!(Remaining::new(&pods, &[pod]).is_waiting);
    assert!(Remaining::new(&pods, &[]).is_empty());
    assert_eq!(
        conditions(&[left], None),
        [
            "ContentDeleted All content successfully deleted, may be waiting on finalization",
            "SomeResourcesRemain Some resources are remaining: pods. has 2 resource instances",
            "SomeFinalizersRemain Some content in the namespace has finalizers remaining: \
             example.com/keep in 1 resource instances",
        ]
    );
    assert_eq!(
        conditions(&[], None)[1..],
        [
            "ContentRemoved All content successfully removed",
            "ContentHasNoFinalizers All content-preserving finalizers finished",
        ]
    );
    assert_eq!(
        conditions(&[], Some("no answer")),
        ["ContentDeletionFailed no answer"]
    );
}

#[test]
fn a_namespace_holds_namespaced_things_only() {
    let all: Vec<String> = contents(&[])
        .map(|collection| collection.to_string())
        .collect();
    assert!(all.contains(&"events".to_owned()) && all.contains(&"deployments.apps".to_owned()));
    assert!(!all.contains(&"nodes".to_owned()) && !all.contains(&"namespaces".to_owned()));
}
