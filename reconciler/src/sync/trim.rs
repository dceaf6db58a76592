//! What the caches keep of an object: there are as many as there is room for.

use api::kinds::GROUP;
use api::{Object, patch::managed};
use engine::rollout::RolloutPhase;
use serde_json::json;

/// For informers whose objects nobody sends back to the server.
pub(crate) fn trim(object: &mut Object) {
    if is_record(object) {
        keep_of_record(object);
    } else {
        managed::pack(object);
    }
    object.compact();
}

fn is_record(object: &Object) -> bool {
    let gvk = object.gvk();
    gvk.group == GROUP && gvk.kind == "Rollout" && is_over(object)
}

/// Whether a Rollout says that nothing more comes of it.
pub(super) fn is_over(rollout: &Object) -> bool {
    let phase = rollout.body["status"]["phase"].clone();
    serde_json::from_value(phase).is_ok_and(RolloutPhase::is_final)
}

/// Nobody reads a record from a cache but to see that it is there, and what is said last: the
/// history has the rest, and each Application has twenty of them.
fn keep_of_record(rollout: &mut Object) {
    let kept = |path: &str| rollout.pointer(path).cloned().unwrap_or_default();
    let metadata = json!({
        "name": kept("/metadata/name"),
        "namespace": kept("/metadata/namespace"),
        "resourceVersion": kept("/metadata/resourceVersion"),
    });
    let mut status = json!({"phase": kept("/status/phase")});
    let undone = kept("/status/undoneAt");
    if !undone.is_null() {
        status["undoneAt"] = undone;
    }
    rollout.body = json!({
        "metadata": metadata,
        "spec": {"application": kept("/spec/application")},
        "status": status,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_record_that_is_over_little_is_kept() {
        let rollout = |phase: &str| {
            Object::from(json!({
                "apiVersion": "kedge.dev/v1alpha1", "kind": "Rollout",
                "metadata": {"name": "web-3", "namespace": "kedge", "resourceVersion": "7",
                             "ownerReferences": [{"uid": "u"}]},
                "spec": {"application": "web", "message": "a"},
                "status": {"phase": phase, "undoneAt": "2026-11-22T00:00:00Z", "waves": []},
            }))
        };
        let mut over = rollout("Failed");
        trim(&mut over);
        let kept = json!({
            "metadata": {"name": "web-3", "namespace": "kedge", "resourceVersion": "7"},
            "spec": {"application": "web"},
            "status": {"phase": "Failed", "undoneAt": "2026-11-22T00:00:00Z"},
        });
        assert_eq!(over.body, kept);
        assert!(is_over(&over));

        let mut running = rollout("Applying");
        trim(&mut running);
        assert_eq!(running, rollout("Applying"));
    }
}
