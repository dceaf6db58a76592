//! Ingress: served once it has an address.

use api::Object;

use super::Health;

pub(super) fn assess(object: &Object) -> Health {
    let addresses = object
        .pointer("/status/loadBalancer/ingress")
        .and_then(serde_json::Value::as_array)
        .is_some_and(|list| !list.is_empty());
    if addresses {
        Health::healthy()
    } else {
        Health::progressing("waits for an address")
    }
}
