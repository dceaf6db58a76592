//! What can go wrong in a store.

use api::{ObjectKey, Revision};

use super::Allocation;

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("{0} not found")]
    NotFound(ObjectKey),
    #[error("{0} already exists")]
    AlreadyExists(ObjectKey),
    #[error("{key} is at revision {actual}, not {expected}")]
    Conflict {
        key: ObjectKey,
        expected: Revision,
        actual: Revision,
    },
    /// Another object holds this name.
    #[error("{} {:?} is already allocated", .0.pool, .0.value)]
    Taken(Allocation),
    /// Events are kept apart from everything else; one transaction cannot span both.
    #[error("{0} cannot be in one transaction with objects of the other kind of store")]
    Divided(ObjectKey),
    #[error("revision {requested} was compacted; the log starts at {oldest}")]
    Compacted {
        requested: Revision,
        oldest: Revision,
    },
    /// The connection broke during a commit, and it could not be found out what became of it.
    #[error("it is not known whether the write was committed: {detail}")]
    Uncertain { detail: String },
    /// The database could not be reached or refused; a write did not happen.
    #[error("the store failed to {operation}: {detail}")]
    Unavailable {
        operation: &'static str,
        detail: String,
    },
    /// Stored bytes that cannot be read back: decryption or decompression failed.
    #[error("{key} at revision {revision} cannot be read: {detail}")]
    Corrupt {
        key: ObjectKey,
        revision: Revision,
        detail: String,
    },
}
