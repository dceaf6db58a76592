//! Partitions of the log are made ahead of the counter, by the writer that needs them, while it
//! holds the counter row.

use sqlx::{AssertSqlSafe, PgConnection};

use api::Revision;

/// Makes room for `until`, and for `size` more.
pub(super) async fn extend(
    connection: &mut PgConnection,
    partitioned_until: i64,
    until: Revision,
    size: i64,
) -> Result<(), sqlx::Error> {
    let first = partitioned_until + 1;
    let last = until.0.saturating_add(size);
    let name = format!("changes_{first}");
    create(connection, &name).await?;
    attach(connection, &name, &first.to_string(), last + 1).await?;
    register(connection, &name, first, last).await?;
    set_end(connection, last).await
}

/// A table like the log itself. Attaching it is what takes a weak lock; creating it as a
/// partition would take the strongest.
pub(super) async fn create(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let statement = format!(
        "create table {name} (like changes including defaults including constraints including storage)"
    );
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
}

/// `first` is a number or `minvalue`; `end` is exclusive.
pub(super) async fn attach(
    connection: &mut PgConnection,
    name: &str,
    first: &str,
    end: i64,
) -> Result<(), sqlx::Error> {
    let statement =
        format!("alter table changes attach partition {name} for values from ({first}) to ({end})");
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn register(
    connection: &mut PgConnection,
    name: &str,
    first: i64,
    last: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into change_partitions (name, first, last) values ($1, $2, $3)")
        .bind(name)
        .bind(first)
        .bind(last)
        .execute(connection)
        .await
        .map(drop)
}

async fn set_end(connection: &mut PgConnection, last: i64) -> Result<(), sqlx::Error> {
    sqlx::query("update cluster_revision set partitioned_until = $1")
        .bind(last)
        .execute(connection)
        .await
        .map(drop)
}
