//! CronJob: as its last finished run. One that failed is told, and holds nothing back: the next run is
//! not the rollout's.

use api::Object;

use super::{Health, HealthStatus, job};

pub(super) fn assess(object: &Object) -> Health {
    if object.body["spec"]["suspend"] == true {
        return Health::suspended("is suspended");
    }
    Health::healthy()
}

/// Adds how its Jobs went: the newest that is over decides.
pub(super) fn explain(health: Health, descendants: &[Object]) -> Health {
    if health.status != HealthStatus::Healthy {
        return health;
    }
    let mut jobs: Vec<&Object> = descendants.iter().filter(|it| it.kind() == "Job").collect();
    jobs.sort_by_key(|job| (job.creation_timestamp().to_owned(), job.name().to_owned()));
    let runs = jobs.iter().rev().map(|job| (job.name(), job::assess(job)));
    let is_over = |health: &Health| {
        matches!(
            health.status,
            HealthStatus::Healthy | HealthStatus::Degraded
        )
    };
    let last = runs.clone().find(|(_, health)| is_over(health));
    let running = runs.clone().next().filter(|(_, health)| !is_over(health));
    let running = running.map(|(name, _)| format!("{name} is running"));
    let (last, health) = match last {
        Some((name, verdict)) if verdict.status == HealthStatus::Degraded => {
            let failed = format!("last run {name} {}", verdict.message);
            (Some(failed), Health::degraded("").since(verdict.since))
        }
        // What runs now tells more than what went well before.
        Some((name, _)) if running.is_none() => {
            (Some(format!("last run {name} completed")), health)
        }
        _ => (None, health),
    };
    let told: Vec<String> = last.into_iter().chain(running).collect();
    Health {
        message: told.join("; "),
        ..health
    }
}
