//! The collections that controllers work with.

use api::Collection;

pub(crate) fn pods() -> Collection {
    Collection::new("", "pods")
}

pub(crate) fn namespaces() -> Collection {
    Collection::new("", "namespaces")
}

pub(crate) fn deployments() -> Collection {
    Collection::new("apps", "deployments")
}

pub(crate) fn replica_sets() -> Collection {
    Collection::new("apps", "replicasets")
}

pub(crate) fn jobs() -> Collection {
    Collection::new("batch", "jobs")
}

pub(crate) fn cron_jobs() -> Collection {
    Collection::new("batch", "cronjobs")
}

pub(crate) fn nodes() -> Collection {
    Collection::new("", "nodes")
}

pub(crate) fn leases() -> Collection {
    Collection::new("coordination.k8s.io", "leases")
}

pub(crate) fn services() -> Collection {
    Collection::new("", "services")
}

pub(crate) fn endpoint_slices() -> Collection {
    Collection::new("discovery.k8s.io", "endpointslices")
}

pub(crate) fn service_accounts() -> Collection {
    Collection::new("", "serviceaccounts")
}

pub(crate) fn config_maps() -> Collection {
    Collection::new("", "configmaps")
}

pub(crate) fn claims() -> Collection {
    Collection::new("", "persistentvolumeclaims")
}

pub(crate) fn volumes() -> Collection {
    Collection::new("", "persistentvolumes")
}

pub(crate) fn storage_classes() -> Collection {
    Collection::new("storage.k8s.io", "storageclasses")
}
