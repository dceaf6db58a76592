//! Why a repository cannot be read or written.

use std::fmt;
use std::path::PathBuf;

use git2::ErrorCode;

use super::Failure;

/// What libgit2 says, for people: without the numbers of its own that it says it with.
#[derive(Debug)]
pub struct Cause(git2::Error);

impl From<git2::Error> for Cause {
    fn from(error: git2::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use git2::ErrorClass::{Os, Repository};
        match (self.0.class(), self.0.code()) {
            (Os | Repository, ErrorCode::NotFound) => f.write_str("it is not there"),
            _ => f.write_str(self.0.message()),
        }
    }
}

impl std::error::Error for Cause {}

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {operation} in {}", repository.display())]
    Git {
        operation: &'static str,
        repository: PathBuf,
        #[source]
        source: Cause,
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
        source: Cause,
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

#[cfg(test)]
mod tests {
    use git2::{ErrorClass, ErrorCode};

    use super::*;

    #[test]
    fn people_are_told_no_numbers_of_libgit2() {
        let check = |code, class, message: &str, told: &str| {
            let cause = Cause::from(git2::Error::new(code, class, message));
            assert_eq!(cause.to_string(), told);
        };
        let path = "failed to resolve path '/var/lib/kedge/git/cluster.git': No such file";
        check(ErrorCode::NotFound, ErrorClass::Os, path, "it is not there");
        check(
            ErrorCode::GenericError,
            ErrorClass::Odb,
            "the object is damaged",
            "the object is damaged",
        );
    }
}
