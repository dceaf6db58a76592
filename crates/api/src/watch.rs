//! What a watch delivers.

use crate::{Object, ResourceVersion, Status};

/// One event of a watch, in the order of the revisions.
#[derive(Debug, Clone, PartialEq)]
pub enum WatchEvent {
    Added(Object),
    Modified(Object),
    /// The last state, with the revision of the deletion as its resource version.
    Deleted(Object),
    /// Everything up to this version has been delivered. `initial_end` closes the synthetic
    /// `Added` events of a streaming list (KEP-3157).
    Bookmark {
        resource_version: ResourceVersion,
        initial_end: bool,
    },
    /// The watch is over; 410 means: list again.
    Error(Status),
}
