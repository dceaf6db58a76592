//! Statements on steps.

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::Error;
use super::error::failed;
use super::model::{Step, StepKind};
use super::write::NewStep;

impl Step {
    /// Whether it is about a rollout that went well and whose commit failed elsewhere: its verdict
    /// stays what it was.
    pub(crate) fn is_recall(&self) -> bool {
        self.data["recalled"] == true
    }
}

/// Records steps, in this order.
pub(super) async fn insert(
    connection: &mut PgConnection,
    steps: &[&NewStep],
) -> Result<Vec<Step>, Error> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let row = |step: &&NewStep| {
        json!({
            "at": step.at.as_microsecond(), "application": step.application,
            "rollout": step.rollout, "push": step.push, "kind": word(step.kind),
            "text": step.text, "data": step.data,
        })
    };
    sqlx::query_as(
        "insert into steps (at, application, rollout, push, kind, text, data)
         select timestamptz 'epoch' + k.at * interval '1 microsecond', k.application, k.rollout,
                k.push, k.kind, k.text, k.data
           from rows from (jsonb_to_recordset($1) as (at bigint, application text, rollout text,
                           push text, kind text, text text, data jsonb))
                with ordinality
                as k(at, application, rollout, push, kind, text, data, place)
          order by k.place
         returning *",
    )
    .bind(steps.iter().map(row).collect::<Value>())
    .fetch_all(connection)
    .await
    .map_err(failed("record steps"))
}

fn word(kind: StepKind) -> String {
    let value = serde_json::to_value(kind).expect("a unit variant is a string");
    value.as_str().unwrap_or_default().to_owned()
}
