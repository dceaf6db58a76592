//! What a ReplicaSet's status says. Pure.

use api::Object;
use api::selector::LabelSelector;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::decide::Observed;
use crate::controllers::action::Action;
use crate::controllers::collections::replica_sets;
use crate::controllers::conditions::{self, Wanted};
use crate::controllers::pod;

/// The status, if it is another one, and when to look again although nothing changes.
pub(super) struct Report {
    pub(super) action: Option<Action>,
    pub(super) again: Option<SignedDuration>,
}

pub(super) fn status(observed: &Observed, failure: Option<String>) -> Report {
    let set = &observed.set;
    let active = observed.active();
    let template = LabelSelector::from_map(set.pointer("/spec/template/metadata/labels"));
    let min_ready = min_ready_seconds(set);
    let count = |holds: &dyn Fn(&Object) -> bool| active.iter().filter(|pod| holds(pod)).count();
    let available = |pod: &Object| pod::available_in(pod, min_ready, observed.now);

    let mut object = set.as_ref().clone();
    let mut status = object.body["status"].take();
    if !status.is_object() {
        status = json!({});
    }
    status["replicas"] = json!(active.len());
    status["fullyLabeledReplicas"] = json!(count(&|pod| template.matches(pod)));
    status["readyReplicas"] = json!(count(&pod::is_ready));
    status["availableReplicas"] = json!(count(
        &|pod| available(pod).is_some_and(|wait| wait.is_zero())
    ));
    status["observedGeneration"] = json!(set.generation());
    report_failure(&mut status, observed, active.len(), failure);

    let again = active
        .iter()
        .filter_map(|pod| available(pod))
        .filter(|wait| !wait.is_zero())
        .min();
    let action = (Some(&status) != set.pointer("/status")).then(|| {
        object.body["status"] = status;
        Action::ReplaceStatus {
            collection: replica_sets(),
            object,
        }
    });
    Report { action, again }
}

fn report_failure(status: &mut Value, observed: &Observed, active: usize, failure: Option<String>) {
    let Some(message) = failure else {
        conditions::remove(status, "ReplicaFailure");
        if status["conditions"].as_array().is_some_and(Vec::is_empty)
            && let Some(fields) = status.as_object_mut()
        {
            fields.shift_remove("conditions");
        }
        return;
    };
    let reason = if active < observed.desired() {
        "FailedCreate"
    } else {
        "FailedDelete"
    };
    let wanted = Wanted {
        kind: "ReplicaFailure",
        status: "True",
        reason,
        message: &message,
    };
    conditions::set(status, wanted, None, observed.now);
}

fn min_ready_seconds(set: &Object) -> i32 {
    set.pointer("/spec/minReadySeconds")
        .and_then(Value::as_i64)
        .and_then(|seconds| i32::try_from(seconds).ok())
        .unwrap_or(0)
}
