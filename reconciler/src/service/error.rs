//! Why something that a person asked for was not done.

use std::collections::BTreeSet;

use engine::rollout::CommitId;

use crate::history;

/// A failed command or query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing: `application web`, `rollout web-12`, `revision v1`.
    #[error("there is no {0}")]
    NotFound(String),
    /// Several begin like this.
    #[error("{beginning} is the beginning of {} commits: give more of its digits", commits.len())]
    Ambiguous {
        beginning: String,
        commits: BTreeSet<CommitId>,
    },
    /// It cannot be done, whoever asks: the sentence says why and what to do instead.
    #[error("{0}")]
    Impossible(String),
    /// The branch moved between the question and the command; look at the new plan.
    #[error("{branch} moved to {} meanwhile; nothing was pushed", head.short())]
    Moved { branch: String, head: CommitId },
    /// What was approved is not what would be done; look at the new plan.
    #[error(
        "plan {approved} is not what {what} does now, that is plan {now}: look at it before you approve it; nothing was changed"
    )]
    Replanned {
        what: String,
        approved: String,
        now: String,
    },
    /// The commit did not pass its checks: the findings, for a terminal.
    #[error("the commit was refused:\n{0}")]
    Refused(String),
    #[error("the history cannot be read or written")]
    History(#[from] history::Error),
    #[error("the repository cannot be read or written")]
    Git(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the cluster did not answer")]
    Cluster(#[source] client::Error),
}
