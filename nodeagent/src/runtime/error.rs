//! Why the runtime did not do what it was asked.

use std::time::Duration;

/// The class of a failure, as far as a decision depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No such sandbox, container or image.
    NotFound,
    /// The name is taken by something that is still there.
    Exists,
    /// The runtime does not offer this call.
    Unsupported,
    /// The runtime is away or not ready yet.
    Unavailable,
    /// The time was up.
    Timeout,
    /// Anything else the runtime said no to.
    Refused,
}

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The runtime's own words: they end up in a pod's status.
    #[error("{message}")]
    Call {
        operation: &'static str,
        failure: Failure,
        message: String,
    },
    #[error("the container runtime did not {operation} within {} s", limit.as_secs())]
    Timeout {
        operation: &'static str,
        limit: Duration,
    },
    /// An answer that breaks the protocol.
    #[error("the container runtime's answer to {operation} makes no sense: {detail}")]
    Answer {
        operation: &'static str,
        detail: String,
    },
    #[error("cannot reach the container runtime at {address}: {detail}")]
    Connect { address: String, detail: String },
}

impl Error {
    pub fn failure(&self) -> Failure {
        match self {
            Self::Call { failure, .. } => *failure,
            Self::Timeout { .. } => Failure::Timeout,
            Self::Answer { .. } => Failure::Refused,
            Self::Connect { .. } => Failure::Unavailable,
        }
    }

    pub fn is_not_found(&self) -> bool {
        self.failure() == Failure::NotFound
    }
}
