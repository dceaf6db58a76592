//! Why a call failed, and what to do about it.

use api::{Reason, Status};

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered, and the answer is no.
    #[error(transparent)]
    Api(#[from] Status),
    /// No answer: the server is away, the connection broke, or the time was up. A write may or
    /// may not have happened.
    #[error("no answer from the API server to {operation}")]
    Transport {
        operation: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What the caller needs besides the server failed; another try may go better.
    #[error("cannot {operation}")]
    Own {
        operation: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer that is not what the API promises.
    #[error("cannot read the API server's answer to {operation}: {detail}")]
    Decode { operation: String, detail: String },
}

/// The class of an error decides what a controller does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Somebody else wrote first: observe again now.
    Conflict,
    /// Try again later, with back-off.
    Transient,
    /// The same call will fail the same way until the spec changes.
    Invalid,
}

impl Error {
    pub fn is_not_found(&self) -> bool {
        self.reason() == Some(Reason::NotFound)
    }

    pub fn is_already_exists(&self) -> bool {
        self.reason() == Some(Reason::AlreadyExists)
    }

    pub fn is_conflict(&self) -> bool {
        self.reason() == Some(Reason::Conflict)
    }

    /// The watch or list is too old: list again.
    pub fn is_expired(&self) -> bool {
        matches!(self.reason(), Some(Reason::Expired | Reason::Gone))
    }

    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Api(status) => Some(status.reason),
            Self::Transport { .. } | Self::Own { .. } | Self::Decode { .. } => None,
        }
    }

    pub fn remedy(&self) -> Remedy {
        match self.reason() {
            Some(
                Reason::Conflict
                | Reason::AlreadyExists
                | Reason::NotFound
                | Reason::Expired
                | Reason::Gone,
            ) => Remedy::Conflict,
            Some(
                Reason::BadRequest
                | Reason::Forbidden
                | Reason::Invalid
                | Reason::MethodNotAllowed
                | Reason::NotAcceptable
                | Reason::UnsupportedMediaType
                | Reason::RequestEntityTooLarge,
            ) => Remedy::Invalid,
            _ => Remedy::Transient,
        }
    }
}
