//! The truth about rollouts: every push, step, object and verdict, in PostgreSQL, without limit.
//!
//! Nobody else writes these tables. What is decided is recorded before it is done, and what came
//! of it after: a crash in between is seen as an attempt without an end.

mod asked;
mod batch;
mod by_hand;
mod changes;
mod connect;
mod counted;
mod drifts;
mod error;
mod exits;
mod feed;
mod first_try;
mod hosting;
mod inventory;
mod keys;
mod known;
mod memo;
mod model;
mod points;
mod pool;
mod proofs;
mod pushes;
mod query;
mod read;
mod recent;
mod removed;
mod reports;
mod resumed;
mod rollouts;
mod row;
mod sessions;
mod steps;
mod suspension;
#[cfg(test)]
mod tests;
mod then;
mod time;
mod told;
mod used;
mod write;

use std::sync::Arc;

use tokio::sync::{Mutex, broadcast};

pub(crate) use asked::Asked;
pub use counted::Counted;
pub use drifts::{Drift, DriftQuery, Ending};
pub use error::Error;
pub use feed::Feed;
pub use first_try::{FirstTry, TakenBack};
pub use hosting::RefUpdate;
pub use model::{
    Action, ApplicationRecord, ApplicationSummary, Apply, Exit, Hold, InventoryItem, ObjectResult,
    Push, Request, Rollout, RolloutDetail, SourceState, Step, StepKind, Trigger, Verdict,
};
pub use proofs::{NewProof, Proof};
pub use query::{Outcome, RolloutQuery};
pub use read::{Reader, StepQuery};
pub use recent::{RECENT, Recent};
pub use removed::RemovedObject;
pub use reports::{Report, ReportQuery, Reports, ReportsAbout};
pub use suspension::Suspension;
pub use write::{NewStep, ObjectHealth, Write};

use batch::Batch;
use pool::Pool;

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
    batch: Batch,
}

impl History {
    /// Connects and brings the schema up to date, under a lock.
    ///
    /// # Errors
    /// Where the database cannot be reached within ten seconds or the schema cannot be migrated.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let pool = client::outside(connect::connect(url)).await?;
        Ok(Self {
            reader: Reader {
                pool: Pool::new(pool, pool::LIMIT),
                memo: memo::Memo::default(),
            },
            shared: Arc::new(Shared {
                order: Mutex::default(),
                live: broadcast::Sender::new(feed::BACKLOG),
                batch: Batch::default(),
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

    /// Closes the connections, once what runs on them has ended.
    pub async fn close(&self) {
        self.reader.pool.close().await;
    }
}
