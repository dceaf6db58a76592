//! Commits together what is asked for at the same time: one transaction, one wait for the disk.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::Connection;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::error::{Error, failed};
use super::model::Step;
use super::pool::LIMIT;
use super::write::{self, Write};
use super::{History, steps};

/// How many callers' writes go into one transaction.
const MOST: usize = 64;

/// What waits to be committed, oldest first.
#[derive(Default)]
pub(super) struct Batch {
    waiting: Mutex<VecDeque<Job>>,
}

/// One caller's writes: all of them are committed, or none.
struct Job {
    writes: Vec<Write>,
    done: oneshot::Sender<Result<(), Error>>,
}

impl Batch {
    fn add(&self, writes: &[Write]) -> oneshot::Receiver<Result<(), Error>> {
        let (done, answer) = oneshot::channel();
        let writes = writes.to_vec();
        self.lock().push_back(Job { writes, done });
        answer
    }

    fn take(&self) -> Vec<Job> {
        let mut waiting = self.lock();
        let count = waiting.len().min(MOST);
        waiting.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History {
    /// Commits all of `writes`, in this order (steps last), or none of them; then tells the
    /// followers.
    ///
    /// # Errors
    /// Nothing was written, or (where the connection broke during the commit) all of it was.
    pub async fn commit(&self, writes: &[Write]) -> Result<(), Error> {
        if writes.is_empty() {
            return Ok(());
        }
        let mut answer = self.shared.batch.add(writes);
        let _order = self.shared.order.lock().await;
        loop {
            // Whoever was before may have done it.
            match answer.try_recv() {
                Ok(result) => return result,
                Err(TryRecvError::Closed) => return Err(Error::Unsaid),
                Err(TryRecvError::Empty) => self.commit_all(self.shared.batch.take()).await,
            }
        }
    }

    async fn commit_all(&self, jobs: Vec<Job>) {
        let all: Vec<&Write> = jobs.iter().flat_map(|job| &job.writes).collect();
        let error = match self.transaction(&all).await {
            Ok(()) => return jobs.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(error) => error,
        };
        if jobs.len() > 1 && error.concerns_one() {
            // One of them cannot be written: the others are none the worse for it.
            for job in jobs {
                let writes: Vec<&Write> = job.writes.iter().collect();
                let result = self.transaction(&writes).await;
                job.answer(result.map_err(Failed::into_error));
            }
            return;
        }
        let mut error = Some(error.into_error());
        for job in jobs {
            job.answer(Err(error.take().unwrap_or(Error::Unsaid)));
        }
    }

    async fn transaction(&self, writes: &[&Write]) -> Result<(), Failed> {
        let _writing = self.reader.memo.writing(writes);
        let writing = tokio::time::timeout(LIMIT, self.write(writes));
        let late = |_| Err(Failed::Committing(Error::Late { patience: LIMIT }));
        let steps = client::outside(writing).await.unwrap_or_else(late)?;
        for step in steps {
            // No follower is no failure.
            let _ = self.shared.live.send(step);
        }
        Ok(())
    }

    async fn write(&self, writes: &[&Write]) -> Result<Vec<Step>, Failed> {
        let begin = failed("begin a transaction");
        let lent = self.reader.pool.lend().await;
        let mut lent = lent.map_err(&begin).map_err(Failed::Writing)?;
        let begun = lent.begin().await;
        let mut transaction = begun.map_err(begin).map_err(Failed::Writing)?;
        let mut new = Vec::new();
        for write in writes {
            match write {
                Write::Step(step) => new.push(step),
                write => write::execute(&mut transaction, write)
                    .await
                    .map_err(Failed::Writing)?,
            }
        }
        let steps = steps::insert(&mut transaction, &new).await;
        let steps = steps.map_err(Failed::Writing)?;
        let committed = transaction.commit().await;
        committed
            .map_err(failed("commit"))
            .map_err(Failed::Committing)?;
        lent.give_back();
        Ok(steps)
    }
}

impl Job {
    fn answer(self, result: Result<(), Error>) {
        // Nobody may wait for it any more.
        let _ = self.done.send(result);
    }
}

/// How far it came.
enum Failed {
    /// Nothing was written.
    Writing(Error),
    /// Nothing, or all of it.
    Committing(Error),
}

impl Failed {
    /// Whether the others' writes may be taken: somebody answers, and nothing was written.
    fn concerns_one(&self) -> bool {
        matches!(self, Self::Writing(error) if error.is_answer())
    }

    fn into_error(self) -> Error {
        match self {
            Self::Writing(error) | Self::Committing(error) => error,
        }
    }
}
