//! The verdict on one object, and on several.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// From best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum HealthStatus {
    #[default]
    Healthy,
    /// Stopped on purpose.
    Suspended,
    /// On the way, and may still arrive.
    Progressing,
    /// Wanted, and not there.
    Missing,
    /// Broken.
    Degraded,
    Unknown,
}

impl HealthStatus {
    /// Whether the next wave may begin.
    pub fn is_settled_well(self) -> bool {
        matches!(self, Self::Healthy | Self::Suspended)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HealthStatus {
    type Err = UnknownHealthStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Healthy,
            Self::Suspended,
            Self::Progressing,
            Self::Missing,
            Self::Degraded,
            Self::Unknown,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| UnknownHealthStatus(text.to_owned()))
    }
}

/// A word that names no health.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no health status")]
pub struct UnknownHealthStatus(String);

/// How an object is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Health {
    pub status: HealthStatus,
    /// Why, for people; a clause without subject or full stop. May be empty when healthy.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// No amount of waiting will change it: a failed Job.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terminal: bool,
}

impl Health {
    pub fn new(status: HealthStatus, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            since: None,
            terminal: false,
        }
    }

    pub fn healthy() -> Self {
        Self::default()
    }

    pub fn progressing(message: impl Into<String>) -> Self {
        Self::new(HealthStatus::Progressing, message)
    }

    pub fn degraded(message: impl Into<String>) -> Self {
        Self::new(HealthStatus::Degraded, message)
    }

    pub fn suspended(message: impl Into<String>) -> Self {
        Self::new(HealthStatus::Suspended, message)
    }

    /// For an object that is wanted and not there.
    pub fn missing() -> Self {
        Self::new(HealthStatus::Missing, "does not exist")
    }

    #[must_use]
    pub fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    #[must_use]
    pub fn terminal(mut self) -> Self {
        self.terminal = true;
        self
    }
}

/// The worst of several; the first of equals. Healthy where there are none.
pub fn worst<'a>(all: impl IntoIterator<Item = &'a Health>) -> Health {
    all.into_iter()
        .fold(None, |worst: Option<&Health>, health| match worst {
            Some(worst) if worst.status >= health.status => Some(worst),
            _ => Some(health),
        })
        .cloned()
        .unwrap_or_default()
}

/// Whether an object of this kind, in this health, makes its Application less than healthy.
///
/// A claim without a volume does not: most are bound only when a pod uses them, and a pod that
/// cannot start for want of its volume says so itself.
pub fn is_unwell(kind: &str, health: &Health) -> bool {
    let waiting_claim =
        kind == "PersistentVolumeClaim" && health.status == HealthStatus::Progressing;
    !health.status.is_settled_well() && !waiting_claim
}

/// Whether it keeps a rollout, or those that depend on the Application, from going on. The last run of
/// a `CronJob` does not: nothing that is rolled out makes it another one before its time.
pub fn holds_back(kind: &str, health: &Health) -> bool {
    let failed_run = kind == "CronJob" && health.status == HealthStatus::Degraded;
    is_unwell(kind, health) && !failed_run
}
