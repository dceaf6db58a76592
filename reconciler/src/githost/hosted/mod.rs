//! The repositories that are hosted here, by name: the cluster's own, and any number of others.

mod decide;
mod mirrors;
mod registry;
mod rules;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

pub use mirrors::{Direction, Mirror};
pub use registry::{Error, Repositories};

/// The name of the repository that the cluster follows.
pub const CLUSTER: &str = "cluster";

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hosted {
    /// `shop`; it is served at `/git/shop.git`.
    pub name: String,
    #[serde(skip)]
    pub path: PathBuf,
    pub created_by: String,
    /// Absent for the cluster's own, which is there from the start.
    pub created_at: Option<Timestamp>,
}

/// Finds repositories by name.
pub trait Shelf: Send + Sync + 'static {
    /// Where the repository of this name is, without `.git`.
    fn find(&self, name: &str) -> Option<PathBuf>;
}

/// A single one.
impl Shelf for PathBuf {
    fn find(&self, name: &str) -> Option<PathBuf> {
        (self.file_stem()? == name).then(|| self.clone())
    }
}
