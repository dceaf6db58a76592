//! Where objects live. One global revision orders every write; the change log remembers them.
//!
//! A store knows keys, revisions and bytes. It knows nothing of kinds, defaults or permissions.

mod body;
mod decide;
mod error;
pub mod memory;
pub mod postgres;
mod retain;
mod router;

#[cfg(test)]
mod contract;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::broadcast;

use api::{Collection, ObjectKey, Revision, Uid};

pub use body::Body;
pub use error::Error;
pub use memory::MemoryStore;
pub use postgres::PostgresStore;
pub use retain::Retention;
pub use router::{Router, is_event};

/// An object as the store holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    pub key: ObjectKey,
    pub uid: Uid,
    /// The revision of its last write.
    pub revision: Revision,
    pub body: Body,
}

/// One intended write of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    pub key: ObjectKey,
    pub uid: Uid,
    pub operation: Operation,
    /// Who writes, for the audit trail: `user/field-manager`.
    pub actor: Arc<str>,
    /// The commit of a repository that it brings about; empty for none.
    pub commit: Arc<str>,
    /// Names that only one object of the cluster may hold: cluster IPs, node ports. Taken in the
    /// same transaction; the set given here replaces the one the object held before, a deletion
    /// frees them all.
    pub allocations: Vec<Allocation>,
}

/// What a write does. Each carries its precondition.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// The key must be free.
    Create(Body),
    /// The object must be at `expected`.
    Replace { body: Body, expected: Revision },
    /// The object must be at `expected`. `last` is what watchers see as its last state.
    Delete { last: Body, expected: Revision },
}

/// One name out of a pool, for example `("clusterip", "10.96.0.10")` or `("nodeport", "30080")`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Allocation {
    pub pool: &'static str,
    pub value: String,
}

/// One committed write, as the log holds it.
///
/// What the object was before is not part of it: [`crate::watch::Hub`] knows it from its cache,
/// [`Store::before`] reads it from the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub revision: Revision,
    /// When the batch was committed, by the writer's clock, in whole microseconds.
    pub at: Timestamp,
    pub key: ObjectKey,
    pub uid: Uid,
    pub kind: ChangeKind,
    pub actor: Arc<str>,
    pub commit: Arc<str>,
    /// The new state; for a deletion the last one.
    pub body: Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Created,
    Replaced,
    Deleted,
}

/// A consistent listing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// Ordered by collection, namespace, then name.
    pub items: Vec<Stored>,
    /// The revision at which the listing was true.
    pub revision: Revision,
}

/// A write that was asked for over the API, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    pub at: Timestamp,
    /// The user it was made as; empty for one who was not let in.
    pub writer: String,
    /// Who made it in that user's name; empty for none.
    pub impersonator: String,
    /// Of the other end of the connection.
    pub address: String,
    pub agent: String,
    pub verb: &'static str,
    /// `deployments.apps`
    pub resource: String,
    pub namespace: String,
    pub name: String,
    pub subresource: String,
    pub manager: String,
    pub commit: String,
    pub dry_run: bool,
    /// Of HTTP.
    pub code: u16,
    /// Why it was refused; empty where it was not.
    pub reason: String,
}

/// A commit of a repository in whose name the log has changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub commit: String,
    /// The last change in its name, and when it was made.
    pub revision: Revision,
    pub at: Timestamp,
}

/// News of a commit.
#[derive(Debug, Clone)]
pub enum Commit {
    /// This process committed: every change after `after`, without a gap, in order.
    Own {
        after: Revision,
        changes: Arc<[Arc<Change>]>,
    },
    /// Another process seems to have committed this revision. A hint: it may be early, late,
    /// repeated or missing.
    Hint(Revision),
}

/// How a revision is made: `epoch * 2^40 + n`. A new epoch begins when the database may have
/// lost commits (a restore, a failover), so that no revision is ever used twice.
pub const EPOCH_SHIFT: u32 = 40;

/// The epoch a revision belongs to. Positions of different epochs cannot be compared by watchers.
pub fn epoch(revision: Revision) -> i64 {
    revision.0 >> EPOCH_SHIFT
}

/// The seam. `memory` and `postgres` both pass `contract`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    async fn get(&self, key: &ObjectKey) -> Result<Option<Stored>, Error>;

    /// Every object of a collection, or of the whole store where `None`, ordered by key.
    async fn list(&self, collection: Option<&Collection>) -> Result<Listing, Error>;

    /// Independent writes: each succeeds or fails alone. Concurrent callers share one commit.
    /// The answers are in the order of the writes.
    async fn write(&self, writes: Vec<Write>) -> Vec<Result<Arc<Change>, Error>>;

    /// All or none, in order, each write at a revision of its own. The error is the first
    /// failing write's, with its index.
    async fn transaction(&self, writes: Vec<Write>) -> Result<Vec<Arc<Change>>, (usize, Error)>;

    /// At most `limit` changes after a revision, in order.
    ///
    /// # Errors
    /// [`Error::Compacted`] where the log no longer reaches back that far.
    async fn changes(&self, after: Revision, limit: usize) -> Result<Vec<Arc<Change>>, Error>;

    /// For each point the version of the object just before that revision; `None` where it did
    /// not exist. Exact for revisions the log still holds.
    async fn before(&self, points: &[(ObjectKey, Revision)]) -> Result<Vec<Option<Stored>>, Error>;

    /// At most `limit` changes of one object up to a revision, newest first. The oldest of them
    /// may be older than the log: what was valid where it begins.
    ///
    /// # Errors
    /// [`Error::Compacted`] where the log no longer reaches back to that revision.
    async fn history(
        &self,
        key: &ObjectKey,
        until: Revision,
        limit: usize,
    ) -> Result<Vec<Arc<Change>>, Error>;

    /// The first revision that the log answers for.
    async fn oldest(&self) -> Result<Revision, Error>;

    /// The newest committed revision, read from the source of truth.
    async fn revision(&self) -> Result<Revision, Error>;

    /// The newest revision that was committed at or before a time; `None` before the log begins.
    async fn revision_at(&self, time: Timestamp) -> Result<Option<Revision>, Error>;

    /// The commits of repositories whose hash begins with `prefix` and in whose name the log has
    /// changes, by hash; two at most, which is enough to see that more than one is meant.
    async fn applied(&self, prefix: &str) -> Result<Vec<Applied>, Error>;

    /// The state of one collection (or everything) as it was at a revision.
    ///
    /// # Errors
    /// [`Error::Compacted`] where the log no longer reaches back that far.
    async fn at(
        &self,
        collection: Option<&Collection>,
        revision: Revision,
    ) -> Result<Listing, Error>;

    /// Forgets changes before a revision, keeping each object's version valid at the boundary.
    async fn compact(&self, before: Revision) -> Result<(), Error>;

    /// Keeps what was asked for. Only the store of objects has a place for it.
    async fn record(&self, asked: &[Asked]) -> Result<(), Error>;

    /// Forgets what was asked for before a time, and all but the newest `most`.
    async fn forget(&self, before: Timestamp, most: i64) -> Result<(), Error>;

    /// Commits from now on. A receiver that lags reads [`Store::changes`] instead.
    fn commits(&self) -> broadcast::Receiver<Commit>;
}
