//! The quality-of-service class: who is evicted first when a node runs short.

use api::{Object, Quantity};
use serde_json::Value;

/// `Guaranteed` (every container's limits are its requests), `BestEffort` (neither), `Burstable`.
pub(super) fn class(object: &Object) -> &'static str {
    let containers: Vec<&Value> = ["/spec/containers", "/spec/initContainers"]
        .iter()
        .filter_map(|pointer| object.pointer(pointer)?.as_array())
        .flatten()
        .collect();
    let amount = |container: &Value, kind: &str, resource: &str| {
        Quantity::from_json(&container["resources"][kind][resource])
            .ok()
            .filter(|amount| !amount.is_zero())
    };
    let each = || {
        containers
            .iter()
            .flat_map(|container| ["cpu", "memory"].map(|resource| (container, resource)))
    };
    let has_none = each().all(|(container, resource)| {
        amount(container, "limits", resource).is_none()
            && amount(container, "requests", resource).is_none()
    });
    if has_none {
        return "BestEffort";
    }
    let is_guaranteed = each().all(|(container, resource)| {
        let limit = amount(container, "limits", resource);
        limit.is_some() && limit == amount(container, "requests", resource)
    });
    if is_guaranteed {
        "Guaranteed"
    } else {
        "Burstable"
    }
}
