//! Starts a node's containerd, or finds it running, and starts it again when it dies.
//!
//! Containers do not depend on it: they live on while it is away.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::timeout;

use client::{Clock, Tasks};

use super::config::{Layout, config};
use crate::network::{NodeNetwork, conflist};

const START_TIMEOUT: Duration = Duration::from_secs(20);
const IMPORT_TIMEOUT: Duration = Duration::from_secs(120);
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(10);
/// One that lived this long did not die of its configuration.
const SETTLED: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write containerd's configuration to {path}")]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "cannot find {0}; install the packages containerd, runc and containernetworking-plugins"
    )]
    Missing(&'static str),
    #[error("cannot start containerd")]
    Start(#[source] std::io::Error),
    #[error("containerd did not answer within {START_TIMEOUT:?}; its log is {log}")]
    NotReady { log: PathBuf },
    #[error("the image {archive} cannot be imported: {detail}")]
    Import { archive: PathBuf, detail: String },
}

/// One node's containerd.
#[derive(Debug, Clone)]
pub struct Containerd {
    pub layout: Layout,
}

impl Containerd {
    /// Writes the configuration and starts the daemon in the node's network namespace; a daemon
    /// that still runs from an earlier start is taken over as it is. Supervised until the tasks
    /// are cancelled; it is left running then, with its containers.
    pub async fn start(
        layout: Layout,
        node: &NodeNetwork,
        sandbox_image: &str,
        clock: std::sync::Arc<dyn Clock>,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let containerd = Self { layout };
        containerd.configure(node, sandbox_image)?;
        let namespace = node.namespace.clone();
        let child = if containerd.answers().await {
            None
        } else {
            Some(containerd.spawn(namespace.as_deref())?)
        };
        containerd.ready(clock.as_ref()).await?;
        let supervised = containerd.clone();
        tasks.spawn_until_cancelled(
            async move { supervised.supervise(child, namespace, clock).await },
        );
        Ok(containerd)
    }

    fn configure(&self, node: &NodeNetwork, sandbox_image: &str) -> Result<(), Error> {
        let runc = find("runc")?;
        find("containerd")?;
        let addresses = self.layout.cni_addresses();
        let files = [
            (
                self.layout.config_file(),
                config(&self.layout, sandbox_image, &runc),
            ),
            // Before the daemon starts: 1.6 does not notice a file that is renamed into place.
            (
                self.layout.cni_config(),
                conflist(node, &addresses.display().to_string()),
            ),
        ];
        for (path, text) in files {
            let parent = path.parent().unwrap_or(Path::new("/"));
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|source| Error::Write {
                    path: path.clone(),
                    source,
                })?;
        }
        Ok(())
    }

    fn spawn(&self, namespace: Option<&str>) -> Result<Child, Error> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.layout.log());
        let log = log.map_err(|source| Error::Write {
            path: self.layout.log(),
            source,
        })?;
        let errors = log.try_clone().map_err(Error::Start)?;
        let containerd = find("containerd")?;
        let mut command = match namespace {
            None => Command::new(containerd),
            Some(namespace) => {
                let mut command = Command::new("nsenter");
                command
                    .arg(format!("--net=/run/netns/{namespace}"))
                    .arg(containerd);
                command
            }
        };
        command
            .arg("--config")
            .arg(self.layout.config_file())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // A group of its own: Ctrl-C is for Kedge, containers outlive it.
            .process_group(0)
            .spawn()
            .map_err(Error::Start)
    }

    async fn answers(&self) -> bool {
        let socket = self.layout.socket();
        let version = Command::new("ctr")
            .arg("--address")
            .arg(&socket)
            .args(["--timeout", "2s", "version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .status();
        socket.exists()
            && matches!(timeout(Duration::from_secs(3), version).await, Ok(Ok(status)) if status.success())
    }

    async fn ready(&self, clock: &dyn Clock) -> Result<(), Error> {
        let started = clock.now();
        let limit = jiff::SignedDuration::try_from(START_TIMEOUT).expect("a constant fits");
        while !self.answers().await {
            if clock.now().duration_since(started) > limit {
                return Err(Error::NotReady {
                    log: self.layout.log(),
                });
            }
            clock.sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn supervise(
        &self,
        mut child: Option<Child>,
        namespace: Option<String>,
        clock: std::sync::Arc<dyn Clock>,
    ) {
        let mut delay = RETRY_FIRST;
        loop {
            let since = clock.now();
            if let Some(child) = &mut child {
                let ended = child.wait().await;
                tracing::warn!(?ended, "containerd ended; starting it again");
            } else {
                // Somebody else's child: all that can be done is to ask.
                while self.answers().await {
                    clock.sleep(Duration::from_secs(2)).await;
                }
                tracing::warn!("containerd stopped answering; starting it again");
            }
            if clock.now().duration_since(since) > SETTLED {
                delay = RETRY_FIRST;
            }
            clock.sleep(delay).await;
            delay = (delay * 2).min(RETRY_MAX);
            child = match self.spawn(namespace.as_deref()) {
                Ok(child) => Some(child),
                Err(error) => {
                    tracing::error!(%error, "containerd cannot be started");
                    None
                }
            };
        }
    }

    /// Puts an OCI archive where pods find it.
    pub async fn import(&self, archive: &Path) -> Result<(), Error> {
        let run = Command::new("ctr")
            .arg("--address")
            .arg(self.layout.socket())
            .args(["--namespace", "k8s.io", "images", "import"])
            .arg(archive)
            .kill_on_drop(true)
            .output();
        let failed = |detail: String| Error::Import {
            archive: archive.to_owned(),
            detail,
        };
        let output = timeout(IMPORT_TIMEOUT, run)
            .await
            .map_err(|_| failed(format!("no end within {IMPORT_TIMEOUT:?}")))?
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }
}

/// Whether what a node needs is installed on this machine.
///
/// # Errors
/// [`Error::Missing`].
pub fn installed() -> Result<(), Error> {
    find("containerd").and(find("runc")).map(drop)
}

/// The program in one of the places where distributions put it.
fn find(program: &'static str) -> Result<PathBuf, Error> {
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"]
        .iter()
        .map(|directory| Path::new(directory).join(program))
        .find(|path| path.is_file())
        .ok_or(Error::Missing(program))
}
