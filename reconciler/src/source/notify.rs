//! Wakes when something changes in a repository on this machine. An event says only that it is
//! worth looking; the ref says what is true.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tracing::warn;

/// Watches until it is dropped.
pub(super) struct Notifier {
    _watcher: RecommendedWatcher,
}

impl Notifier {
    /// `None` where the repository is not on this machine or cannot be watched: polling is then
    /// what is left.
    pub(super) fn start(url: &str, wake: &Arc<Notify>) -> Option<Self> {
        let directory = git_directory(&local_path(url)?);
        let wake = wake.clone();
        let told = move |event: notify::Result<notify::Event>| match event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
            _ => wake.notify_one(),
        };
        match watch(&directory, told) {
            Ok(watcher) => Some(Self { _watcher: watcher }),
            Err(error) => {
                warn!(repository = %directory.display(), %error, "cannot watch the repository");
                None
            }
        }
    }
}

fn watch(directory: &Path, told: impl notify::EventHandler) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(told)?;
    // HEAD and packed-refs are here; objects, which change all the time, are not asked for.
    watcher.watch(directory, RecursiveMode::NonRecursive)?;
    for refs in ["refs", "reftable"] {
        let refs = directory.join(refs);
        if refs.is_dir() {
            watcher.watch(&refs, RecursiveMode::Recursive)?;
        }
    }
    Ok(watcher)
}

/// The path a URL means, if it is on this machine.
pub(super) fn local_path(url: &str) -> Option<PathBuf> {
    let path = match url.strip_prefix("file://") {
        Some(path) => path,
        None if url.contains("://") => return None,
        None => url,
    };
    let path = PathBuf::from(path);
    path.is_dir().then_some(path)
}

/// A repository with files keeps its own things in `.git`.
fn git_directory(path: &Path) -> PathBuf {
    let inner = path.join(".git");
    if inner.is_dir() {
        inner
    } else {
        path.to_owned()
    }
}
