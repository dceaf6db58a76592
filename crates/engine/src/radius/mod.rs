//! How far a plan reaches beyond the objects it changes: pods that start again, what is missing
//! meanwhile, who else uses what changes, what does not come back, and whether there is room.

mod loss;
mod reach;
mod room;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use api::{Object, ObjectKey};

pub use loss::Loss;
pub use reach::{belongs_to, radius};
pub use room::{Demand, Unplaced, demand, needs_room};

/// What a plan does besides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Radius {
    pub restarts: Vec<Restart>,
    pub uses: Vec<Use>,
    #[serde(default)]
    pub contents: Vec<Content>,
    #[serde(default)]
    pub losses: Vec<Loss>,
}

/// A workload whose pods are replaced, or go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    /// `Deployment shop/web`
    pub workload: String,
    /// Of those that run now.
    pub pods: u64,
    /// How many begin besides, and were not there before.
    #[serde(default)]
    pub added: u64,
    /// How many of them may be away at the same time.
    pub away: u64,
    /// They do not come back.
    pub gone: bool,
}

/// Something that changes, and a workload that stays and uses it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// `ConfigMap shop/settings`
    pub object: String,
    /// Whether it goes.
    pub deleted: bool,
    /// `Deployment shop/api`
    pub by: String,
    /// Whose that is; empty where it is nobody's.
    pub application: String,
}

/// A namespace or a definition that goes or changes, and what another Application has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// `Namespace shop`
    pub object: String,
    /// Whether it goes, and they with it.
    pub deleted: bool,
    /// How many.
    pub objects: usize,
    pub application: String,
}

/// An object of another Application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    pub key: ObjectKey,
    pub application: String,
}

/// A workload of the cluster.
#[derive(Debug, Clone)]
pub struct Workload {
    pub key: ObjectKey,
    pub object: Object,
    /// Whose it is; empty where it is nobody's.
    pub application: String,
}
