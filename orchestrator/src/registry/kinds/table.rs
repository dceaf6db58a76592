//! The table: one entry for every kind that is stored.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use api::resource::{self, Resource};
use api::{Cause, Collection, Object};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Allocations, Custom, Scale, application, config_map, cron_job, custom_resource_definition,
    deployment, endpoint_slice, event, generic, job, lease, namespace, node, persistent_volume,
    persistent_volume_claim, pod, rbac, replica_set, rollout, secret, service, service_account,
    storage_class,
};

/// What is particular about a kind. Everything else is one generic implementation.
///
/// Order of a create: decode, `default`, uid and timestamps, `prepare_create`, admission,
/// `default` again, `validate_create`, allocations, write.
/// An update: decode, `default`, `metadata::inherit`, `prepare_update`, `validate_update`, ….
#[derive(Debug, Clone)]
pub struct Kind {
    pub resource: Arc<Resource>,
    /// Set where a definition in the cluster makes the kind: what its schema says comes after what
    /// the functions below do.
    pub custom: Option<Custom>,
    /// Fills in defaults; after decoding, on create, update and patch. Idempotent.
    pub default: fn(&mut Object),
    /// Drops or sets what the server owns. The uid is set already (a Job's selector needs it).
    pub prepare_create: fn(&mut Object),
    /// Main endpoint, `(new, old)`: the old status stays, the generation counts spec changes.
    pub prepare_update: fn(&mut Object, &Object),
    /// `/status` endpoint, `(new, old)`: the old spec stays.
    pub prepare_status: fn(&mut Object, &Object),
    /// Of the kind's own fields; metadata is validated apart (`metadata::validate`).
    pub validate_create: fn(&Object) -> Vec<Cause>,
    /// `(new, old)`; includes what `validate_create` checks where that still applies.
    pub validate_update: fn(&Object, &Object) -> Vec<Cause>,
    /// `(new, old)`, at the `/status` endpoint.
    pub validate_status: fn(&Object, &Object) -> Vec<Cause>,
    /// The cells in the order of `resource.columns`.
    pub row: fn(&Object, Timestamp) -> Vec<Value>,
    /// The value of a selectable field; `None` means "field label not supported".
    pub field: fn(&Object, &str) -> Option<String>,
    /// Seconds between the begin of a deletion and its end, given what the request asked for.
    /// 0: remove at once (unless finalizers hold the object).
    pub grace: fn(&Object, Option<i64>) -> i64,
    /// Called when `deletionTimestamp` has just been set.
    pub begin_deletion: fn(&mut Object),
    /// Whether something besides `metadata.finalizers` keeps a deleted object there.
    pub is_held: fn(&Object) -> bool,
    pub scale: Option<Scale>,
    /// Names the object takes from cluster-wide pools.
    pub allocations: fn(&Object) -> Allocations,
    /// Put on an object when its deletion begins, for the controller that takes it off.
    pub finalizer: Option<&'static str>,
    /// What becomes of dependents when a deletion does not say.
    pub propagation: Propagation,
    /// Whether an update without a resource version overwrites whatever is there.
    pub unconditional_update: bool,
    /// Whether a PUT of an absent object creates it.
    pub create_on_update: bool,
}

/// What becomes of the dependents of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    Background,
    Orphan,
}

/// The built-in kind of a collection; `None` for resources that are never stored (reviews,
/// bindings, what is measured).
pub fn of(collection: &Collection) -> Option<&'static Arc<Kind>> {
    TABLE.get(collection)
}

/// Every built-in kind that is stored.
pub fn all() -> impl Iterator<Item = &'static Arc<Kind>> {
    TABLE.values()
}

static TABLE: LazyLock<BTreeMap<Collection, Arc<Kind>>> = LazyLock::new(|| {
    resource::served()
        .iter()
        // What is stored is what has changes: what is measured can be listed, and has none.
        .filter(|resource| resource.verbs.iter().any(|verb| verb == "watch"))
        .map(|resource| (resource.collection(), Arc::new(kind(resource))))
        .collect()
});

fn kind(resource: &Resource) -> Kind {
    let base = generic::kind(resource.clone());
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "configmaps") => config_map::kind(base),
        ("", "events") => event::kind(base),
        ("", "namespaces") => namespace::kind(base),
        ("", "nodes") => node::kind(base),
        ("", "persistentvolumeclaims") => persistent_volume_claim::kind(base),
        ("", "persistentvolumes") => persistent_volume::kind(base),
        ("", "pods") => pod::kind(base),
        ("", "secrets") => secret::kind(base),
        ("", "serviceaccounts") => service_account::kind(base),
        ("", "services") => service::kind(base),
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            custom_resource_definition::kind(base)
        }
        ("apps", "deployments") => deployment::kind(base),
        ("apps", "replicasets") => replica_set::kind(base),
        ("batch", "cronjobs") => cron_job::kind(base),
        ("batch", "jobs") => job::kind(base),
        ("coordination.k8s.io", "leases") => lease::kind(base),
        ("discovery.k8s.io", "endpointslices") => endpoint_slice::kind(base),
        ("kedge.dev", "applications") => application::kind(base),
        ("kedge.dev", "rollouts") => rollout::kind(base),
        ("rbac.authorization.k8s.io", "clusterrolebindings") => rbac::cluster_binding(base),
        ("rbac.authorization.k8s.io", "clusterroles") => rbac::cluster_role(base),
        ("rbac.authorization.k8s.io", "rolebindings") => rbac::binding(base),
        ("rbac.authorization.k8s.io", "roles") => rbac::role(base),
        ("storage.k8s.io", "storageclasses") => storage_class::kind(base),
        _ => base,
    }
}
