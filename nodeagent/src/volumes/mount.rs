//! Mounts in memory, and what is left of mounts. Through the system's `mount` and `umount`.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(30);

/// Mounts a file system in memory at `path`, unless one is there. `bytes`: at most this large.
pub(crate) async fn mount_tmpfs(path: &Path, bytes: Option<i64>) -> io::Result<()> {
    if mounts_below(path).await?.iter().any(|mount| mount == path) {
        return Ok(());
    }
    let size = bytes
        .map(|bytes| format!(",size={bytes}"))
        .unwrap_or_default();
    let mut command = Command::new("mount");
    command
        .args(["-t", "tmpfs", "-o"])
        .arg(format!("mode=0777{size}"))
        .arg("tmpfs")
        .arg(path);
    run(command, path).await
}

/// Unmounts everything below `path`, innermost first.
pub(crate) async fn unmount_below(path: &Path) -> io::Result<()> {
    for mount in mounts_below(path).await?.into_iter().rev() {
        let mut command = Command::new("umount");
        command.arg(&mount);
        if let Err(error) = run(command, &mount).await {
            tracing::debug!(path = %mount.display(), %error, "busy: detaching instead");
            let mut command = Command::new("umount");
            command.arg("--lazy").arg(&mount);
            run(command, &mount).await?;
        }
    }
    Ok(())
}

/// Mount points at or below `path`, in the order they were made.
async fn mounts_below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let table = tokio::fs::read_to_string("/proc/self/mountinfo").await?;
    Ok(parse(&table, path))
}

pub(super) fn parse(table: &str, path: &Path) -> Vec<PathBuf> {
    table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| PathBuf::from(unescaped(point)))
        .filter(|point| point.starts_with(path))
        .collect()
}

/// The kernel writes blanks as `\040`.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\134", "\\")
}

async fn run(mut command: Command, path: &Path) -> io::Result<()> {
    command.kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(io::Error::other(format!("{}: {text}", path.display())))
}
