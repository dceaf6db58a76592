//! That somebody wants an application left alone.

use jiff::Timestamp;
use serde::Serialize;

/// An application that somebody suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspension {
    pub application: String,
    pub actor: String,
    /// May be empty.
    pub reason: String,
    pub since: Timestamp,
}

impl Suspension {
    /// `suspended by Ann <ann@example.org>: the database moves`
    pub fn sentence(&self) -> String {
        match self.reason.as_str() {
            "" => format!("suspended by {}", self.actor),
            reason => format!("suspended by {}: {reason}", self.actor),
        }
    }
}
