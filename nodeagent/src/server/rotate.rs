//! Keeps container logs from filling the disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use api::Uid;
use jiff::fmt::strtime;
use tokio::fs;
use tracing::{debug, warn};

use super::logs::rotated;
use crate::pods::Shared;

/// Until the caller drops it: moves full logs away and removes the oldest.
pub(crate) async fn rotate_logs(shared: Arc<Shared>) {
    loop {
        shared.sleep(shared.timing.log_check).await;
        match full_logs(&shared).await {
            Ok(logs) => {
                for (pod, log) in logs {
                    if let Err(error) = rotate(&shared, &pod, &log).await {
                        warn!(path = %log.display(), %error, "cannot rotate a log");
                    }
                }
            }
            Err(error) => debug!(%error, "cannot look at the logs"),
        }
    }
}

/// `NAMESPACE_POD_UID/CONTAINER/ATTEMPT.log`, those that are too large.
async fn full_logs(shared: &Shared) -> io::Result<Vec<(Uid, PathBuf)>> {
    let mut found = Vec::new();
    for pod in directories(shared.paths.all_logs()).await? {
        let name = pod
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let uid = Uid(name.rsplit('_').next().unwrap_or_default().to_owned());
        for container in directories(&pod).await? {
            let mut entries = fs::read_dir(&container).await?;
            while let Some(entry) = entries.next_entry().await? {
                let path = entry.path();
                let is_log = path.extension().is_some_and(|extension| extension == "log");
                if is_log && entry.metadata().await?.len() > shared.timing.log_bytes {
                    found.push((uid.clone(), path));
                }
            }
        }
    }
    Ok(found)
}

async fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = match fs::read_dir(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        other => other?,
    };
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_type().await?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// A log whose container does not run any more stays as it is.
async fn rotate(shared: &Shared, pod: &Uid, log: &Path) -> io::Result<()> {
    let record = shared
        .runtime
        .inspect(pod)
        .await
        .map_err(io::Error::other)?;
    let Some(container) = record.running().find(|container| container.log_path == log) else {
        return Ok(());
    };
    let stamp = strtime::format("%Y%m%d-%H%M%S", shared.env.now()).map_err(io::Error::other)?;
    let away = PathBuf::from(format!("{}.{stamp}", log.display()));
    fs::rename(log, &away).await?;
    if let Err(error) = shared.runtime.reopen_log(&container.id).await {
        // The runtime still writes to the file that was moved: put it back.
        fs::rename(&away, log).await?;
        return Err(io::Error::other(error));
    }
    let old = rotated(log).await?;
    let surplus = (old.len() + 1).saturating_sub(shared.timing.log_files);
    for path in old.iter().take(surplus) {
        fs::remove_file(path).await?;
    }
    Ok(())
}
