//! `kedge down`: stops what a detached `kedge up` or a `kedge node join` left, and with `--purge` removes every trace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;

use client::Env;
use nodeagent::network::{Instance, Ranges, remove, remove_routes};
use nodeagent::proxy::Nft;

use super::layout::Layout;
use super::machine;
use crate::cli::live;
use crate::data_dir::DataDir;

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    /// Also remove its pods, networks, mounts and all of its state
    #[arg(long)]
    purge: bool,
}

/// The supervisor stops its roles one after another.
const STOP_LIMIT: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let directory = &arguments.data_dir.path;
    let found = Layout::open(directory).ok();
    let Some(layout) = found.filter(|it| arguments.purge || it.lock().exists()) else {
        // As nothing runs, nothing failed; but it may be another directory that was meant.
        anstream::eprintln!(
            "nothing to stop: there is no instance in {}; --data-dir names another",
            directory.display()
        );
        return Ok(());
    };
    live::patiently(
        "stopping the instance",
        stop_supervisor(&layout, &Env::system()),
    )
    .await?;
    if arguments.purge {
        purge(&layout).await?;
    }
    Ok(())
}

async fn stop_supervisor(layout: &Layout, env: &Env) -> anyhow::Result<()> {
    let Ok(file) = std::fs::File::open(layout.lock()) else {
        return Ok(());
    };
    if file.try_lock().is_ok() {
        return Ok(());
    }
    let pid = std::fs::read_to_string(layout.lock()).unwrap_or_default();
    let pid: u32 = pid.trim().parse().context("the lock names no process")?;
    machine::signal(pid, "TERM").with_context(|| {
        format!("cannot stop process {pid}, which runs this instance; stop it as who started it")
    })?;
    let started = env.now();
    while machine::is_alive(pid) {
        if env.now().duration_since(started) > STOP_LIMIT {
            bail!(
                "process {pid} did not stop within {} s; {} may say why",
                STOP_LIMIT.as_secs(),
                layout.logs().display()
            );
        }
        env.clock.sleep(PAUSE).await;
    }
    Ok(())
}

/// Works on what is there, in the order in which things hold each other: daemons, containers,
/// mounts, networks, files.
async fn purge(layout: &Layout) -> anyhow::Result<()> {
    // Whatever else the directory is, it is somebody's: a slip of the keyboard must not cost it.
    ensure!(
        layout.lock().exists(),
        "{} holds no instance, so nothing is removed: there is no file `lock` in it; --data-dir \
         names another",
        layout.root.display()
    );
    let root = layout.root.display().to_string();
    let instance = Instance::of(&layout.root);
    let fallback = Path::new("/var/lib/kedge").join(&instance.id);
    let nodes = std::fs::read_dir(layout.root.join("nodes"))
        .into_iter()
        .flatten()
        .flatten();
    let nodes: Vec<PathBuf> = nodes.map(|entry| entry.path()).collect();
    for program in ["containerd --config", "containerd-shim", "postgres"] {
        for (pid, line) in machine::processes(program) {
            let is_own = mentions(&line, &layout.root) || mentions(&line, &fallback);
            if is_own && let Err(error) = machine::signal(pid, "KILL") {
                tracing::warn!(%error, pid, "a process is left");
            }
        }
    }
    for node in &nodes {
        delete_containers(&node.join("containerd/state/runc/k8s.io"));
    }
    unmount(&root)?;
    if machine::is_root() {
        // Without real containers an instance may have the ranges of another.
        if nodes.iter().any(|it| it.join("containerd").exists())
            && let Ok(ranges) = Ranges::read(&layout.root)
        {
            remove_routes(&ranges)
                .await
                .context("cannot remove the routes to other nodes")?;
        }
        let count = u8::try_from(nodes.len().max(1)).unwrap_or(u8::MAX);
        Nft.remove(&instance.nft_table())
            .await
            .context("cannot remove the service rules")?;
        // Bridges have the same name in both layouts; namespaces exist only in the larger one.
        remove(&instance, count.max(2))
            .await
            .context("cannot remove the networks")?;
        remove_cgroups(&instance);
    }
    for directory in [layout.root.as_path(), fallback.as_path()] {
        if directory.exists() {
            std::fs::remove_dir_all(directory)
                .with_context(|| format!("cannot remove {}", directory.display()))?;
        }
    }
    Ok(())
}

/// Whether a command line names something in a directory; in one of a longer name, it does not.
fn mentions(line: &str, directory: &Path) -> bool {
    line.contains(&format!("{}/", directory.display()))
}

/// Containers outlive their shims.
fn delete_containers(state: &Path) {
    if !state.is_dir() {
        return;
    }
    let runc = |arguments: &[&str]| {
        Command::new("runc")
            .arg("--root")
            .arg(state)
            .args(arguments)
            .output()
    };
    let Ok(list) = runc(&["list", "-q"]) else {
        return;
    };
    for container in String::from_utf8_lossy(&list.stdout).split_whitespace() {
        if let Err(error) = runc(&["delete", "--force", container]) {
            tracing::warn!(%error, container, "a container could not be deleted");
        }
    }
}

/// Innermost mounts first.
fn unmount(root: &str) -> anyhow::Result<()> {
    let mounts =
        std::fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    let below = format!("{root}/");
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    let mut points: Vec<&str> = points.filter(|point| point.starts_with(&below)).collect();
    points.sort_unstable();
    for point in points.iter().rev() {
        let output = Command::new("umount")
            .args(["-l", point])
            .output()
            .context("cannot start umount")?;
        if !output.status.success() {
            tracing::warn!(point, error = %String::from_utf8_lossy(&output.stderr).trim(), "a mount is left");
        }
    }
    Ok(())
}

/// The instance's cgroups, in every hierarchy, innermost first.
fn remove_cgroups(instance: &Instance) {
    let own = format!("kedge-{}", instance.id);
    let hierarchies = std::fs::read_dir("/sys/fs/cgroup")
        .into_iter()
        .flatten()
        .flatten();
    let mut roots: Vec<PathBuf> = hierarchies.map(|entry| entry.path().join(&own)).collect();
    roots.push(Path::new("/sys/fs/cgroup").join(&own));
    for root in roots.iter().filter(|root| root.is_dir()) {
        remove_tree(root);
    }
}

fn remove_tree(cgroup: &Path) {
    for entry in std::fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    if let Err(error) = std::fs::remove_dir(cgroup) {
        tracing::debug!(%error, cgroup = %cgroup.display(), "a cgroup is left");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_instance_is_not_removed() {
        let directory = std::env::temp_dir().join(format!("kedge-down-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("mine"), "dear").unwrap();
        let arguments = Arguments {
            data_dir: DataDir {
                path: directory.clone(),
            },
            purge: true,
        };
        let refused = run(arguments).await.unwrap_err().to_string();
        assert!(refused.contains("holds no instance"), "{refused}");
        assert!(directory.join("mine").exists());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn an_instance_next_door_is_another() {
        let line = "postgres -D /srv/kedge2/postgres/data";
        assert!(mentions(line, Path::new("/srv/kedge2")));
        assert!(!mentions(line, Path::new("/srv/kedge")));
    }
}
