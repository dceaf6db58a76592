//! How rollouts hang together: what another try tries again, what took one back, and whose each is.

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

/// The later rollout that took back what one brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenBack {
    pub rollout: String,
    pub at: Timestamp,
}

impl Rollout {
    /// Who had it happen: who asked by hand, or else who made the commit.
    pub fn by(&self) -> &Person {
        self.asked_by.as_ref().unwrap_or(&self.author)
    }

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
