//! The truth about rollouts: every push, step, object and verdict, in PostgreSQL, without limit.
//!
//! Nobody else writes these tables. What is decided is recorded before it is done, and what came
//! of it after: a crash in between is seen as an attempt without an end.

mod by_hand;
mod changes;
mod connect;
mod error;
mod feed;
mod hosting;
mod inventory;
mod keys;
mod model;
mod points;
mod proofs;
mod pushes;
mod read;
mod rollouts;
mod row;
mod steps;
#[cfg(test)]
mod tests;
mod time;
mod write;

use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::{Mutex, broadcast};

pub use error::Error;
pub use feed::Feed;
pub use hosting::RefUpdate;
pub use model::{
    Action, ApplicationRecord, ApplicationSummary, Apply, Drift, Hold, InventoryItem, ObjectResult,
    Push, Request, Rollout, RolloutDetail, RolloutQuery, SourceState, Step, StepKind, Suspension,
    Trigger, Verdict,
};
pub use proofs::Proof;
pub use read::{Reader, StepQuery};
pub use write::{NewStep, ObjectHealth, Write};

use error::failed;

/// Reads and writes the history. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct History {
    reader: Reader,
    shared: Arc<Shared>,
}

struct Shared {
    /// Held from a step's number to its commit: numbers become visible in order.
    order: Mutex<()>,
    live: broadcast::Sender<Step>,
}

impl History {
    /// Connects and brings the schema up to date, under a lock.
    ///
    /// # Errors
    /// Where the database cannot be reached within ten seconds or the schema cannot be migrated.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let pool = connect::connect(url).await?;
        Ok(Self {
            reader: Reader { pool },
            shared: Arc::new(Shared {
                order: Mutex::default(),
                live: broadcast::Sender::new(feed::BACKLOG),
            }),
        })
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Every step after number `after` (0: from the beginning), then new ones as they come.
    pub fn follow(&self, after: i64) -> Feed {
        Feed::new(self.reader.clone(), self.shared.live.subscribe(), after)
    }

    /// Commits all of `writes`, in this order, or none of them; then tells the followers.
    ///
    /// # Errors
    /// Nothing was written, or (where the connection broke during the commit) all of it was.
    pub async fn commit(&self, writes: &[Write]) -> Result<(), Error> {
        if writes.is_empty() {
            return Ok(());
        }
        let order = self.shared.order.lock().await;
        let begin = failed("begin a transaction");
        let mut transaction = self.reader.pool.begin().await.map_err(begin)?;
        let connection: &mut PgConnection = &mut transaction;
        let mut steps = Vec::new();
        for write in writes {
            steps.extend(write::execute(connection, write).await?);
        }
        transaction.commit().await.map_err(failed("commit"))?;
        for step in steps {
            // No follower is no failure.
            let _ = self.shared.live.send(step);
        }
        drop(order);
        Ok(())
    }

    /// Closes the connections, once what runs on them has ended.
    pub async fn close(&self) {
        self.reader.pool.close().await;
    }
}
