//! Which of them an address asks for.

use crate::history::Outcome;

/// Which rollouts, from the page's address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Query {
    /// `failed`, `held`, `rollback`, `running`, `drift`, or empty for all.
    #[serde(default)]
    pub outcome: String,
    /// `running` is the same as that outcome.
    #[serde(default)]
    pub state: String,
    /// Started before this moment, RFC 3339.
    #[serde(default)]
    pub before: String,
    /// The same of the pages in front of this one, as far as one came by them, separated by commas.
    #[serde(default)]
    pub trail: String,
}

impl Query {
    pub(crate) fn outcome(&self) -> &str {
        if self.state == "running" {
            "running"
        } else {
            &self.outcome
        }
    }

    /// Whether rollouts belong to what is asked for.
    pub(crate) fn has_rollouts(&self) -> bool {
        self.outcome() != "drift"
    }

    /// Whether drift does.
    pub(crate) fn has_drift(&self) -> bool {
        matches!(self.outcome(), "" | "drift")
    }

    /// What the history is asked for; what it does not know is all of them.
    pub(crate) fn asked(&self) -> Option<Outcome> {
        match self.outcome() {
            "failed" => Some(Outcome::Failed),
            "held" => Some(Outcome::Held),
            "rollback" => Some(Outcome::Rollback),
            "running" => Some(Outcome::Running),
            _ => None,
        }
    }
}
