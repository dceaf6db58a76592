//! Namespace: active is healthy.

use api::Object;

use super::Health;

pub(super) fn assess(object: &Object) -> Health {
    match object.text("/status/phase") {
        // A server that has no controller for it sets none.
        "Active" | "" => Health::healthy(),
        phase => Health::progressing(format!("is {}", phase.to_lowercase())),
    }
}
