//! Statements on containers that ended badly while a rollout waited for them.

use serde_json::{Value, json};
use sqlx::PgConnection;

use api::ObjectKey;

use super::error::{Error, failed};
use super::keys;
use super::model::Exit;

/// What is kept of one object; what crashes for ever is known by then.
const MOST: i64 = 50;

/// Adds what is not known yet.
pub(super) async fn insert(
    connection: &mut PgConnection,
    rollout: &str,
    exits: &[(ObjectKey, Vec<Exit>)],
) -> Result<(), Error> {
    let rows: Value = exits
        .iter()
        .map(|(key, exits)| keys::row(key, json!({"exits": exits})))
        .collect();
    sqlx::query(
        "update rollout_objects o
            set exits = (select jsonb_agg(newest.exit order by newest.at)
                           from (select exit, (exit ->> 'at')::timestamptz as at
                                   from (select distinct exit
                                           from jsonb_array_elements(o.exits || k.exits) as exit)
                                        as known
                                  order by 2 desc limit $3) as newest)
           from jsonb_to_recordset($2)
                as k(api_group text, resource text, namespace text, name text, exits jsonb)
          where o.rollout = $1 and k.exits <> '[]'
            and (o.api_group, o.resource, o.namespace, o.name)
              = (k.api_group, k.resource, k.namespace, k.name)",
    )
    .bind(rollout)
    .bind(rows)
    .bind(MOST)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record the ends of containers"))
}
