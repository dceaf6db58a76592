//! Statements on applications and what belongs to them.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::PgConnection;

use api::{ObjectKey, Uid};

use super::Error;
use super::error::failed;
use super::keys;
use super::model::ApplicationRecord;
use super::time::Time;

pub(super) async fn applications(
    connection: &mut PgConnection,
    records: &[ApplicationRecord],
) -> Result<(), Error> {
    let row = |record: &ApplicationRecord| {
        json!({
            "name": record.name, "in_git": record.in_git, "deletion": record.deletion.as_str(),
            "seen": record.seen_at.as_microsecond(),
            "removed": record.removed_at.map(Timestamp::as_microsecond),
        })
    };
    sqlx::query(
        "insert into applications (name, in_git, deletion, seen_at, removed_at)
         select k.name, k.in_git, k.deletion,
                timestamptz 'epoch' + k.seen * interval '1 microsecond',
                timestamptz 'epoch' + k.removed * interval '1 microsecond'
           from jsonb_to_recordset($1)
                as k(name text, in_git boolean, deletion text, seen bigint, removed bigint)
         on conflict (name) do update
            set in_git = excluded.in_git, deletion = excluded.deletion,
                removed_at = excluded.removed_at",
    )
    .bind(records.iter().map(row).collect::<Value>())
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record applications"))
}

pub(super) async fn add(
    connection: &mut PgConnection,
    application: &str,
    keys: &[ObjectKey],
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "insert into inventory (api_group, resource, namespace, name, application, added_at)
         select k.api_group, k.resource, k.namespace, k.name, $2, $3
           from jsonb_to_recordset($1)
                as k(api_group text, resource text, namespace text, name text)
         on conflict (api_group, resource, namespace, name) do update set application = $2",
    )
    .bind(keys::rows(keys))
    .bind(application)
    .bind(Time(at))
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("add to an inventory"))
}

/// Row by row through the key: of a list in JSON the planner believes that it has a hundred rows,
/// and reads the whole table for one. Only this process writes it, so that a place stays.
pub(super) async fn uids(
    connection: &mut PgConnection,
    uids: &[(ObjectKey, Uid)],
) -> Result<(), Error> {
    let rows: Value = uids
        .iter()
        .map(|(key, uid)| keys::row(key, json!({"uid": uid})))
        .collect();
    sqlx::query(
        "update inventory i set uid = found.uid
           from (select there.place, k.uid
                   from jsonb_to_recordset($1)
                        as k(api_group text, resource text, namespace text, name text, uid text),
                        lateral (select t.ctid as place from inventory t
                                  where (t.api_group, t.resource, t.namespace, t.name)
                                      = (k.api_group, k.resource, k.namespace, k.name)
                                  limit 1) there) found
          where i.ctid = found.place",
    )
    .bind(rows)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record uids"))
}

pub(super) async fn remove(
    connection: &mut PgConnection,
    application: &str,
    keys: &[ObjectKey],
) -> Result<(), Error> {
    sqlx::query(
        "delete from inventory i
          using (select there.place
                   from jsonb_to_recordset($1)
                        as k(api_group text, resource text, namespace text, name text),
                        lateral (select t.ctid as place from inventory t
                                  where (t.api_group, t.resource, t.namespace, t.name)
                                      = (k.api_group, k.resource, k.namespace, k.name)
                                    and t.application = $2
                                  limit 1) there) found
          where i.ctid = found.place",
    )
    .bind(keys::rows(keys))
    .bind(application)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("take out of an inventory"))
}
