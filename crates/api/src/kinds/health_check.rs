//! How objects are judged whose kind nobody knows.

use serde::{Deserialize, Serialize};

/// The health of one kind, by CEL expressions over the object. The first one that is true counts,
/// in the order of the fields; where none is, the object is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    pub api_version: String,
    pub kind: String,
    /// It is on its way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub in_progress: String,
    /// It is broken.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failed: String,
    /// It is as its spec wants it.
    pub current: String,
}
