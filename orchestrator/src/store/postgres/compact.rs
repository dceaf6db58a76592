//! Forgetting: whole partitions of the log are dropped, after the versions that were valid at
//! their end have been carried into one new oldest partition. No row is ever deleted, and no
//! transaction forgets more than a few partitions: a log that grew long becomes short in steps.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use api::Revision;

use super::row::unavailable;
use super::{changes, partition};
use crate::store::Error;

/// One server at a time.
const COMPACTION_LOCK: i32 = 0x6b65_6467;
/// Partitions that one transaction forgets.
const STEP: i64 = 8;

/// Answers for nothing before `before` from now on, and drops what is wholly older.
pub(super) async fn compact(connection: &mut PgConnection, before: Revision) -> Result<(), Error> {
    let mut transaction = connection
        .begin()
        .await
        .map_err(unavailable("compact the log"))?;
    if !lock(&mut transaction).await? {
        return Ok(());
    }
    let newest = changes::revision(&mut transaction).await?;
    raise_oldest(&mut transaction, before.0.min(newest.0 + 1)).await?;
    transaction
        .commit()
        .await
        .map_err(unavailable("compact the log"))?;

    while step(connection).await? {}
    Ok(())
}

/// Forgets the oldest partitions. False where nothing is left to forget, or another server is at it.
async fn step(connection: &mut PgConnection) -> Result<bool, Error> {
    let mut transaction = connection
        .begin()
        .await
        .map_err(unavailable("compact the log"))?;
    if !lock(&mut transaction).await? {
        return Ok(false);
    }
    let outdated = outdated(&mut transaction).await?;
    // What was carried forward last time is a partition too; alone it is not worth rewriting.
    let (Some((_, last)), true) = (outdated.last(), outdated.iter().any(|(n, _)| !is_base(n)))
    else {
        return Ok(false);
    };
    carry_forward(&mut transaction, &outdated, last + 1)
        .await
        .map_err(unavailable("compact the log"))?;
    transaction
        .commit()
        .await
        .map_err(unavailable("compact the log"))?;
    Ok(true)
}

fn is_base(partition: &str) -> bool {
    partition.starts_with("changes_before_")
}

async fn carry_forward(
    connection: &mut PgConnection,
    outdated: &[(String, i64)],
    end: i64,
) -> Result<(), sqlx::Error> {
    let base = format!("changes_before_{end}");
    take_time(connection).await?;
    partition::create(connection, &base).await?;
    copy(connection, &base, end).await?;
    limit_wait(connection).await?;
    for (name, _) in outdated {
        drop_table(connection, name).await?;
        forget(connection, name).await?;
    }
    partition::attach(connection, &base, "minvalue", end).await?;
    partition::register(connection, &base, i64::MIN, end - 1).await
}

async fn lock(connection: &mut PgConnection) -> Result<bool, Error> {
    sqlx::query_scalar("select pg_try_advisory_xact_lock($1, hashtext(current_schema()))")
        .bind(COMPACTION_LOCK)
        .fetch_one(connection)
        .await
        .map_err(unavailable("lock the log"))
}

async fn raise_oldest(connection: &mut PgConnection, oldest: i64) -> Result<(), Error> {
    sqlx::query("update change_log set oldest = $1 where oldest < $1")
        .bind(oldest)
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("shorten the log"))
}

/// The oldest partitions that hold nothing the log answers for, each with its last revision.
async fn outdated(connection: &mut PgConnection) -> Result<Vec<(String, i64)>, Error> {
    sqlx::query_as(
        "select name, last from change_partitions
          where last < (select oldest from change_log) order by last limit $1",
    )
    .bind(STEP)
    .fetch_all(connection)
    .await
    .map_err(unavailable("list the log's partitions"))
}

/// The version of each object that was valid just before `end`.
async fn copy(connection: &mut PgConnection, base: &str, end: i64) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into {base}
         select * from (select distinct on (resource, namespace, name) *
                          from changes where revision < $1
                         order by resource, namespace, name, revision desc) newest
          where operation <> 'deleted'"
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(end)
        .execute(connection)
        .await
        .map(drop)
}

/// A large log takes longer to copy than any other statement may take.
async fn take_time(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set local statement_timeout = '15min'")
        .execute(connection)
        .await
        .map(drop)
}

/// Dropping needs the strongest lock, and every writer queues behind one who waits for it.
async fn limit_wait(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set local lock_timeout = '2s'")
        .execute(connection)
        .await
        .map(drop)
}

async fn drop_table(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(format!("drop table {name}")))
        .execute(connection)
        .await
        .map(drop)
}

async fn forget(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("delete from change_partitions where name = $1")
        .bind(name)
        .execute(connection)
        .await
        .map(drop)
}
