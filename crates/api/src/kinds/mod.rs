//! Kedge's own kinds, `kedge.dev/v1alpha1`: the typed form of what `facts/kedge-types.json` lists.
//!
//! For building and reading specs and statuses; a stored object stays the JSON it was written as.

mod application;
mod definition;
mod health_check;
mod ignore;
mod prune;
mod rollout;
#[cfg(test)]
mod tests;
mod window;

pub use application::{
    ApplicationHealth, ApplicationSource, ApplicationSpec, ApplicationStatus, ApplicationSync,
    DEFAULT_DEADLINE_SECONDS, OnFailure, PostBuild, SyncPolicy, SyncStatus, Verify, VerifyMode,
};
pub use definition::{definition_collection, definitions};
pub use health_check::HealthCheck;
pub use ignore::IgnoreDifferences;
pub use prune::{DeletionPolicy, PruneBudget};
pub use rollout::{RolloutObjects, RolloutPhase, RolloutSpec, RolloutStatus, RolloutWave};
pub use window::{SyncWindow, WindowKind};

use crate::GroupVersionKind;

pub const GROUP: &str = "kedge.dev";
pub const VERSION: &str = "v1alpha1";

/// The kind of an Application.
pub fn application() -> GroupVersionKind {
    GroupVersionKind::new(GROUP, VERSION, "Application")
}

/// The kind of a Rollout.
pub fn rollout() -> GroupVersionKind {
    GroupVersionKind::new(GROUP, VERSION, "Rollout")
}
