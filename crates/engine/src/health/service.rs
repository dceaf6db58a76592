//! Service: there is healthy, but a load balancer needs its address.

use api::Object;

use super::Health;

pub(super) fn assess(object: &Object) -> Health {
    let addresses = object
        .pointer("/status/loadBalancer/ingress")
        .and_then(serde_json::Value::as_array)
        .is_some_and(|list| !list.is_empty());
    if object.text("/spec/type") == "LoadBalancer" && !addresses {
        return Health::progressing("waits for the address of its load balancer");
    }
    Health::healthy()
}
