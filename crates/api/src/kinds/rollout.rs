//! A Rollout: its spec and its status.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One attempt to bring one Application to one commit. Written by the reconciler alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutSpec {
    pub application: String,
    /// The commit.
    pub revision: String,
    /// Shared by the rollouts that one push started.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub push: String,
    /// The Rollout, or else the commit, that this one undoes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rollback_of: String,
    /// What began it, such as `push`, `poll` or `sync`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trigger: String,
    /// Of the commit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// The first line of the commit's message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Whether only some objects of the commit are rolled out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// How far a Rollout is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStatus {
    pub phase: RolloutPhase,
    /// One sentence for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// RFC 3339
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// RFC 3339
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// RFC 3339; when it was undone after it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<RolloutWave>,
    pub objects: RolloutObjects,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RolloutPhase {
    #[default]
    Pending,
    Applying,
    Verifying,
    Succeeded,
    Failed,
    /// Another commit, or a sync by hand, took over.
    Superseded,
    /// Somebody had its Application left alone while it ran.
    Held,
}

impl RolloutPhase {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed) || self.is_stopped()
    }

    /// Whether it ended on its way, so that nothing is known about its commit.
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Superseded | Self::Held)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Applying => "Applying",
            Self::Verifying => "Verifying",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Superseded => "Superseded",
            Self::Held => "Held",
        }
    }
}

impl fmt::Display for RolloutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Objects that are applied together, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutWave {
    /// Lower waves come first.
    pub wave: i32,
    pub phase: RolloutPhase,
    pub objects: i32,
    pub healthy: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// How many objects the commit has, and what the rollout did to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutObjects {
    pub total: i32,
    pub created: i32,
    pub changed: i32,
    pub deleted: i32,
    pub healthy: i32,
}
