//! Why a repository cannot be read or written.

use std::path::PathBuf;

use super::Failure;

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
    #[error("{url} is no address of a repository: {problem}")]
    Address { url: String, problem: String },
    #[error("there is no directory {}", path.display())]
    Missing { path: PathBuf },
    #[error("{} is not a Git repository", path.display())]
    NotRepository { path: PathBuf },
    #[error("there is no branch {branch} in {repository}: it has {branches}")]
    NoBranch {
        repository: String,
        branch: String,
        branches: String,
    },
    #[error("there is no directory {path} in branch {branch} of {repository}")]
    NoDirectory {
        repository: String,
        branch: String,
        path: String,
    },
    #[error("cannot fetch {url}")]
    Fetch {
        url: String,
        #[source]
        source: git2::Error,
    },
    #[error("cannot fetch {url}: {failure}")]
    Remote { url: String, failure: Failure },
    #[error("cannot push to {url}: {failure}")]
    Publish { url: String, failure: Failure },
    #[error("the credentials in {place} cannot be used: {problem}")]
    Credentials { place: String, problem: String },
    #[error("the trusted keys in {place} cannot be used: {problem}")]
    TrustedKeys { place: String, problem: String },
    #[error("cannot ask {program} who signed: is it installed?")]
    Verifier {
        program: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{count} new commits are too many to look at the signature of each")]
    Many { count: usize },
    #[error("no token for the GitHub App: {problem}")]
    App { problem: String },
    #[error("cannot read the Secrets that open repositories")]
    Secrets {
        #[source]
        source: Box<client::Error>,
    },
    #[error("cannot keep the credentials for a call")]
    Private(#[source] tls::Error),
    #[error("cannot start git: is it installed?")]
    Program(#[source] std::io::Error),
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

impl Error {
    /// What the one who started the service can do about it; empty where that is not known.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Address { .. } | Self::Missing { .. } | Self::NotRepository { .. } => {
                "--repo takes a directory with a Git repository, https://HOST/PATH, \
                 ssh://HOST/PATH or USER@HOST:PATH"
            }
            Self::NoBranch { .. } => "--branch names the one to follow",
            Self::NoDirectory { .. } => "--path names the directory that holds apps/",
            Self::Remote { failure, .. } | Self::Publish { failure, .. } => failure.advice(),
            Self::Credentials { .. } => {
                "--repo-credentials names a directory with files as in a Secret: username and \
                 password, bearerToken, ca.crt, tls.crt and tls.key, identity and passphrase, \
                 known_hosts, or those of a GitHub App"
            }
            Self::Fetch { .. } | Self::Late { .. } => {
                "it is tried again; --repo names the repository"
            }
            Self::TrustedKeys { .. } => {
                "--trusted-keys names a directory with armored OpenPGP keys and allowed signers"
            }
            Self::Git { .. }
            | Self::Verifier { .. }
            | Self::Many { .. }
            | Self::App { .. }
            | Self::File { .. }
            | Self::Broken(_)
            | Self::Secrets { .. }
            | Self::Private(_)
            | Self::Program(_) => "",
        }
    }

    /// Whether the repository may be there again without anybody changing what was asked for.
    pub(super) fn is_away(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. }
                | Self::NotRepository { .. }
                | Self::Remote { .. }
                | Self::Fetch { .. }
                | Self::Late { .. }
        )
    }
}
