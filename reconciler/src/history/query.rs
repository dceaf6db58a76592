//! Which rollouts to read.

use jiff::Timestamp;

/// Which rollouts to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct RolloutQuery {
    pub application: Option<String>,
    pub push: Option<String>,
    /// Only those started before this moment.
    pub before: Option<Timestamp>,
    /// Only those started at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those of which this became.
    pub outcome: Option<Outcome>,
    /// What had become of them by this moment; what came later has not happened.
    pub as_of: Option<Timestamp>,
    /// At most this many; 50 where it is 0.
    pub limit: u16,
}

/// What became of rollouts, as lists are narrowed down by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is not over.
    Running,
    Failed,
    /// It was stopped because its application is left alone.
    Held,
    /// It undoes others.
    Rollback,
    /// It went well as a whole, and what it wrote was not undone.
    Good,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Rollback => "rollback",
            Self::Good => "good",
        }
    }
}

#[cfg(test)]
impl Outcome {
    /// The same that the history's statement says of the present.
    pub fn admits(self, rollout: &super::Rollout) -> bool {
        use engine::rollout::RolloutPhase;
        let reverts = || rollout.rollback.as_ref().map_or(0, |it| it.reverts.len());
        match self {
            Self::Running => !rollout.phase.is_final(),
            Self::Failed => rollout.phase == RolloutPhase::Failed,
            Self::Held => rollout.phase == RolloutPhase::Held,
            Self::Rollback => !rollout.rollback_of.is_empty() || reverts() > 0,
            Self::Good => {
                let whole = !rollout.options.is_partial() && rollout.undone_at.is_none();
                whole && rollout.phase == RolloutPhase::Succeeded
            }
        }
    }
}
