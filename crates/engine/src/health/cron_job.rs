//! CronJob: there is healthy. How its last run went is told, and holds nothing back.

use api::Object;

use super::{Health, HealthStatus, job};

pub(super) fn assess(object: &Object) -> Health {
    if object.body["spec"]["suspend"] == true {
        return Health::suspended("is suspended");
    }
    Health::healthy()
}

/// Adds how the newest Job went.
pub(super) fn explain(health: Health, descendants: &[Object]) -> Health {
    if health.status != HealthStatus::Healthy {
        return health;
    }
    let newest = descendants
        .iter()
        .filter(|object| object.kind() == "Job")
        .max_by_key(|job| (job.creation_timestamp().to_owned(), job.name().to_owned()));
    let message = newest.map_or(String::new(), |newest| {
        let verdict = job::assess(newest);
        match verdict.status {
            HealthStatus::Healthy => format!("last run {} completed", newest.name()),
            HealthStatus::Degraded => format!("last run {} {}", newest.name(), verdict.message),
            _ => format!("{} is running", newest.name()),
        }
    });
    Health { message, ..health }
}
