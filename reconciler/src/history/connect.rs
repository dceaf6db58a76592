//! Connections, in the reconciler's schema, migrated under a lock.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::Error;
use super::error::failed;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/reconciler");

/// Serializes the start of several reconcilers. Any number will do, as long as it stays.
const MIGRATION_LOCK: i64 = 0x6b65_6467_6501;
const CONNECTIONS: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(10);

/// A pool on the migrated schema.
pub(super) async fn connect(url: &str) -> Result<PgPool, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(Error::Url)?
        .application_name("kedge-reconciler")
        .options([
            ("search_path", "reconciler"),
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ])
        .disable_statement_logging();
    let connecting = PgConnection::connect_with(&options);
    let mut connection = tokio::time::timeout(PATIENCE, connecting)
        .await
        .map_err(|_| Error::Late { patience: PATIENCE })?
        .map_err(failed("connect"))?;
    migrate(&mut connection).await?;
    connection.close().await.map_err(failed("connect"))?;
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await
        .map_err(failed("connect"))
}

async fn migrate(connection: &mut PgConnection) -> Result<(), Error> {
    // The lock belongs to the session: whatever happens, it ends with the connection.
    run(connection, "select pg_advisory_lock($1)").await?;
    sqlx::query("create schema if not exists reconciler")
        .execute(&mut *connection)
        .await
        .map_err(failed("create the schema"))?;
    MIGRATIONS
        .run_direct(None, &mut *connection, false)
        .await
        .map_err(Error::Migrate)?;
    run(connection, "select pg_advisory_unlock($1)").await
}

async fn run(connection: &mut PgConnection, statement: &'static str) -> Result<(), Error> {
    sqlx::query(statement)
        .bind(MIGRATION_LOCK)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("lock the schema"))
}
