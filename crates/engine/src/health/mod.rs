//! How an object is doing, by the rules of its kind, in words people can act on.

mod application;
mod brief;
mod claim;
mod conditions;
mod cron_job;
mod custom;
mod daemon_set;
mod definition;
mod deployment;
mod ingress;
mod job;
mod namespace;
mod pod;
mod pull;
mod replica_set;
mod service;
mod stateful_set;
#[cfg(test)]
mod tests;
mod unheard;
mod verdict;
mod workload;

use jiff::Timestamp;

use api::Object;

pub use brief::{Brief, Fault, brief};
pub use custom::judge;
pub use pod::SCHEDULING_PATIENCE;
pub(crate) use pull::cause as pull_cause;
pub use unheard::{is_unheard, silent_node};
pub use verdict::{Health, HealthStatus, holds_back, is_unwell, worst};

/// The health of one object by itself; `None` for kinds that have none (a ConfigMap just is).
pub fn assess(object: &Object, now: Timestamp) -> Option<Health> {
    let gvk = object.gvk();
    if object.is_deleting() {
        return Some(deleting(object));
    }
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "ConfigMap" | "Secret" | "ServiceAccount" | "Endpoints" | "Event" | "LimitRange") => {
            None
        }
        (group, _) if NEUTRAL_GROUPS.contains(&group) => None,
        ("apps", "Deployment") => Some(deployment::assess(object)),
        ("apps", "ReplicaSet") => Some(replica_set::assess(object)),
        ("apps", "StatefulSet") => Some(stateful_set::assess(object)),
        ("apps", "DaemonSet") => Some(daemon_set::assess(object)),
        ("batch", "Job") => Some(job::assess(object)),
        ("batch", "CronJob") => Some(cron_job::assess(object)),
        ("", "Pod") => Some(pod::assess(object, now)),
        ("", "Service") => Some(service::assess(object)),
        ("", "PersistentVolumeClaim") => Some(claim::assess(object)),
        ("", "Namespace") => Some(namespace::assess(object)),
        ("networking.k8s.io", "Ingress") => Some(ingress::assess(object)),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Some(definition::assess(object)),
        ("kedge.dev", "Application") => Some(application::assess(object)),
        _ => conditions::assess(object),
    }
}

/// The health of an object, with the cause named from what it owns (at any depth, in any order).
pub fn explain(object: &Object, descendants: &[Object], now: Timestamp) -> Option<Health> {
    let health = assess(object, now)?;
    Some(match (object.gvk().group.as_str(), object.kind()) {
        ("batch", "CronJob") => cron_job::explain(health, descendants),
        ("apps" | "batch", _) => workload::explain(object, health, descendants, now),
        _ => health,
    })
}

/// The health of an object that a controller made, with the cause named from those of `all` that it
/// owns itself.
pub fn within(object: &Object, all: &[Object], now: Timestamp) -> Option<Health> {
    let health = assess(object, now)?;
    if object.kind() != "ReplicaSet" || health.status.is_settled_well() {
        return Some(health);
    }
    let uid = object.uid();
    let own = |it: &&Object| it.controller().is_some_and(|owner| owner.uid == uid);
    let own: Vec<Object> = all.iter().filter(own).cloned().collect();
    explain(object, &own, now)
}

/// Groups whose objects just are.
const NEUTRAL_GROUPS: &[&str] = &[
    "coordination.k8s.io",
    "discovery.k8s.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

fn deleting(object: &Object) -> Health {
    let finalizers: Vec<&str> = object.finalizers().collect();
    let message = if finalizers.is_empty() {
        "is being deleted".to_owned()
    } else {
        format!("is being deleted, waits for {}", finalizers.join(", "))
    };
    Health::progressing(message).since(object.deletion_timestamp().and_then(api::parse_time))
}
