//! Group commit. One task, one connection: what queued while the last batch was committed is the
//! next batch. The counter row is locked from the first statement to the commit.

use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, Unit as Precision};
use sqlx::{Connection, PgConnection};
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use api::Revision;
use client::Env;

use super::batch::fill;
use super::plan::{Answer, Plan, Rows, Unit, Verdict, plan};
use super::settle::{Outcome, settle};
use super::view::view;
use super::{Lane, Options, epoch, partition, statements};
use crate::store::decide::View;
use crate::store::{Change, Commit, Error};

/// For one attempt, the wait for other servers' commits included.
const PATIENCE: Duration = Duration::from_secs(20);
/// After a failure that certainly committed nothing. Together they outlast a restart of the
/// database; past them, whoever waits is better told.
const RETRIES: [Duration; 4] = [
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// For a connection of the writer. A server that does not take one for so long is down.
const CONNECT: Duration = Duration::from_secs(2);

pub(super) struct Writer {
    pub(super) options: Options,
    pub(super) env: Env,
    pub(super) connection: Option<PgConnection>,
    /// Whether a connection broke since the last commit.
    pub(super) is_broken: bool,
    /// Whether a batch was given up since the last commit: the next ones are not tried again, or
    /// each would wait for all the pauses of those before it.
    pub(super) is_down: bool,
    pub(super) commits: broadcast::Sender<Commit>,
    pub(super) committed: watch::Sender<Revision>,
}

/// Why an attempt failed.
enum Failure {
    /// Nothing was committed.
    Nothing(Error),
    /// The commit was sent, and no answer came: what is to be answered if it was carried out.
    Unknown(Error, Box<Committed>),
    /// The server is not the one that made the counter's value.
    Stranger,
    /// The database refuses this batch, and will again.
    Refused(Error),
}

/// A committed batch: the changes, and what each unit is told.
type Committed = (Revision, Vec<Arc<Change>>, Vec<Verdict>);

impl Writer {
    /// Commits until the queue is closed and empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Unit>, token: CancellationToken) {
        let mut waiting = None;
        loop {
            let first = if let Some(unit) = waiting.take() {
                Some(unit)
            } else {
                tokio::select! {
                    biased;
                    unit = queue.recv() => unit,
                    () = token.cancelled(), if !queue.is_closed() => {
                        queue.close();
                        continue;
                    }
                }
            };
            let Some(first) = first else { return };
            let batch = fill(first, &mut queue, &mut waiting);
            self.commit(batch).await;
        }
    }

    async fn commit(&mut self, batch: Vec<Unit>) {
        let retries: &[Duration] = if self.is_down { &[] } else { &RETRIES };
        let mut retries = retries.iter();
        loop {
            let error = match self.attempt(&batch).await {
                Ok(committed) => {
                    self.is_down = false;
                    return self.answer(batch, committed);
                }
                Err(Failure::Refused(_)) if batch.len() > 1 => {
                    for unit in batch {
                        Box::pin(self.commit(vec![unit])).await;
                    }
                    return;
                }
                Err(Failure::Refused(error)) => return refuse(batch, &error),
                Err(Failure::Unknown(error, lost)) => {
                    self.disconnect();
                    match self.settle(&lost).await {
                        Ok(Outcome::Committed) => return self.answer(batch, *lost),
                        Ok(Outcome::Nothing) => error,
                        Err(unreachable) => return refuse(batch, &uncertain(&unreachable)),
                    }
                }
                Err(Failure::Stranger) => {
                    self.is_broken = true;
                    Error::Unavailable {
                        operation: "commit",
                        detail: "server changed".into(),
                    }
                }
                Err(Failure::Nothing(error)) => {
                    self.disconnect();
                    error
                }
            };
            let Some(pause) = retries.next() else {
                self.is_down = true;
                return refuse(batch, &error);
            };
            tracing::warn!(error = %error, "a batch is tried again");
            self.env.clock.sleep(*pause).await;
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
        self.is_broken = true;
    }

    /// Finds out what became of a commit without an answer.
    async fn settle(&self, (after, changes, _): &Committed) -> Result<Outcome, Error> {
        let mut retries = RETRIES.iter();
        loop {
            let settling = settle(&self.options, *after, changes);
            let outcome = tokio::time::timeout(PATIENCE, settling).await;
            let error = match outcome.unwrap_or_else(|_| Err(no_answer("look for a commit"))) {
                Ok(outcome) => {
                    tracing::warn!(?outcome, revision = after.0 + 1, "a commit had no answer");
                    return Ok(outcome);
                }
                Err(error) => error,
            };
            let Some(pause) = retries.next() else {
                return Err(error);
            };
            self.env.clock.sleep(*pause).await;
        }
    }

    /// One transaction.
    async fn attempt(&mut self, batch: &[Unit]) -> Result<Committed, Failure> {
        self.connect().await.map_err(Failure::Nothing)?;
        let at = self
            .env
            .now()
            .round(Precision::Microsecond)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let connection = self.connection.as_mut().expect("connected above");
        let preparing = prepare(connection, batch, at, self.options.partition);
        let prepared = tokio::time::timeout(PATIENCE, preparing).await;
        let (transaction, after, changes, verdicts) =
            prepared.map_err(|_| Failure::Nothing(no_answer("commit")))??;
        let committed = (after, changes, verdicts);
        let Some(transaction) = transaction else {
            return Ok(committed);
        };
        let error = match tokio::time::timeout(PATIENCE, transaction.commit()).await {
            Ok(Ok(())) => return Ok(committed),
            Ok(Err(error)) => super::row::unavailable("commit")(error),
            Err(_) => no_answer("commit"),
        };
        Err(Failure::Unknown(error, Box::new(committed)))
    }

    /// A connection to a server that may count on.
    async fn connect(&mut self) -> Result<(), Error> {
        if self.connection.is_none() {
            let connecting = tokio::time::timeout(CONNECT, self.options.connect());
            let connection = connecting.await.map_err(|_| Error::Unavailable {
                operation: "connect",
                detail: format!("no connection within {} s", CONNECT.as_secs()),
            })?;
            self.connection = Some(connection?);
        }
        if self.is_broken {
            let connection = self.connection.as_mut().expect("made above");
            match self.options.lane {
                Lane::Objects => epoch::ensure(connection).await?,
                // A broken connection may mean that the server crashed, and with it commits
                // that it had acknowledged.
                Lane::Events => epoch::begin(connection).await?,
            }
            self.is_broken = false;
        }
        Ok(())
    }

    fn answer(&self, batch: Vec<Unit>, (after, changes, verdicts): Committed) {
        if let Some(last) = changes.last() {
            self.committed.send_replace(last.revision);
            // No receiver is no error: nobody watches yet.
            let _ = self.commits.send(Commit::Own {
                after,
                changes: changes.clone().into(),
            });
        }
        for (unit, verdict) in batch.into_iter().zip(verdicts) {
            // A caller that is gone needs no answer.
            match (unit.answer, verdict) {
                (Answer::Each(answer), Verdict::Each(verdicts)) => {
                    let changes = verdicts
                        .into_iter()
                        .map(|verdict| verdict.map(|position| Arc::clone(&changes[position])));
                    let _ = answer.send(changes.collect());
                }
                (Answer::All(answer), Verdict::All(verdict)) => {
                    let _ = answer.send(verdict.map(|range| changes[range].to_vec()));
                }
                _ => unreachable!("a verdict is made from its unit's kind of answer"),
            }
        }
    }
}

fn no_answer(operation: &'static str) -> Error {
    Error::Unavailable {
        operation,
        detail: format!("no answer within {} s", PATIENCE.as_secs()),
    }
}

fn uncertain(unreachable: &Error) -> Error {
    Error::Uncertain {
        detail: unreachable.to_string(),
    }
}

fn refuse(batch: Vec<Unit>, error: &Error) {
    tracing::warn!(error = %error, units = batch.len(), "a batch was not committed");
    for unit in batch {
        match unit.answer {
            Answer::Each(answer) => {
                let _ = answer.send(unit.writes.iter().map(|_| Err(error.clone())).collect());
            }
            Answer::All(answer) => {
                let _ = answer.send(Err((0, error.clone())));
            }
        }
    }
}

type Transaction<'a> = sqlx::Transaction<'a, sqlx::Postgres>;

/// Everything but the commit. No transaction where nothing was accepted.
async fn prepare<'a>(
    connection: &'a mut PgConnection,
    batch: &[Unit],
    at: Timestamp,
    partition_size: i64,
) -> Result<
    (
        Option<Transaction<'a>>,
        Revision,
        Vec<Arc<Change>>,
        Vec<Verdict>,
    ),
    Failure,
> {
    let mut transaction = connection.begin().await.map_err(failure)?;
    let (value, partitioned_until) = statements::lock_counter(&mut transaction)
        .await
        .map_err(failure)?
        .ok_or(Failure::Stranger)?;
    let view = view(&mut transaction, batch).await.map_err(failure)?;
    let plan = plan(&view, batch, Revision(value));
    if plan.accepted.is_empty() {
        transaction.rollback().await.map_err(failure)?;
        return Ok((None, plan.after, Vec::new(), plan.verdicts));
    }
    if plan.last().0 > partitioned_until {
        partition::extend(
            &mut transaction,
            partitioned_until,
            plan.last(),
            partition_size,
        )
        .await
        .map_err(failure)?;
    }
    let is_whole = apply(&mut transaction, &plan, &view, at)
        .await
        .map_err(failure)?;
    if !is_whole {
        return Err(Failure::Refused(Error::Unavailable {
            operation: "commit",
            detail: "rows were changed by something that does not lock the counter".into(),
        }));
    }
    let changes = changes(&plan, at);
    Ok((Some(transaction), plan.after, changes, plan.verdicts))
}

/// Writes the rows. False where one was not as it had been read.
async fn apply(
    connection: &mut PgConnection,
    plan: &Plan<'_>,
    view: &View,
    at: Timestamp,
) -> Result<bool, sqlx::Error> {
    let Rows {
        insert,
        update,
        delete,
    } = plan.rows(view);
    let mut is_whole = true;
    let mut check = |touched: u64, rows: usize| is_whole &= touched == rows as u64;
    if !insert.is_empty() {
        check(statements::insert(connection, &insert).await?, insert.len());
    }
    if !update.is_empty() {
        check(statements::update(connection, &update).await?, update.len());
    }
    if !delete.is_empty() {
        check(statements::delete(connection, &delete).await?, delete.len());
    }
    let changed = update
        .iter()
        .chain(&delete)
        .map(|row| &row.prepared.write.key);
    let holders: Vec<_> = changed.filter(|key| view.is_holder(key)).collect();
    if !holders.is_empty() {
        statements::free_names(connection, &holders).await?;
    }
    let takers: Vec<_> = insert
        .iter()
        .chain(&update)
        .filter(|row| !row.prepared.write.allocations.is_empty())
        .copied()
        .collect();
    if !takers.is_empty() {
        let names = takers
            .iter()
            .map(|row| row.prepared.write.allocations.len())
            .sum();
        check(statements::take_names(connection, &takers).await?, names);
    }
    statements::append(connection, plan, at).await?;
    Ok(is_whole)
}

fn changes(plan: &Plan<'_>, at: Timestamp) -> Vec<Arc<Change>> {
    let change = |(position, accepted): (usize, &super::plan::Accepted<'_>)| {
        let write = &accepted.prepared.write;
        Arc::new(Change {
            revision: plan.revision(position),
            at,
            key: write.key.clone(),
            uid: write.uid.clone(),
            kind: accepted.kind,
            actor: Arc::clone(&write.actor),
            commit: Arc::clone(&write.commit),
            body: super::plan::body(write).clone(),
        })
    };
    plan.accepted.iter().enumerate().map(change).collect()
}

/// Classes 22 and 23: the data itself is refused. Everything else may go better next time.
fn failure(error: sqlx::Error) -> Failure {
    let is_refusal = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("22") || code.starts_with("23"));
    let error = super::row::unavailable("commit")(error);
    if is_refusal {
        Failure::Refused(error)
    } else {
        Failure::Nothing(error)
    }
}
