//! What a caller decides.

use std::path::PathBuf;
use std::time::Duration;

/// How careful the server is with data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// An acknowledged commit survives power loss.
    Durable,
    /// No fsync at all: for tests.
    Fast,
}

/// What ends the server, besides [`crate::Server::stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Nothing: it outlives its parent, whose next start takes it over.
    Independent,
    /// The end of the process with this id, which also removes the directory. For tests.
    BoundTo(u32),
}

#[derive(Debug, Clone)]
pub struct Options {
    /// The directory that belongs to the server alone: data, socket and log are in it.
    pub directory: PathBuf,
    /// Used instead where the server's user cannot reach `directory`.
    pub fallback: PathBuf,
    /// Made where they do not exist.
    pub databases: Vec<String>,
    pub profile: Profile,
    pub lifetime: Lifetime,
    /// How long a start may take; recovery after a crash is part of it.
    pub patience: Duration,
}

impl Options {
    /// A durable, independent server.
    pub fn new(directory: impl Into<PathBuf>, fallback: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            fallback: fallback.into(),
            databases: Vec::new(),
            profile: Profile::Durable,
            lifetime: Lifetime::Independent,
            patience: Duration::from_mins(2),
        }
    }

    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.databases.push(name.to_owned());
        self
    }
}

impl Profile {
    /// Settings for the command line.
    pub(crate) fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Durable => &[
                "listen_addresses=",
                "unix_socket_permissions=0700",
                "max_connections=100",
                "wal_compression=on",
                "jit=off",
                "log_checkpoints=off",
            ],
            Self::Fast => &[
                "listen_addresses=",
                "unix_socket_permissions=0700",
                "max_connections=300",
                "shared_buffers=32MB",
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "autovacuum=off",
                "jit=off",
                "log_checkpoints=off",
            ],
        }
    }
}
