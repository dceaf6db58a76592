//! What runs to an end, and how its last run ended.

use std::sync::Arc;

use api::{Collection, Object};
use engine::health;

use crate::web::app::App;

/// Whether what runs to an end did, the last time, and does not run now: pods of earlier tries are no
/// fault any more.
pub(super) async fn has_run_well(app: &App, object: &Object) -> bool {
    let is_well = |job: &Object| {
        let health = health::assess(job, app.env.now());
        health.is_some_and(|health| health.status.is_settled_well())
    };
    match object.kind() {
        "Job" => is_well(object),
        "CronJob" => newest(&of(app, object).await).is_some_and(is_well),
        _ => false,
    }
}

fn newest(jobs: &[Object]) -> Option<&Object> {
    let began = |job: &&Object| (job.creation_timestamp().to_owned(), job.name().to_owned());
    jobs.iter().max_by_key(began)
}

/// The Jobs of a `CronJob`, which say how it is; of others none.
pub(super) async fn of(app: &App, object: &Object) -> Vec<Object> {
    if object.kind() != "CronJob" {
        return Vec::new();
    }
    let uid = object.uid();
    let jobs = app.all(&Collection::new("batch", "jobs")).await;
    let is_own = |it: &&Arc<Object>| it.controller().is_some_and(|owner| owner.uid == uid);
    let jobs = jobs.unwrap_or_default();
    let own = jobs.iter().filter(is_own);
    own.map(|job| Object::clone(job)).collect()
}
