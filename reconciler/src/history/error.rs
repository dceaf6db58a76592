//! Why the history cannot be read or written.

use std::time::Duration;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the database's URL")]
    Url(#[source] sqlx::Error),
    #[error("no answer of the database within {patience:?}")]
    Late { patience: Duration },
    #[error("cannot migrate the schema of the history")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("what was to be recorded may not be on record")]
    Unsaid,
    #[error("postgres failed to {operation}")]
    Postgres {
        operation: &'static str,
        #[source]
        source: sqlx::Error,
    },
}

/// What PostgreSQL calls a full disk (appendix A, class 53).
const DISK_FULL: &str = "53100";

impl Error {
    /// Whether the database has no room left to write.
    pub(crate) fn is_full(&self) -> bool {
        let Self::Postgres { source, .. } = self else {
            return false;
        };
        let answer = source.as_database_error();
        answer.is_some_and(|answer| answer.code().as_deref() == Some(DISK_FULL))
    }

    /// Whether the database was reached, and would not.
    pub(super) fn is_answer(&self) -> bool {
        match self {
            Self::Postgres { source, .. } => !matches!(
                source,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
            ),
            Self::Url(_) | Self::Late { .. } | Self::Migrate(_) | Self::Unsaid => false,
        }
    }
}

/// For `map_err`: names what was attempted.
pub(super) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Postgres { operation, source }
}
