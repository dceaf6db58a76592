//! Why an Application does not follow what is newest in Git: what is wrong with its repository or
//! with a commit there. In memory: the first look after a start finds it again.

use std::sync::{Arc, Mutex, PoisonError};

use engine::Problems;
use engine::rollout::CommitId;

use super::core::causes;
use crate::service::Trouble;
use crate::source::{self, FailureKind};

/// How many findings a condition names.
const FINDINGS: usize = 5;

/// The one of the repository that is followed. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Troubles {
    current: Arc<Mutex<Option<Trouble>>>,
}

impl Troubles {
    pub(crate) fn get(&self) -> Option<Trouble> {
        let current = self.current.lock();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers whether it is another one now.
    pub(crate) fn set(&self, trouble: Option<&Trouble>) -> bool {
        let current = self.current.lock();
        let mut current = current.unwrap_or_else(PoisonError::into_inner);
        let changed = current.as_ref() != trouble;
        *current = trouble.cloned();
        changed
    }
}

impl Trouble {
    /// Whether it is what a commit says, and not that it cannot be read.
    pub(crate) fn is_of_commit(&self) -> bool {
        matches!(self.reason, "CommitRefused" | "BuildFailed")
    }

    pub(crate) fn refused(commit: &CommitId, problems: &Problems) -> Self {
        let findings = problems.first(FINDINGS);
        Self {
            reason: "CommitRefused",
            message: format!("commit {} is refused: {findings}", commit.short()),
        }
    }

    pub(crate) fn unverified(message: String) -> Self {
        Self {
            reason: "SignatureUnverified",
            message,
        }
    }

    pub(crate) fn unbuilt(commit: &CommitId, problems: &Problems) -> Self {
        let findings = problems.first(FINDINGS);
        Self {
            reason: "BuildFailed",
            message: format!("commit {} cannot be applied: {findings}", commit.short()),
        }
    }

    /// With advice for the one who chose the repository that is followed.
    pub(crate) fn tracked(error: &source::Error) -> Self {
        let mut trouble = Self::unfetched(error);
        if !error.advice().is_empty() {
            trouble.message = format!("{}; {}", trouble.message, error.advice());
        }
        trouble
    }

    pub(crate) fn unfetched(error: &source::Error) -> Self {
        let reason = match error {
            source::Error::NoBranch { .. } => "BranchMissing",
            source::Error::Remote { failure, .. } => match failure.kind {
                FailureKind::NoHost | FailureKind::Unreachable => "Unreachable",
                FailureKind::Certificate
                | FailureKind::HostKeyUnknown
                | FailureKind::HostKeyChanged => "ServerUntrusted",
                FailureKind::CertificateWanted
                | FailureKind::SignInWanted
                | FailureKind::SignInRefused
                | FailureKind::Forbidden => "AccessDenied",
                FailureKind::NoRepository => "RepositoryMissing",
                FailureKind::NoRef | FailureKind::Other => "FetchFailed",
            },
            source::Error::Credentials { .. }
            | source::Error::Secrets { .. }
            | source::Error::App { .. } => "CredentialsUnusable",
            _ => "FetchFailed",
        };
        Self {
            reason,
            message: causes(error),
        }
    }

    pub(crate) fn missing(message: String) -> Self {
        Self {
            reason: "RevisionMissing",
            message,
        }
    }

    pub(crate) fn unchecked(error: &client::Error) -> Self {
        Self {
            reason: "CheckFailed",
            message: causes(error),
        }
    }
}
