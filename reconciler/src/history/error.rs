//! Why the history cannot be read or written.

use std::time::Duration;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the database's URL")]
    Url(#[source] sqlx::Error),
    #[error("no connection to the database within {patience:?}")]
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

/// For `map_err`: names what was attempted.
pub(super) fn failed(operation: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| Error::Postgres { operation, source }
}
