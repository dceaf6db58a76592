//! DaemonSet: a pod of the new version on every node it is meant for, available.

use api::Object;

use super::Health;
use super::workload::{count, lags};

pub(super) fn assess(object: &Object) -> Health {
    if let Some(lag) = lags(object) {
        return lag;
    }
    if object.observed_generation().is_none() {
        return Health::progressing("waits for its controller");
    }
    let desired = count(object, "/status/desiredNumberScheduled", 0);
    let steps = [
        ("/status/currentNumberScheduled", "have their pod"),
        (
            "/status/updatedNumberScheduled",
            "have a pod of the new version",
        ),
        ("/status/numberReady", "have a ready pod"),
        ("/status/numberAvailable", "have an available pod"),
    ];
    let on_delete = object.text("/spec/updateStrategy/type") == "OnDelete";
    for (pointer, what) in steps {
        let number = count(object, pointer, 0);
        if number < desired && !(on_delete && pointer.contains("updated")) {
            return Health::progressing(format!("{number} of {desired} nodes {what}"));
        }
    }
    Health::healthy()
}
