//! The log.

use sqlx::PgConnection;

use jiff::Timestamp;

use api::{ObjectKey, Revision};

use super::row::{AppliedRow, ChangeRow, StoredRow, unavailable};
use crate::store::Error;

pub(super) async fn revision(connection: &mut PgConnection) -> Result<Revision, Error> {
    sqlx::query_scalar("select value from cluster_revision")
        .fetch_one(connection)
        .await
        .map(Revision)
        .map_err(unavailable("read the newest revision"))
}

/// The first revision the log answers for.
pub(super) async fn oldest(connection: &mut PgConnection) -> Result<Revision, Error> {
    sqlx::query_scalar("select oldest from change_log")
        .fetch_one(connection)
        .await
        .map(Revision)
        .map_err(unavailable("read how far the log reaches back"))
}

pub(super) async fn after(
    connection: &mut PgConnection,
    after: Revision,
    limit: usize,
) -> Result<Vec<ChangeRow>, Error> {
    sqlx::query_as(
        "select revision, (extract(epoch from at) * 1000000)::bigint as at,
                resource, namespace, name, uid, operation, actor, commit, body
           from changes where revision > $1 order by revision limit $2",
    )
    .bind(after.0)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await
    .map_err(unavailable("read the log"))
}

/// Newest first.
pub(super) async fn of_object(
    connection: &mut PgConnection,
    key: &ObjectKey,
    until: Revision,
    limit: usize,
) -> Result<Vec<ChangeRow>, Error> {
    sqlx::query_as(
        "select revision, (extract(epoch from at) * 1000000)::bigint as at,
                resource, namespace, name, uid, operation, actor, commit, body
           from changes
          where resource = $1 and namespace = $2 and name = $3 and revision <= $4
          order by revision desc limit $5",
    )
    .bind(key.collection.to_string())
    .bind(&key.namespace)
    .bind(&key.name)
    .bind(until.0)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await
    .map_err(unavailable("read the history of an object"))
}

#[derive(sqlx::FromRow)]
pub(super) struct VersionRow {
    /// Of the point, from 1.
    pub(super) ordinal: i64,
    pub(super) operation: String,
    #[sqlx(flatten)]
    pub(super) stored: StoredRow,
}

/// For each point the last change of the object before it.
pub(super) async fn before(
    connection: &mut PgConnection,
    points: &[(ObjectKey, Revision)],
) -> Result<Vec<VersionRow>, Error> {
    let keys = points.iter().map(|(key, _)| key);
    sqlx::query_as(
        "select p.ordinal, c.operation, c.revision, c.resource, c.namespace, c.name, c.uid, c.body
           from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
                with ordinality as p (resource, namespace, name, revision, ordinal)
          cross join lateral (
                select * from changes
                 where resource = p.resource and namespace = p.namespace and name = p.name
                   and revision < p.revision
                 order by revision desc limit 1) c",
    )
    .bind(
        keys.clone()
            .map(|key| key.collection.to_string())
            .collect::<Vec<_>>(),
    )
    .bind(
        keys.clone()
            .map(|key| key.namespace.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(keys.map(|key| key.name.as_str()).collect::<Vec<_>>())
    .bind(
        points
            .iter()
            .map(|(_, revision)| revision.0)
            .collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await
    .map_err(unavailable("read earlier versions"))
}

/// The newest revision the log answers for that was committed at or before a time.
pub(super) async fn revision_at(
    connection: &mut PgConnection,
    time: Timestamp,
) -> Result<Option<Revision>, Error> {
    sqlx::query_scalar::<_, Option<i64>>(
        "select max(revision) from changes
          where at <= timestamptz 'epoch' + $1::bigint * interval '1 microsecond'
            and revision >= (select oldest from change_log)",
    )
    .bind(time.as_microsecond())
    .fetch_one(connection)
    .await
    .map(|revision| revision.map(Revision))
    .map_err(unavailable("find the revision of a time"))
}

/// By hash, at most two.
pub(super) async fn applied(
    connection: &mut PgConnection,
    prefix: &str,
) -> Result<Vec<AppliedRow>, Error> {
    // No digit of a hash is beyond f.
    sqlx::query_as(
        "select commit, max(revision) as revision,
                (extract(epoch from max(at)) * 1000000)::bigint as at
           from changes
          where commit <> '' and commit >= $1 and commit < $1 || 'g'
            and revision >= (select oldest from change_log)
          group by commit order by commit limit 2",
    )
    .bind(prefix)
    .fetch_all(connection)
    .await
    .map_err(unavailable("find the changes of a commit"))
}
