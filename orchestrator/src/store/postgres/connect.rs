//! Connections: one schema per lane, migrated under a lock.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use client::{Env, Tasks};

use super::readers::Readers;
use super::row::unavailable;
use super::{Keys, PostgresStore};
use crate::store::{Error, Router};

static OBJECTS: Migrator = sqlx::migrate!("../migrations/orchestrator");
static EVENTS: Migrator = sqlx::migrate!("../migrations/orchestrator_events");

/// Serializes the start of several API servers. Any number will do, as long as it stays.
const MIGRATION_LOCK: i64 = 0x6b65_6467_6500;
const PATIENCE: Duration = Duration::from_secs(10);

/// Which of the two stores: same tables, different promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A commit that was acknowledged is on disk.
    Objects,
    /// A crash of the database may lose the last commits.
    Events,
}

impl Lane {
    /// Also the name of the notification channel.
    pub(super) fn schema(self) -> &'static str {
        match self {
            Self::Objects => "orchestrator",
            Self::Events => "orchestrator_events",
        }
    }

    fn migrator(self) -> &'static Migrator {
        match self {
            Self::Objects => &OBJECTS,
            Self::Events => &EVENTS,
        }
    }

    fn synchronous_commit(self) -> &'static str {
        match self {
            Self::Objects => "on",
            Self::Events => "off",
        }
    }
}

/// Where and how to store. Not `Debug`: the URL may hold a password.
#[derive(Clone)]
pub struct Options {
    /// `postgres://…`
    pub url: String,
    pub lane: Lane,
    pub keys: Arc<Keys>,
    /// Revisions per partition of the log: what compaction can drop at once.
    pub partition: i64,
}

impl Options {
    pub fn new(url: &str, lane: Lane, keys: Arc<Keys>) -> Self {
        Self {
            url: url.to_owned(),
            lane,
            keys,
            partition: 1 << 16,
        }
    }

    /// For one connection or many, in the lane's schema.
    pub(super) fn connect_options(&self) -> Result<PgConnectOptions, Error> {
        let options = PgConnectOptions::from_str(&self.url)
            .map_err(unavailable("read the database's URL"))?;
        Ok(options
            .application_name("kedge-orchestrator")
            .options([
                ("search_path", self.lane.schema()),
                ("synchronous_commit", self.lane.synchronous_commit()),
                ("statement_timeout", "60s"),
                // A server that hangs must not hold the counter row for ever.
                ("idle_in_transaction_session_timeout", "15s"),
            ])
            .disable_statement_logging())
    }

    /// A connection of its own, within a time limit.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        connect_within(&self.connect_options()?).await
    }
}

/// Whether the database can be used: one connection, made and closed.
///
/// # Errors
/// The URL is none, or no server takes it within 10 s; the message never holds the password.
pub async fn reach(url: &str) -> Result<(), Error> {
    let options =
        PgConnectOptions::from_str(url).map_err(unavailable("read the database's URL"))?;
    let connection = connect_within(&options.disable_statement_logging()).await?;
    connection.close().await.map_err(unavailable("connect"))
}

async fn connect_within(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    tokio::time::timeout(PATIENCE, PgConnection::connect_with(options))
        .await
        .map_err(|_| Error::Unavailable {
            operation: "connect",
            detail: format!("no connection within {} s", PATIENCE.as_secs()),
        })?
        .map_err(unavailable("connect"))
}

impl Router {
    /// Both stores of a cluster in one database.
    pub async fn postgres(url: &str, keys: Keys, env: &Env, tasks: &Tasks) -> Result<Self, Error> {
        let keys = Arc::new(keys);
        let objects = connect(
            Options::new(url, Lane::Objects, Arc::clone(&keys)),
            env,
            tasks,
        );
        let events = connect(Options::new(url, Lane::Events, keys), env, tasks);
        let (objects, events) = tokio::try_join!(objects, events)?;
        Ok(Self {
            objects: Arc::new(objects),
            events: Arc::new(events),
        })
    }
}

/// Migrates the schema and starts the store's tasks. They end with `tasks`, after what is queued
/// was committed.
pub async fn connect(options: Options, env: &Env, tasks: &Tasks) -> Result<PostgresStore, Error> {
    let mut connection = options.connect().await?;
    migrate(&mut connection, options.lane).await?;
    super::epoch::ensure(&mut connection).await?;
    connection.close().await.map_err(unavailable("connect"))?;
    let readers = Readers::connect(options.connect_options()?).await?;
    Ok(PostgresStore::start(options, readers, env, tasks))
}

async fn migrate(connection: &mut PgConnection, lane: Lane) -> Result<(), Error> {
    lock(connection).await?;
    let outcome = async {
        create_schema(connection, lane.schema()).await?;
        lane.migrator()
            .run(&mut *connection)
            .await
            .map_err(|error| Error::Unavailable {
                operation: "migrate the schema",
                detail: error.to_string(),
            })
    }
    .await;
    unlock(connection).await?;
    outcome
}

async fn lock(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("select pg_advisory_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("lock the schema"))
}

async fn unlock(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query("select pg_advisory_unlock($1)")
        .bind(MIGRATION_LOCK)
        .execute(connection)
        .await
        .map(drop)
        .map_err(unavailable("unlock the schema"))
}

async fn create_schema(connection: &mut PgConnection, schema: &'static str) -> Result<(), Error> {
    sqlx::query(AssertSqlSafe(format!(
        "create schema if not exists {schema}"
    )))
    .execute(connection)
    .await
    .map(drop)
    .map_err(unavailable("create the schema"))
}
