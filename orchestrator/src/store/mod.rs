//! Where objects live. One global revision orders every write; the change log remembers them.
//!
//! A store knows keys, revisions and bytes. It knows nothing of kinds, defaults or permissions.

mod body;
mod error;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use api::{Collection, ObjectKey, Revision, Uid};

pub use body::Body;
pub use error::Error;

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

/// One committed write, as the log holds it and watchers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub revision: Revision,
    pub at: Timestamp,
    pub key: ObjectKey,
    pub uid: Uid,
    pub kind: ChangeKind,
    pub actor: Arc<str>,
    /// The new state; for a deletion the last one.
    pub body: Body,
    /// The state before, where there was one: a watcher needs it to see an object leave its selector.
    pub previous: Option<Body>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Created,
    Replaced,
    Deleted,
}

/// A consistent listing.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Ordered by namespace, then name.
    pub items: Vec<Stored>,
    /// The revision at which the listing was true.
    pub revision: Revision,
}

/// The seam. `memory` and `postgres` both pass `contract`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    async fn get(&self, key: &ObjectKey) -> Result<Option<Stored>, Error>;

    /// Every object of a collection, or of the whole store where `None`.
    async fn list(&self, collection: Option<&Collection>) -> Result<Listing, Error>;

    /// Independent writes: each succeeds or fails alone. Concurrent callers share one commit.
    /// The answers are in the order of the writes.
    async fn write(&self, writes: Vec<Write>) -> Vec<Result<Change, Error>>;

    /// All or none, in order, each write at a revision of its own. The error is the first
    /// failing write's, with its index.
    async fn transaction(&self, writes: Vec<Write>) -> Result<Vec<Change>, (usize, Error)>;

    /// At most `limit` changes after a revision, in order.
    ///
    /// # Errors
    /// [`Error::Compacted`] where the log no longer reaches back that far.
    async fn changes(&self, after: Revision, limit: usize) -> Result<Vec<Change>, Error>;

    /// The newest committed revision, read from the source of truth.
    async fn revision(&self) -> Result<Revision, Error>;

    /// The state of one collection (or everything) as it was at a revision.
    async fn at(
        &self,
        collection: Option<&Collection>,
        revision: Revision,
    ) -> Result<Listing, Error>;

    /// Forgets changes before a revision, keeping each object's version valid at the boundary.
    async fn compact(&self, before: Revision) -> Result<(), Error>;

    /// Moves whenever there may be new changes: by this process or, as a hint, by another.
    fn committed(&self) -> watch::Receiver<Revision>;
}
