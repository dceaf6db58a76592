//! Statements on steps.

use sqlx::PgConnection;

use super::Error;
use super::error::failed;
use super::model::{Step, StepKind};
use super::time::Time;
use super::write::NewStep;

pub(super) async fn insert(connection: &mut PgConnection, step: &NewStep) -> Result<Step, Error> {
    sqlx::query_as(
        "insert into steps (at, application, rollout, push, kind, text, data)
         values ($1, $2, $3, $4, $5, $6, $7) returning *",
    )
    .bind(Time(step.at))
    .bind(&step.application)
    .bind(&step.rollout)
    .bind(&step.push)
    .bind(word(step.kind))
    .bind(&step.text)
    .bind(&step.data)
    .fetch_one(connection)
    .await
    .map_err(failed("record a step"))
}

fn word(kind: StepKind) -> String {
    let value = serde_json::to_value(kind).expect("a unit variant is a string");
    value.as_str().unwrap_or_default().to_owned()
}
