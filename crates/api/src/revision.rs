//! Positions in history.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The store's own position: one number for the whole cluster, strictly increasing with commit order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the wire carries: opaque to clients, a decimal revision to us.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceVersion(pub String);

impl ResourceVersion {
    /// The revision behind it, unless it is empty or was never ours.
    pub fn revision(&self) -> Option<Revision> {
        i64::from_str(&self.0).ok().map(Revision)
    }
}

impl From<Revision> for ResourceVersion {
    fn from(revision: Revision) -> Self {
        Self(revision.to_string())
    }
}

impl fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Counts changes of an object's spec; `status.observedGeneration` says how far its controller got.
pub type Generation = i64;
