//! What exists, now or at a revision. Bodies come from the log, whose bytes are exact.
//!
//! A lateral subquery with an offset is looked up row by row, by primary key: joined freely, the
//! planner might read the whole log to list a hundred objects.

use sqlx::PgConnection;

use api::{Collection, ObjectKey, Revision};

use super::row::{StoredRow, unavailable};
use crate::store::Error;

/// Keeps compaction away until the transaction ends. A snapshot is not enough: the rows that
/// compaction carries forward are younger than it, and those they replace are dropped. To be
/// called before the first read, which is what fixes the snapshot.
pub(super) async fn hold_log(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("lock table changes in access share mode")
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("hold the log"))
}

pub(super) async fn get(
    connection: &mut PgConnection,
    key: &ObjectKey,
) -> Result<Option<StoredRow>, Error> {
    sqlx::query_as(
        "select o.revision, o.resource, o.namespace, o.name, o.uid, c.body
           from objects o join changes c on c.revision = o.revision
          where o.resource = $1 and o.namespace = $2 and o.name = $3",
    )
    .bind(key.collection.to_string())
    .bind(&key.namespace)
    .bind(&key.name)
    .fetch_optional(connection)
    .await
    .map_err(unavailable("read an object"))
}

pub(super) async fn list(
    connection: &mut PgConnection,
    collection: &Collection,
) -> Result<Vec<StoredRow>, Error> {
    sqlx::query_as(
        "select o.revision, o.resource, o.namespace, o.name, o.uid, c.body
           from objects o
          cross join lateral (
                select body from changes where revision = o.revision offset 0) c
          where o.resource = $1",
    )
    .bind(collection.to_string())
    .fetch_all(connection)
    .await
    .map_err(unavailable("list objects"))
}

pub(super) async fn list_everything(
    connection: &mut PgConnection,
) -> Result<Vec<StoredRow>, Error> {
    sqlx::query_as(
        "select o.revision, o.resource, o.namespace, o.name, o.uid, c.body
           from objects o
          cross join lateral (
                select body from changes where revision = o.revision offset 0) c",
    )
    .fetch_all(connection)
    .await
    .map_err(unavailable("list everything"))
}

pub(super) async fn at(
    connection: &mut PgConnection,
    collection: &Collection,
    revision: Revision,
) -> Result<Vec<StoredRow>, Error> {
    sqlx::query_as(
        "select revision, resource, namespace, name, uid, body
           from (select distinct on (resource, namespace, name) *
                   from changes
                  where resource = $1 and revision <= $2
                  order by resource, namespace, name, revision desc) newest
          where operation <> 'deleted'",
    )
    .bind(collection.to_string())
    .bind(revision.0)
    .fetch_all(connection)
    .await
    .map_err(unavailable("list objects of the past"))
}

pub(super) async fn everything_at(
    connection: &mut PgConnection,
    revision: Revision,
) -> Result<Vec<StoredRow>, Error> {
    sqlx::query_as(
        "select revision, resource, namespace, name, uid, body
           from (select distinct on (resource, namespace, name) *
                   from changes
                  where revision <= $1
                  order by resource, namespace, name, revision desc) newest
          where operation <> 'deleted'",
    )
    .bind(revision.0)
    .fetch_all(connection)
    .await
    .map_err(unavailable("list everything of the past"))
}
