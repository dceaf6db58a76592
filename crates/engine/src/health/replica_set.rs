//! ReplicaSet: as many pods as asked for, available.

use api::Object;

use super::Health;
use super::workload::{count, lags};

pub(super) fn assess(object: &Object) -> Health {
    if let Some(lag) = lags(object) {
        return lag;
    }
    if let Some(failure) = object.condition("ReplicaFailure")
        && failure.status == "True"
    {
        return Health::degraded(format!("cannot create pods: {}", failure.message));
    }
    let wanted = count(object, "/spec/replicas", 1);
    let available = count(object, "/status/availableReplicas", 0);
    if available < wanted {
        return Health::progressing(format!("{available} of {wanted} pods are available"));
    }
    Health::healthy()
}
