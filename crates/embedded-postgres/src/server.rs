//! Start, use, stop.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::location::{self, Location};
use crate::process::{self, Exit, Process};
use crate::{Error, Lifetime, Options, account, binaries, pidfile, wire};

/// Between looks at a server that is not ready yet: doubles from the first to the second.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(200)];
/// The database that `initdb` makes.
const FIRST_DATABASE: &str = "postgres";

/// A running server. Dropping it leaves PostgreSQL running; the next start takes it over.
pub struct Server {
    options: Options,
    location: Location,
    socket_directory: PathBuf,
    process: Process,
}

impl Server {
    /// Takes over a server that still runs on this directory, or starts one, and waits until it
    /// accepts connections. Where one was killed a moment ago, what is left of it may keep the next
    /// one out: see [`Server::restart`].
    pub async fn start(options: Options) -> Result<Self, Error> {
        let account = account::choose()?;
        let location = location::prepare(&options, account.as_ref()).await?;
        let was_there = pidfile::read(&location.data()).is_some();
        match Self::once(options.clone()).await {
            Err(Error::Ended { .. }) if was_there => Self::patiently(options).await,
            outcome => outcome,
        }
    }

    async fn once(options: Options) -> Result<Self, Error> {
        let account = account::choose()?;
        let location = location::prepare(&options, account.as_ref()).await?;
        let running = adopt(&options, &location).await?;
        let server = if let Some(server) = running {
            server
        } else {
            let binaries = binaries::find(&location.data()).await?;
            process::initialize(&binaries, &location, &options, account.as_ref()).await?;
            let child = process::spawn(&binaries, &location, &options, account.as_ref())?;
            let process = Process::Ours(Box::new(child));
            let socket_directory = location.root.clone();
            Self {
                options,
                location,
                socket_directory,
                process,
            }
            .ready()
            .await?
        };
        for database in &server.options.databases {
            server.create_database(database).await?;
        }
        Ok(server)
    }

    /// Starts it again after [`Server::exited`]. The sessions of a server that was killed end a
    /// moment after it, and until then their memory keeps the next one out: that is tried again for
    /// as long as a start may take.
    pub async fn restart(self) -> Result<Self, Error> {
        Self::patiently(self.options).await
    }

    async fn patiently(options: Options) -> Result<Self, Error> {
        let mut ended = None;
        let starting = async {
            let mut pause = BACK_OFF[0];
            loop {
                match Self::once(options.clone()).await {
                    Err(error @ Error::Ended { .. }) => ended = Some(error),
                    outcome => return outcome,
                }
                sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF[1]);
            }
        };
        match timeout(options.patience, starting).await {
            Ok(outcome) => outcome,
            Err(late) => Err(ended.unwrap_or(Error::Run {
                program: "postgres".into(),
                source: late.into(),
            })),
        }
    }

    /// For any client: over the Unix socket, as the superuser.
    pub fn url(&self, database: &str) -> String {
        url(&self.socket_directory, database)
    }

    /// Where its files are; a caller that removes its state removes this too.
    pub fn directory(&self) -> &Path {
        &self.location.root
    }

    /// The process id; `None` once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Waits for the server to end by itself. May be dropped and called again.
    pub async fn exited(&mut self) -> Exit {
        self.process.exited(&self.location.data()).await
    }

    /// Ends all sessions, writes everything down, and waits for the end.
    pub async fn stop(self) -> Result<(), Error> {
        self.process.stop(&self.location.data()).await
    }

    /// Creates a database; one that exists is fine.
    pub async fn create_database(&self, name: &str) -> Result<(), Error> {
        match self
            .execute(&format!("create database {}", wire::quoted(name)))
            .await
        {
            Err(Error::Refused { code, .. }) if code == "42P04" => Ok(()),
            outcome => outcome,
        }
    }

    pub(crate) async fn execute(&self, statement: &str) -> Result<(), Error> {
        wire::execute(&self.socket_directory, FIRST_DATABASE, statement).await
    }

    /// Waits until a query is answered.
    async fn ready(mut self) -> Result<Self, Error> {
        let patience = self.options.patience;
        let mut last = Error::NotInstalled;
        let data = self.location.data();
        let answering = async {
            let mut pause = BACK_OFF[0];
            loop {
                match wire::execute(&self.socket_directory, FIRST_DATABASE, "select 1").await {
                    Ok(()) => return,
                    Err(error) => last = error,
                }
                sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF[1]);
            }
        };
        let ended = tokio::select! {
            outcome = timeout(patience, answering) => outcome.map_err(|_| None),
            exit = self.process.exited(&data) => Err(Some(exit)),
        };
        let log = self.location.log();
        match ended {
            Ok(()) => {
                if let (Lifetime::BoundTo(_), Some(found)) =
                    (self.options.lifetime, pidfile::read(&data))
                {
                    // The child is the guard; the server is what it guards.
                    self.process = Process::Adopted { pid: found.pid };
                }
                Ok(self)
            }
            Err(Some(exit)) => {
                let output = process::log_tail(&self.location);
                Err(Error::Ended {
                    status: exit.status,
                    log,
                    output,
                })
            }
            Err(None) => {
                self.stop().await?;
                Err(Error::NotReady {
                    patience,
                    log,
                    source: Box::new(last),
                })
            }
        }
    }
}

/// The server that still runs on this data directory; one that does not answer is stopped.
async fn adopt(options: &Options, location: &Location) -> Result<Option<Server>, Error> {
    let data = location.data();
    let Some(found) = pidfile::read(&data) else {
        return Ok(None);
    };
    if !pidfile::serves(found.pid, &data) {
        // PostgreSQL trusts the pid alone and would refuse to start if another process has it.
        let path = pidfile::path(&data);
        return match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::Files {
                operation: "remove",
                path,
                source,
            }),
            _ => Ok(None),
        };
    }
    tracing::info!(pid = found.pid, "PostgreSQL still runs and is taken over");
    let server = Server {
        options: options.clone(),
        location: location.clone(),
        socket_directory: found.socket_directory,
        process: Process::Adopted { pid: found.pid },
    };
    match server.ready().await {
        Ok(server) => Ok(Some(server)),
        Err(Error::NotReady { .. } | Error::Ended { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `postgres://kedge@localhost/DATABASE?host=DIRECTORY`
fn url(socket_directory: &Path, database: &str) -> String {
    let host = encoded(&socket_directory.to_string_lossy());
    format!(
        "postgres://{}@localhost/{}?host={host}",
        wire::USER,
        encoded(database)
    )
}

/// Percent-encodes what is not plain in a URL.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match char::from(byte) {
        plain if plain.is_ascii_alphanumeric() || "-_./".contains(plain) => plain.to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_hold_any_path() {
        assert_eq!(
            url(Path::new("/a b/c"), "k"),
            "postgres://kedge@localhost/k?host=/a%20b/c"
        );
    }
}
