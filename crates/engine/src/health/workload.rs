//! What the kinds that make pods share.

use jiff::{SignedDuration, Timestamp};

use api::Object;

use super::pod::{Cause, Severity};
use super::{Health, HealthStatus, deployment, is_unheard, pod};

/// A pod that is broken for this long holds its workload back for good: the progress deadline that
/// Deployments have where they say nothing.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A number of the object, or `default` where it is not there.
pub(super) fn count(object: &Object, pointer: &str, default: i64) -> i64 {
    object
        .pointer(pointer)
        .and_then(serde_json::Value::as_i64)
        .unwrap_or(default)
}

/// Progressing where the controller has not seen the newest spec yet.
pub(super) fn lags(object: &Object) -> Option<Health> {
    let observed = object.observed_generation().unwrap_or(0);
    (observed < object.generation())
        .then(|| Health::progressing("waits for its controller to see the change"))
}

/// Names the pod and container that hold a workload back, where one does. What fails again and again,
/// or is broken although nothing is being rolled out, is not on its way to anything.
pub(super) fn explain(
    object: &Object,
    health: Health,
    descendants: &[Object],
    now: Timestamp,
) -> Health {
    if !matches!(
        health.status,
        HealthStatus::Progressing | HealthStatus::Degraded
    ) {
        return health;
    }
    let pods = || descendants.iter().filter(|object| object.kind() == "Pod");
    let staying = first(pods().filter(|pod| !pod.is_deleting()), now);
    // What is to be deleted on a node that reports nothing stays there for as long as that.
    let lost = || {
        first(
            pods().filter(|pod| pod.is_deleting() && is_unheard(pod)),
            now,
        )
    };
    match staying.or_else(lost) {
        Some(cause) => Health {
            status: if stays(object, &cause, now) {
                HealthStatus::Degraded
            } else {
                health.status
            },
            message: cause.sentence,
            since: cause.since.or(health.since),
            ..health
        },
        None => health,
    }
}

/// The most telling of what is in the way of these pods; of equals that of the youngest, which is of the
/// newest version.
fn first<'a>(pods: impl Iterator<Item = &'a Object>, now: Timestamp) -> Option<Cause> {
    let mut pods: Vec<&Object> = pods.collect();
    pods.sort_by(|a, b| {
        b.creation_timestamp()
            .cmp(a.creation_timestamp())
            .then_with(|| a.name().cmp(b.name()))
    });
    pods.into_iter()
        .filter_map(|pod| pod::cause(pod, now))
        .min_by_key(|cause| (cause.severity, !cause.repeats))
}

/// Whether what is in a pod's way is more than part of bringing up a new version.
fn stays(object: &Object, cause: &Cause, now: Timestamp) -> bool {
    let unheard = cause.severity == Severity::Unheard;
    let broken = unheard || cause.severity == Severity::Broken;
    let for_long = || cause.since.is_some_and(|since| since + PATIENCE <= now);
    broken
        && lags(object).is_none()
        && match object.kind() {
            "Deployment" => cause.repeats || deployment::is_complete(object),
            "ReplicaSet" | "StatefulSet" | "DaemonSet" => unheard || cause.repeats || for_long(),
            _ => false,
        }
}
