//! The connections of a history. Whoever asks through here is known to wait for the database, and
//! does not wait for ever: a connection may be cut without a word.

#[cfg(test)]
mod tests;

use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Error, Execute, Executor, Postgres, SqlStr};

/// Longer than the server lets a statement run: who waits longer is not heard, or cannot hear.
pub(super) const LIMIT: Duration = Duration::from_secs(35);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    connections: PgPool,
    limit: Duration,
}

impl Pool {
    /// No question that is asked through it is waited for longer than `limit`.
    pub(super) fn new(connections: PgPool, limit: Duration) -> Self {
        Self { connections, limit }
    }

    async fn within<T>(&self, asking: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = |_| {
            let message = format!("no answer within {:?}", self.limit);
            Err(Error::Io(io::Error::new(io::ErrorKind::TimedOut, message)))
        };
        let answer = tokio::time::timeout(self.limit, asking).await;
        answer.unwrap_or_else(late)
    }

    /// Whoever takes one says that it waits, and for how long at most.
    pub(super) async fn lend(&self) -> Result<Lent, Error> {
        let connection = self.connections.acquire().await?;
        Ok(Lent {
            connection,
            is_done: false,
        })
    }

    pub(super) async fn close(&self) {
        self.connections.close().await;
    }
}

/// A connection for a while. One that is not given back is closed: the pool would wait for the
/// answer that its last user gave up, without a limit.
pub(super) struct Lent {
    connection: PoolConnection<Postgres>,
    is_done: bool,
}

impl Lent {
    /// Everything that was asked is answered.
    pub(super) fn give_back(mut self) {
        self.is_done = true;
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.is_done {
            self.connection.close_on_drop();
        }
    }
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let waiting = client::Waiting::begin();
        let asking = async move {
            let _until_the_end = waiting;
            let mut lent = self.lend().await?;
            let rows: Vec<_> = lent.fetch_many(query).try_collect().await?;
            lent.give_back();
            Ok(stream::iter(rows.into_iter().map(Ok)))
        };
        self.within(asking).try_flatten_stream().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let waiting = client::Waiting::begin();
        let asking = async move {
            let _until_the_end = waiting;
            let mut lent = self.lend().await?;
            let row = lent.fetch_optional(query).await?;
            lent.give_back();
            Ok(row)
        };
        self.within(asking).boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        self.within(self.connections.prepare_with(sql, parameters))
            .boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        self.within(self.connections.describe(sql)).boxed()
    }
}
