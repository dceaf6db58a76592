//! The store's public face: the trait, over the functions beside it.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use api::{Collection, ObjectKey, Revision};
use client::{Env, Tasks};

use super::super::decide;
use super::plan::{Answer, Prepared, Unit, body};
use super::readers::Readers;
use super::row::{AppliedRow, StoredRow, unavailable};
use super::write::Writer;
use super::{Options, changes, compact, notify, read, requests, seal};
use crate::store::{Applied, Asked, Change, Commit, Error, Listing, Store, Stored, Write};

/// News kept for a slow receiver; past that it reads the log.
const COMMITS: usize = 256;
/// Units that wait for a batch; past that callers wait.
const QUEUE: usize = 4_096;
/// For one read, the wait for a connection included.
const READ: Duration = Duration::from_mins(1);

/// One lane of the database.
pub struct PostgresStore {
    options: Options,
    readers: Readers,
    queue: mpsc::Sender<Unit>,
    commits: broadcast::Sender<Commit>,
}

impl PostgresStore {
    pub(super) fn start(options: Options, readers: Readers, env: &Env, tasks: &Tasks) -> Self {
        let (queue, units) = mpsc::channel(QUEUE);
        let commits = broadcast::Sender::new(COMMITS);
        let committed = watch::Sender::new(Revision::default());
        let announcing = notify::announce(options.clone(), env.clone(), committed.subscribe());
        let writer = Writer {
            options: options.clone(),
            env: env.clone(),
            connection: None,
            is_broken: false,
            is_down: false,
            commits: commits.clone(),
            committed,
        };
        tasks.spawn(writer.run(units, tasks.token().clone()));
        tasks.spawn_until_cancelled(announcing);
        let listening = notify::listen(options.clone(), env.clone(), commits.clone());
        tasks.spawn_until_cancelled(listening);
        Self {
            options,
            readers,
            queue,
            commits,
        }
    }

    /// Closes the connections for reading, once the store's tasks have ended.
    pub async fn close(&self) {
        self.readers.close().await;
    }

    fn prepare(&self, writes: Vec<Write>) -> Vec<Prepared> {
        let prepare = |write: Write| {
            let body = body(&write);
            let sealed = seal::seal(&self.options.keys, &write.key, &write.uid, body);
            let is_jsonb = !seal::is_secret(&write.key.collection) && fits_jsonb(body.stored());
            Prepared {
                write,
                sealed,
                is_jsonb,
            }
        };
        writes.into_iter().map(prepare).collect()
    }

    fn listing(&self, rows: Vec<StoredRow>, revision: Revision) -> Result<Listing, Error> {
        let items = rows.into_iter().map(|row| row.stored(&self.options.keys));
        let mut items = items.collect::<Result<Vec<_>, _>>()?;
        items.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(Listing { items, revision })
    }

    /// Fails where the log no longer answers for a revision. Read after the rows: what was
    /// compacted before they were read is then seen.
    async fn check_reaches(
        &self,
        connection: &mut PgConnection,
        revision: Revision,
    ) -> Result<(), Error> {
        let oldest = changes::oldest(connection).await?;
        if revision.0 + 1 < oldest.0 {
            return Err(Error::Compacted {
                requested: revision,
                oldest,
            });
        }
        Ok(())
    }
}

/// Whether jsonb can hold this JSON: it refuses the character zero.
fn fits_jsonb(json: &[u8]) -> bool {
    const ZERO: &[u8] = b"\\u0000";
    let is_escaped = |start: usize| {
        let backslashes = json[..start]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        backslashes % 2 == 1
    };
    let mut windows = json.windows(ZERO.len()).enumerate();
    !windows.any(|(start, window)| window == ZERO && !is_escaped(start))
}

async fn within<T>(
    operation: &'static str,
    reading: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let timed_out = |_| {
        let detail = format!("no answer within {} s", READ.as_secs());
        Err(Error::Unavailable { operation, detail })
    };
    tokio::time::timeout(READ, reading)
        .await
        .unwrap_or_else(timed_out)
}

fn gone() -> Error {
    Error::Unavailable {
        operation: "commit",
        detail: "the server is shutting down".into(),
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn get(&self, key: &ObjectKey) -> Result<Option<Stored>, Error> {
        within("read an object", async {
            let row = read::get(&mut *self.readers.next().await?, key).await?;
            row.map(|row| row.stored(&self.options.keys)).transpose()
        })
        .await
    }

    async fn list(&self, collection: Option<&Collection>) -> Result<Listing, Error> {
        within("list objects", async {
            let mut connection = self.readers.next().await?;
            let mut snapshot = connection
                .begin_with("begin isolation level repeatable read read only")
                .await
                .map_err(unavailable("list objects"))?;
            read::hold_log(&mut snapshot).await?;
            let revision = changes::revision(&mut snapshot).await?;
            let rows = match collection {
                Some(collection) => read::list(&mut snapshot, collection).await?,
                None => read::list_everything(&mut snapshot).await?,
            };
            snapshot
                .rollback()
                .await
                .map_err(unavailable("list objects"))?;
            self.listing(rows, revision)
        })
        .await
    }

    async fn write(&self, writes: Vec<Write>) -> Vec<Result<Arc<Change>, Error>> {
        let count = writes.len();
        let (answer, answered) = oneshot::channel();
        let unit = Unit {
            writes: self.prepare(writes),
            answer: Answer::Each(answer),
        };
        let answers = match self.queue.send(unit).await {
            Ok(()) => answered.await.ok(),
            Err(_) => None,
        };
        answers.unwrap_or_else(|| vec![Err(gone()); count])
    }

    async fn transaction(&self, writes: Vec<Write>) -> Result<Vec<Arc<Change>>, (usize, Error)> {
        let (answer, answered) = oneshot::channel();
        let unit = Unit {
            writes: self.prepare(writes),
            answer: Answer::All(answer),
        };
        self.queue.send(unit).await.map_err(|_| (0, gone()))?;
        answered.await.map_err(|_| (0, gone()))?
    }

    async fn changes(&self, after: Revision, limit: usize) -> Result<Vec<Arc<Change>>, Error> {
        within("read the log", async {
            let mut connection = self.readers.next().await?;
            let rows = changes::after(&mut connection, after, limit).await?;
            self.check_reaches(&mut connection, after).await?;
            rows.into_iter()
                .map(|row| row.change(&self.options.keys))
                .collect()
        })
        .await
    }

    async fn before(&self, points: &[(ObjectKey, Revision)]) -> Result<Vec<Option<Stored>>, Error> {
        within("read earlier versions", async {
            let mut versions = vec![None; points.len()];
            for row in changes::before(&mut *self.readers.next().await?, points).await? {
                let index = usize::try_from(row.ordinal - 1).unwrap_or(usize::MAX);
                if let Some(version) = versions.get_mut(index)
                    && row.operation != "deleted"
                {
                    *version = Some(row.stored.stored(&self.options.keys)?);
                }
            }
            Ok(versions)
        })
        .await
    }

    async fn history(
        &self,
        key: &ObjectKey,
        until: Revision,
        limit: usize,
    ) -> Result<Vec<Arc<Change>>, Error> {
        within("read the history of an object", async {
            let mut connection = self.readers.next().await?;
            let rows = changes::of_object(&mut connection, key, until, limit).await?;
            self.check_reaches(&mut connection, until).await?;
            let oldest = changes::oldest(&mut connection).await?;
            let changes: Result<Vec<_>, Error> = rows
                .into_iter()
                .map(|row| row.change(&self.options.keys))
                .collect();
            Ok(decide::remembered(changes?, oldest))
        })
        .await
    }

    async fn oldest(&self) -> Result<Revision, Error> {
        within("read how far the log reaches back", async {
            changes::oldest(&mut *self.readers.next().await?).await
        })
        .await
    }

    async fn revision(&self) -> Result<Revision, Error> {
        within("read the newest revision", async {
            changes::revision(&mut *self.readers.next().await?).await
        })
        .await
    }

    async fn revision_at(&self, time: Timestamp) -> Result<Option<Revision>, Error> {
        within("find the revision of a time", async {
            changes::revision_at(&mut *self.readers.next().await?, time).await
        })
        .await
    }

    async fn applied(&self, prefix: &str) -> Result<Vec<Applied>, Error> {
        within("find the changes of a commit", async {
            let rows = changes::applied(&mut *self.readers.next().await?, prefix).await?;
            rows.into_iter().map(AppliedRow::applied).collect()
        })
        .await
    }

    async fn at(
        &self,
        collection: Option<&Collection>,
        revision: Revision,
    ) -> Result<Listing, Error> {
        within("list objects of the past", async {
            let mut connection = self.readers.next().await?;
            let rows = match collection {
                Some(collection) => read::at(&mut connection, collection, revision).await?,
                None => read::everything_at(&mut connection, revision).await?,
            };
            self.check_reaches(&mut connection, revision).await?;
            self.listing(rows, revision)
        })
        .await
    }

    async fn compact(&self, before: Revision) -> Result<(), Error> {
        compact::compact(&mut self.options.connect().await?, before).await
    }

    async fn record(&self, asked: &[Asked]) -> Result<(), Error> {
        within("record what was asked for", async {
            requests::record(&mut *self.readers.next().await?, asked).await
        })
        .await
    }

    async fn forget(&self, before: Timestamp, most: i64) -> Result<(), Error> {
        requests::forget(&mut self.options.connect().await?, before, most).await
    }

    fn commits(&self) -> broadcast::Receiver<Commit> {
        self.commits.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_found_and_backslashes_are_not() {
        for (json, expected) in [
            (r#"{"a":"b"}"#, true),
            (r#"{"a":"\u0000"}"#, false),
            (r#"{"a":"\\u0000"}"#, true),
            (r#"{"a":"\\\u0000"}"#, false),
        ] {
            assert_eq!(fits_jsonb(json.as_bytes()), expected, "{json}");
        }
    }
}
