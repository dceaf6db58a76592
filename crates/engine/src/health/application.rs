//! Application: as healthy as what it deploys, and only once that is what Git says.

use api::Object;

use super::{Health, HealthStatus};

pub(super) fn assess(object: &Object) -> Health {
    let message = object.text("/status/health/message");
    let lag = object
        .observed_generation()
        .is_some_and(|seen| seen < object.generation());
    match object.text("/status/health/status").parse() {
        Ok(_) if lag => Health::progressing("waits for the reconciler to see the change"),
        Ok(HealthStatus::Healthy) if object.text("/status/sync/status") == "OutOfSync" => {
            Health::progressing("is healthy, but not at the wanted commit yet")
        }
        Ok(status) => Health::new(status, message),
        Err(_) => Health::progressing("waits for its first rollout"),
    }
}
