//! What the service is started with; parsed and checked by whoever starts it.

use std::path::PathBuf;
use std::time::Duration;

use api::kinds::VerifyMode;

use crate::source::{Keyring, SigningKey};

/// The field manager of everything that comes from Git.
pub const MANAGER: &str = "kedge";

/// The service's settings.
#[derive(Clone)]
pub struct Config {
    /// Where the hosted repository and mirrors are kept.
    pub data: PathBuf,
    /// `postgres://…`
    pub database_url: String,
    pub repository: RepositoryConfig,
    /// The branch that is followed.
    pub branch: String,
    /// The directory of the repository that has `apps/` in it; `.` for its root.
    pub path: String,
    /// Where the web pages are: `http://127.0.0.1:8080`; Git is below it.
    pub address: String,
    /// How often repositories elsewhere are asked for news.
    pub poll: Duration,
    /// How what is new is noticed besides.
    pub news: News,
    /// This binary: Git starts it as its hooks.
    pub executable: PathBuf,
    /// The largest push, in bytes.
    pub push_limit: usize,
    /// What opens files that are encrypted with SOPS.
    pub keys: Keyring,
    /// Who must have signed the commits of the cluster repository: a directory of keys, and which
    /// commits.
    pub trusted_keys: Option<(PathBuf, VerifyMode)>,
    /// What Kedge's own commits are signed with.
    pub signing_key: Option<SigningKey>,
}

/// How what is new in the repository that is followed is noticed, besides hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum News {
    /// By its files too, where it is on this machine.
    #[default]
    Files,
    /// By looking now and then: the file system does not tell, or at no certain moment.
    Poll,
}

/// Which repository is followed.
#[derive(Clone)]
pub enum RepositoryConfig {
    /// The one Kedge hosts; `seed` is its first content.
    Hosted { seed: Option<PathBuf> },
    /// One elsewhere: https, ssh, or a path.
    Remote {
        url: String,
        /// A directory that says how to sign in; see [`crate::source::Access::from_directory`].
        credentials: Option<PathBuf>,
    },
}

impl Config {
    /// The hosted repository in `data`, with what is usual otherwise.
    pub fn hosted(data: PathBuf, database_url: String, executable: PathBuf) -> Self {
        Self {
            data,
            database_url,
            repository: RepositoryConfig::Hosted { seed: None },
            branch: "main".into(),
            path: ".".into(),
            address: "http://127.0.0.1:8080".into(),
            poll: Duration::from_mins(1),
            news: News::default(),
            executable,
            push_limit: 256 << 20,
            keys: Keyring::default(),
            trusted_keys: None,
            signing_key: None,
        }
    }
}
