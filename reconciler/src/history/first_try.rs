//! What another try tries again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use engine::rollout::CommitId;

use super::model::Rollout;
use crate::source::Person;

/// The rollout that failed first of those that try the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstTry {
    pub rollout: String,
    pub revision: CommitId,
    pub author: Person,
    pub started_at: Timestamp,
}

impl Rollout {
    /// What somebody looks for who asks what broke it: itself, or what it tries again.
    pub fn first(&self) -> FirstTry {
        let own = || FirstTry {
            rollout: self.id.clone(),
            revision: self.revision.clone(),
            author: self.author.clone(),
            started_at: self.started_at,
        };
        self.first_try.as_deref().map_or_else(own, Clone::clone)
    }
}
