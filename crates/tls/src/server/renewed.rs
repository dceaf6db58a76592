//! A serving certificate that somebody else issues and renews, in files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use client::{Env, Tasks};

use super::Certificates;
use crate::{Error, Pair, files};

/// Where a file system tells nothing, such as one of another machine, this is how late a renewed
/// certificate counts.
const CHECK: Duration = Duration::from_hours(6);

/// Two files are written one after the other.
const SETTLE: Duration = Duration::from_secs(1);

/// A certificate with its chain, and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl PairFiles {
    /// What they hold, ready to be presented.
    ///
    /// # Errors
    ///
    /// A file that is not there or not PEM, a key of another certificate, and a key that everybody
    /// on the machine may read.
    pub fn open(&self) -> Result<Arc<Certificates>, Error> {
        Ok(Arc::new(Certificates::new(&self.read()?)?))
    }

    /// Presents what the files hold from now on, each time they change. What cannot be used is
    /// logged, and the certificate before it stays.
    pub fn follow(self, certificates: Arc<Certificates>, env: Env, tasks: &Tasks) {
        let changed = Arc::new(Notify::new());
        let watcher = self.watch(&changed);
        tasks.spawn_until_cancelled(async move {
            let _watcher = watcher;
            loop {
                tokio::select! {
                    () = changed.notified() => env.clock.sleep(SETTLE).await,
                    () = env.clock.sleep(CHECK) => {}
                }
                let path = self.certificate.display();
                match self.read().and_then(|pair| certificates.replace(&pair)) {
                    Ok(()) => tracing::debug!(%path, "the certificate was read again"),
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::error!(%path, error, "keeps the certificate it had");
                    }
                }
            }
        });
    }

    fn read(&self) -> Result<Pair, Error> {
        let missing = |path: &Path| Error::File {
            operation: "read",
            path: path.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let text = |path: &Path| files::read(path)?.ok_or_else(|| missing(path));
        let pair = Pair {
            certificate_pem: text(&self.certificate)?,
            key_pem: text(&self.key)?,
        };
        let of_the_key = |source| Error::File {
            operation: "read",
            path: self.key.clone(),
            source,
        };
        let mode = fs::metadata(&self.key)
            .map_err(of_the_key)?
            .permissions()
            .mode();
        if mode & 0o007 != 0 {
            return Err(Error::Exposed(self.key.clone()));
        }
        Ok(pair)
    }

    /// The directories are watched, not the files: tools that renew certificates put new files, or
    /// links to them, in the place of the old.
    fn watch(&self, changed: &Arc<Notify>) -> Option<RecommendedWatcher> {
        let changed = changed.clone();
        let told = move |event: notify::Result<notify::Event>| match event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
            _ => changed.notify_one(),
        };
        let directories: BTreeSet<&Path> = [&self.certificate, &self.key]
            .map(|path| parent(path))
            .into();
        let watched = notify::recommended_watcher(told).and_then(|mut watcher| {
            for directory in directories {
                watcher.watch(directory, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        let hours = CHECK.as_secs() / 3600;
        watched
            .inspect_err(|error| {
                tracing::warn!(%error, "the certificate is read again every {hours} hours only");
            })
            .ok()
    }
}

/// The directory of a file.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
