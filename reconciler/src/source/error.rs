//! Why a repository cannot be read or written.

use std::path::PathBuf;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {operation} in {}", repository.display())]
    Git {
        operation: &'static str,
        repository: PathBuf,
        #[source]
        source: git2::Error,
    },
    #[error("cannot fetch {url}")]
    Fetch {
        url: String,
        #[source]
        source: git2::Error,
    },
    #[error("no answer from {url} within {seconds} s")]
    Late { url: String, seconds: u64 },
    #[error("cannot {operation} {}", path.display())]
    File {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("a Git operation broke down")]
    Broken(#[source] tokio::task::JoinError),
}
