//! The connections for reading: so many, and each read waits for one of its own.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::row::unavailable;
use crate::store::Error;

const READERS: usize = 8;
/// For making a connection; waiting for others' reads is not counted in. A server that does not
/// take one for so long is down, and who reads is better told.
const CONNECT: Duration = Duration::from_secs(3);

/// The pool alone would have one limit for both waits: a long one keeps readers of a database that
/// is down waiting, a short one refuses reads of one that is busy.
pub(super) struct Readers {
    pool: PgPool,
    free: Semaphore,
}

/// A connection, given back when dropped.
pub(super) struct Reader<'a> {
    connection: PoolConnection<Postgres>,
    _turn: SemaphorePermit<'a>,
}

impl Readers {
    pub(super) async fn connect(options: PgConnectOptions) -> Result<Self, Error> {
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(READERS).expect("a handful"))
            .acquire_timeout(CONNECT)
            .connect_with(options)
            .await
            .map_err(unavailable("connect"))?;
        let free = Semaphore::new(READERS);
        Ok(Self { pool, free })
    }

    pub(super) async fn next(&self) -> Result<Reader<'_>, Error> {
        let turn = self.free.acquire().await.expect("it is never closed");
        let connection = self.pool.acquire().await.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => Error::Unavailable {
                operation: "connect",
                detail: format!("the database takes no connection within {CONNECT:?}"),
            },
            error => unavailable("connect")(error),
        })?;
        Ok(Reader {
            connection,
            _turn: turn,
        })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Deref for Reader<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
