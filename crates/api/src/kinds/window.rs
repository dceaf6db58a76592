//! When an Application may be rolled out.

use serde::{Deserialize, Serialize};

/// A time in which rollouts may begin, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncWindow {
    pub kind: WindowKind,
    /// When it begins: five fields of a cron expression.
    pub schedule: String,
    /// How long it is: `90m`, `1h30m`.
    pub duration: String,
    /// Empty for UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// Whether a sync by hand may begin all the same.
    #[serde(default = "yes")]
    pub manual_sync: bool,
}

/// What denies wins; where nothing allows, everything is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WindowKind {
    Allow,
    Deny,
}

fn yes() -> bool {
    true
}
