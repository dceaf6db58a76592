//! What can go wrong, with what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "PostgreSQL is not installed: no `postgres` and `initdb` in $PATH or /usr/lib/postgresql; \
         install the package `postgresql`, or give --database-url"
    )]
    NotInstalled,
    #[error(
        "{} was made by PostgreSQL {wanted}, but only {} is installed; install `postgresql-{wanted}`",
        data.display(), installed.join(", ")
    )]
    Version {
        data: PathBuf,
        wanted: String,
        installed: Vec<String>,
    },
    #[error("PostgreSQL must not run as root, and there is no user `postgres` or `nobody`")]
    NoAccount,
    #[error("user `{user}` cannot reach {}, where the database is; make its parents searchable (chmod o+x)", path.display())]
    Unreachable { path: PathBuf, user: String },
    #[error("the socket path {} is longer than 107 bytes; choose a shorter data directory", path.display())]
    SocketPath { path: PathBuf },
    #[error("cannot {operation} {}", path.display())]
    Files {
        operation: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot run {program}")]
    Run {
        program: String,
        #[source]
        source: io::Error,
    },
    #[error("{program} failed ({status}): {output}")]
    Failed {
        program: String,
        status: String,
        output: String,
    },
    #[error("PostgreSQL ended while it started ({status}); the end of {}: {output}", log.display())]
    Ended {
        status: String,
        log: PathBuf,
        output: String,
    },
    #[error("PostgreSQL did not accept connections within {} s; see {}", patience.as_secs(), log.display())]
    NotReady {
        patience: Duration,
        log: PathBuf,
        #[source]
        source: Box<Error>,
    },
    #[error("PostgreSQL (pid {pid}) did not stop")]
    NotStopped { pid: u32 },
    #[error("cannot talk to PostgreSQL at {}", socket.display())]
    Connect {
        socket: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The server's own words. `code` is the SQLSTATE.
    #[error("PostgreSQL refused to {operation}: {message} ({code})")]
    Refused {
        operation: String,
        code: String,
        message: String,
    },
}
