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
