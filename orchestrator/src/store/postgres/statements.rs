//! The statements of a batch: one per kind of row, over arrays.
//!
//! Each compares with what was read under the counter's lock and reports how many rows it
//! touched: nobody else writes these tables, and if somebody did, the batch is rolled back.

use jiff::Timestamp;
use sqlx::PgConnection;

use api::ObjectKey;

use super::plan::{Plan, Row, body};
use super::row::operation;

/// The columns that make a key, as arrays to bind.
struct KeyColumns<'a> {
    resources: Vec<String>,
    namespaces: Vec<&'a str>,
    names: Vec<&'a str>,
}

fn key_columns<'a>(keys: impl Iterator<Item = &'a ObjectKey> + Clone) -> KeyColumns<'a> {
    KeyColumns {
        resources: keys.clone().map(|key| key.collection.to_string()).collect(),
        namespaces: keys.clone().map(|key| key.namespace.as_str()).collect(),
        names: keys.map(|key| key.name.as_str()).collect(),
    }
}

fn row_keys<'a>(rows: &'a [Row<'a>]) -> KeyColumns<'a> {
    key_columns(rows.iter().map(|row| &row.prepared.write.key))
}

fn uids<'a>(rows: &'a [Row<'a>]) -> Vec<&'a str> {
    rows.iter()
        .map(|row| row.prepared.write.uid.0.as_str())
        .collect()
}

fn revisions(rows: &[Row<'_>]) -> Vec<i64> {
    rows.iter().map(|row| row.revision.0).collect()
}

fn expected(rows: &[Row<'_>]) -> Vec<i64> {
    rows.iter()
        .map(|row| row.expected.unwrap_or_default().0)
        .collect()
}

/// The JSON for psql, where it may be there.
fn jsons<'a>(rows: &'a [Row<'a>]) -> Vec<Option<&'a str>> {
    let json = |row: &Row<'a>| {
        let json = std::str::from_utf8(body(&row.prepared.write).stored()).ok();
        json.filter(|_| row.prepared.is_jsonb)
    };
    rows.iter().map(json).collect()
}

/// Locks the counter: its value, and the last revision with a partition. `None` on a server that
/// did not make the value.
pub(super) async fn lock_counter(
    connection: &mut PgConnection,
) -> Result<Option<(i64, i64)>, sqlx::Error> {
    sqlx::query_as(
        "select value, partitioned_until from cluster_revision
          where identity = server_identity() for update",
    )
    .fetch_optional(connection)
    .await
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<u64, sqlx::Error> {
    let keys = row_keys(rows);
    sqlx::query(
        "insert into objects (resource, namespace, name, uid, revision, body)
         select resource, namespace, name, uid, revision, body::jsonb
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
                as i (resource, namespace, name, uid, revision, body)
             on conflict do nothing",
    )
    .bind(keys.resources)
    .bind(keys.namespaces)
    .bind(keys.names)
    .bind(uids(rows))
    .bind(revisions(rows))
    .bind(jsons(rows))
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

pub(super) async fn update(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<u64, sqlx::Error> {
    let keys = row_keys(rows);
    sqlx::query(
        "update objects o set uid = i.uid, revision = i.revision, body = i.body::jsonb
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                       $7::bigint[])
                as i (resource, namespace, name, uid, revision, body, expected)
          where o.resource = i.resource and o.namespace = i.namespace and o.name = i.name
            and o.revision = i.expected",
    )
    .bind(keys.resources)
    .bind(keys.namespaces)
    .bind(keys.names)
    .bind(uids(rows))
    .bind(revisions(rows))
    .bind(jsons(rows))
    .bind(expected(rows))
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<u64, sqlx::Error> {
    let keys = row_keys(rows);
    sqlx::query(
        "delete from objects o
          using unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
                as i (resource, namespace, name, expected)
          where o.resource = i.resource and o.namespace = i.namespace and o.name = i.name
            and o.revision = i.expected",
    )
    .bind(keys.resources)
    .bind(keys.namespaces)
    .bind(keys.names)
    .bind(expected(rows))
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

pub(super) async fn free_names(
    connection: &mut PgConnection,
    keys: &[&ObjectKey],
) -> Result<(), sqlx::Error> {
    let keys = key_columns(keys.iter().copied());
    sqlx::query(
        "delete from allocations a
          using unnest($1::text[], $2::text[], $3::text[]) as i (resource, namespace, name)
          where a.resource = i.resource and a.namespace = i.namespace and a.name = i.name",
    )
    .bind(keys.resources)
    .bind(keys.namespaces)
    .bind(keys.names)
    .execute(connection)
    .await
    .map(drop)
}

/// Takes the names that these rows' writes ask for.
pub(super) async fn take_names(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<u64, sqlx::Error> {
    let taken = || {
        let writes = rows.iter().map(|row| &row.prepared.write);
        writes.flat_map(|write| write.allocations.iter().map(|name| (&write.key, name)))
    };
    let keys = key_columns(taken().map(|(key, _)| key).collect::<Vec<_>>().into_iter());
    sqlx::query(
        "insert into allocations (pool, value, resource, namespace, name)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             on conflict do nothing",
    )
    .bind(taken().map(|(_, name)| name.pool).collect::<Vec<_>>())
    .bind(
        taken()
            .map(|(_, name)| name.value.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(keys.resources)
    .bind(keys.namespaces)
    .bind(keys.names)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
}

/// Adds the accepted writes to the log and moves the counter to the last of them.
pub(super) async fn append(
    connection: &mut PgConnection,
    plan: &Plan<'_>,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let writes = || {
        plan.accepted
            .iter()
            .map(|accepted| &accepted.prepared.write)
    };
    let keys = key_columns(writes().map(|write| &write.key));
    let revisions = (0..plan.accepted.len()).map(|position| plan.revision(position).0);
    sqlx::query(
        "with counter as (update cluster_revision set value = $10)
         insert into changes
                (revision, at, resource, namespace, name, uid, operation, actor, commit, body)
         select revision, timestamptz 'epoch' + $9::bigint * interval '1 microsecond',
                resource, namespace, name, uid, operation, actor, commit, body
           from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                       $7::text[], $11::text[], $8::bytea[])
                as i (revision, resource, namespace, name, uid, operation, actor, commit, body)",
    )
    .bind(revisions.collect::<Vec<_>>())
    .bind(keys.resources)
    .bind(keys.namespaces)
    .bind(keys.names)
    .bind(
        writes()
            .map(|write| write.uid.0.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        plan.accepted
            .iter()
            .map(|accepted| operation(accepted.kind))
            .collect::<Vec<_>>(),
    )
    .bind(writes().map(|write| &*write.actor).collect::<Vec<_>>())
    .bind(
        plan.accepted
            .iter()
            .map(|a| a.prepared.sealed.as_slice())
            .collect::<Vec<_>>(),
    )
    .bind(at.as_microsecond())
    .bind(plan.last().0)
    .bind(writes().map(|write| &*write.commit).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map(drop)
}
