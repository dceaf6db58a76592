//! The server as a process: started by us, or found running.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::account::{self, Account};
use crate::binaries::Binaries;
use crate::location::Location;
use crate::{Error, Lifetime, Options, pidfile};

/// A log longer than this is put aside at the next start.
const LOG_BYTES: u64 = 16 * 1024 * 1024;
/// How often a process that is not our child is looked at.
const GLANCE: Duration = Duration::from_millis(250);
/// A fast shutdown ends sessions and writes a checkpoint; that may take a slow disk a while.
const FAST_STOP: Duration = Duration::from_mins(1);
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);

/// How the server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// `exit status: 0`, or that nobody knows.
    pub status: String,
}

/// A running server.
pub(crate) enum Process {
    Ours(Box<Child>),
    /// Started by a process that is gone, or by the guard of [`Lifetime::BoundTo`].
    Adopted {
        pid: u32,
    },
}

/// Runs `initdb` once; a half-made directory of an interrupted run is thrown away.
pub(crate) async fn initialize(
    binaries: &Binaries,
    location: &Location,
    options: &Options,
    account: Option<&Account>,
) -> Result<(), Error> {
    let data = location.data();
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    let unfinished = location.root.join("data.unfinished");
    for leftover in [&unfinished, &data] {
        remove(leftover)?;
    }
    let mut command = account::command(account, binaries.path("initdb"));
    command
        .arg("-D")
        .arg(&unfinished)
        .args(["-U", crate::wire::USER]);
    // The C locale sorts as Rust does, byte by byte. Trust is safe: the socket's directory is
    // the server user's own.
    command.args(["-A", "trust", "-E", "UTF8", "--no-locale"]);
    if options.profile == crate::Profile::Fast {
        command.arg("--no-sync");
    }
    let output = timeout(options.patience, command.output())
        .await
        .map_err(|_| std::io::ErrorKind::TimedOut.into())
        .flatten()
        .map_err(|source| Error::Run {
            program: "initdb".into(),
            source,
        })?;
    if !output.status.success() {
        return Err(Error::Failed {
            program: "initdb".into(),
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    fs::rename(&unfinished, &data).map_err(|source| Error::Files {
        operation: "put in place",
        path: data,
        source,
    })
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::Files {
            operation: "remove",
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Starts `postgres` in the foreground, as a child.
pub(crate) fn spawn(
    binaries: &Binaries,
    location: &Location,
    options: &Options,
    account: Option<&Account>,
) -> Result<Child, Error> {
    let program = binaries.path("postgres");
    let mut command = match options.lifetime {
        Lifetime::Independent => account::command(account, program),
        Lifetime::BoundTo(_) => account::mortal_command(account, program),
    };
    command
        .arg("-D")
        .arg(location.data())
        .arg("-k")
        .arg(&location.root);
    for setting in options.profile.settings() {
        command.args(["-c", setting]);
    }
    if let Lifetime::BoundTo(owner) = options.lifetime {
        command = guarded(&command, owner, location);
    }
    let log = open_log(location)?;
    let second = log.try_clone().map_err(|source| Error::Files {
        operation: "open",
        path: location.log(),
        source,
    })?;
    command.stdout(Stdio::from(log)).stderr(Stdio::from(second));
    command.spawn().map_err(|source| Error::Run {
        program: "postgres".into(),
        source,
    })
}

/// Under a shell that stops the server and removes its directory when `owner` ends.
fn guarded(server: &Command, owner: u32, location: &Location) -> Command {
    const GUARD: &str = r#"root=$1; owner=$2; shift 2
"$@" & server=$!
tail --pid="$owner" -f /dev/null
kill -s INT "$server"; wait "$server"; rm -rf "$root" "$root.lock""#;
    let mut command = Command::new("sh");
    command
        .args(["-c", GUARD, "guard"])
        .arg(&location.root)
        .arg(owner.to_string());
    command
        .arg(server.as_std().get_program())
        .args(server.as_std().get_args());
    account::isolate(&mut command);
    command
}

fn open_log(location: &Location) -> Result<File, Error> {
    let path = location.log();
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_BYTES) {
        // One old log is kept; losing it is no reason not to start.
        let _ = fs::rename(&path, location.root.join("postgres.log.1"));
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|source| Error::Files {
            operation: "open",
            path,
            source,
        })
}

/// The last lines of the log.
pub(crate) fn log_tail(location: &Location) -> String {
    let log = fs::read(location.log()).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = log.lines().rev().take(6).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

impl Process {
    /// Waits for the end. May be dropped and called again.
    pub(crate) async fn exited(&mut self, data: &Path) -> Exit {
        match self {
            Self::Ours(child) => {
                let status = child.wait().await;
                let status = status.map_or_else(|error| error.to_string(), |s| s.to_string());
                Exit { status }
            }
            Self::Adopted { pid } => {
                while pidfile::serves(*pid, data) {
                    sleep(GLANCE).await;
                }
                Exit {
                    status: "not our child, status unknown".into(),
                }
            }
        }
    }

    /// The server's process id; `None` once it has ended.
    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Ours(child) => child.id(),
            Self::Adopted { pid } => Some(*pid),
        }
    }

    /// Ends sessions, writes everything down, exits; by force where that takes too long.
    pub(crate) async fn stop(mut self, data: &Path) -> Result<(), Error> {
        let Some(pid) = self.pid() else { return Ok(()) };
        for (name, patience) in [("INT", FAST_STOP), ("QUIT", IMMEDIATE_STOP)] {
            signal(pid, name).await?;
            if timeout(patience, self.exited(data)).await.is_ok() {
                return Ok(());
            }
            tracing::warn!(pid, signal = name, "PostgreSQL does not stop");
        }
        Err(Error::NotStopped { pid })
    }
}

/// Sends a signal; the shell's `kill` is everywhere and needs no unsafe code.
async fn signal(pid: u32, name: &str) -> Result<(), Error> {
    let mut command = Command::new("sh");
    account::isolate(&mut command);
    command
        .args(["-c", "kill -s \"$1\" \"$2\"", "kill", name])
        .arg(pid.to_string());
    command.stderr(Stdio::null());
    // A failure means that it has just ended, which the caller waits for anyway.
    command.status().await.map_err(|source| Error::Run {
        program: "sh".into(),
        source,
    })?;
    Ok(())
}
