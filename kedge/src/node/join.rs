//! `kedge node join`: on another machine, in the foreground.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;

use client::{Env, Tasks};
use nodeagent::network::{self, Instance, Topology};
use nodeagent::{containerd, network::way};
use orchestrator::auth::kubeconfig;

use super::JoinFile;
use super::fits::{Seen, fits};
use super::ready::ready;
use super::role::{self, Wishes};
use crate::Usage;
use crate::cli::cause::unreadable;
use crate::data_dir::DataDir;
use crate::role::{asked_to_stop, until_asked_to_stop};
use crate::up::{Layout, is_root, keep, lock, write_images};

/// As other Kubernetes has it, so that firewalls know it.
pub(super) const AGENT_PORT: u16 = 10_250;
/// A join file has some 4 KiB.
const MOST: u64 = 1 << 20;

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// What `kedge node add` wrote, - for standard input [default: what this machine joined with]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
    /// Import the image archives (*.tar) of this directory too; may be given several times
    #[arg(long, env = "KEDGE_IMAGES", value_name = "DIR")]
    images: Vec<PathBuf>,
    /// Listen on this port for the API server: logs and exec
    #[arg(long, env = "KEDGE_AGENT_PORT", default_value_t = AGENT_PORT, value_name = "PORT")]
    agent_port: u16,
}

pub(super) async fn run(
    arguments: Arguments,
    environment: Vec<(&'static str, OsString)>,
) -> anyhow::Result<()> {
    ensure!(
        is_root(),
        "a node runs real containers, which need root; run as root"
    );
    containerd::installed()?;
    if let Some(missing) = arguments.images.iter().find(|it| !it.is_dir()) {
        let text = format!(
            "--images {}: no such directory; it takes one with archives",
            missing.display()
        );
        return Err(Usage(text).into());
    }
    let directory = &arguments.data_dir.path;
    let given = arguments.file.as_deref().map(read).transpose()?;
    let file = choose(given, kept(directory)?, directory).map_err(anyhow::Error::msg)?;
    let env = Env::system();
    let seen = Seen {
        now: env.now(),
        own: way(file.address).await?,
        via: way(file.via).await?,
    };
    fits(&file, &seen).map_err(anyhow::Error::msg)?;
    let layout = prepare(directory)?;
    let _lock = lock(&layout)?;
    let wishes = Wishes {
        port: arguments.agent_port,
        images: arguments.images,
    };
    let roles = Tasks::default();
    let stop = asked_to_stop()?;
    tokio::select! {
        started = start(&file, &layout, &wishes, environment, &env, &roles) => started?,
        () = stop => bail!("stopped before it was up"),
    }
    let told = async {
        tell(&file, &layout, &env).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        stopped = until_asked_to_stop(&roles) => stopped,
        () = told => Ok(()),
    }
}

fn read(path: &Path) -> anyhow::Result<JoinFile> {
    let mut text = String::new();
    let (name, read) = if path == Path::new("-") {
        let input = std::io::stdin().lock().take(MOST).read_to_string(&mut text);
        ("standard input".to_owned(), input)
    } else {
        let opened = std::fs::File::open(path);
        let input = opened.and_then(|file| file.take(MOST).read_to_string(&mut text));
        (path.display().to_string(), input)
    };
    read.map_err(|error| {
        let why = unreadable(path, &error);
        anyhow!(
            "{why}; `kedge node add NAME` on the machine of the instance writes the file that this \
             takes"
        )
    })?;
    let parsed = JoinFile::parse(&text);
    parsed.map_err(|why| Usage(format!("{name}: {why}")).into())
}

/// What a data directory is already; one with anything else in it is somebody's.
fn kept(directory: &Path) -> anyhow::Result<Option<JoinFile>> {
    let Ok(layout) = Layout::open(directory) else {
        return Ok(None);
    };
    if let Some(file) = JoinFile::kept(&layout)? {
        return Ok(Some(file));
    }
    let mut entries =
        std::fs::read_dir(directory).map_err(|error| anyhow!(unreadable(directory, &error)))?;
    ensure!(
        entries.next().is_none(),
        "{} is neither empty nor a node's; --data-dir names another directory",
        directory.display()
    );
    Ok(None)
}

/// The file to go by: a new one of the same node counts.
fn choose(
    given: Option<JoinFile>,
    kept: Option<JoinFile>,
    directory: &Path,
) -> Result<JoinFile, String> {
    let directory = directory.display();
    match (given, kept) {
        (Some(given), Some(kept)) if !given.is_same_node(&kept) => Err(format!(
            "{directory} is {} of another instance, or another node of this one; `kedge down --purge` \
             ends that, and --data-dir names another directory",
            kept.name
        )),
        (Some(file), _) | (None, Some(file)) => Ok(file),
        (None, None) => Err(format!(
            "{directory} has joined nothing yet: `kedge node join FILE`, where FILE is what `kedge node \
             add` wrote on the machine of the instance; --data-dir names another directory"
        )),
    }
}

fn prepare(directory: &Path) -> anyhow::Result<Layout> {
    tls::files::create_private_directory(directory)
        .context("cannot use the data directory; --data-dir names another")?;
    Layout::create(directory).with_context(|| format!("cannot use {}", directory.display()))
}

async fn start(
    file: &JoinFile,
    layout: &Layout,
    wishes: &Wishes,
    environment: Vec<(&'static str, OsString)>,
    env: &Env,
    roles: &Tasks,
) -> anyhow::Result<()> {
    let kedge = std::env::current_exe().context("cannot find this program")?;
    file.keep(&layout.join())?;
    credentials(file, layout)?;
    write_images(layout, &kedge)?;
    let claim = network::claim_given(&layout.root, file.ranges)
        .await
        .context("cannot use the instance's networks on this machine")?;
    let topology = Topology {
        instance: Instance::of(&layout.root),
        ranges: claim.ranges,
        nodes: 1,
    };
    network::join(&topology, file.number, file.via)
        .await
        .context("cannot set up the node's network")?;
    let mut agent = role::agent(file, layout, wishes);
    agent.environment = environment;
    keep(agent, kedge, &layout.logs(), env.clone(), roles);
    Ok(())
}

/// The keys, where the agent reads them.
fn credentials(file: &JoinFile, layout: &Layout) -> anyhow::Result<()> {
    let node = layout.named_node(&file.name);
    for directory in [&layout.pki(), &node] {
        tls::files::create_private_directory(directory).context("cannot keep the node's keys")?;
    }
    let pair = tls::Pair::from_pem(&file.client).context("the node's certificate is unusable")?;
    let text = kubeconfig::kubeconfig(&file.api, &file.authority, &file.name, &pair);
    kubeconfig::write(&node.join("kubeconfig"), &text).context("cannot keep the node's keys")?;
    for (path, pem) in [
        (role::client(file, layout), &file.client),
        (role::serving(file, layout), &file.serving),
        (role::authority(layout), &file.authority),
    ] {
        tls::files::write_private(&path, pem.as_bytes()).context("cannot keep the node's keys")?;
    }
    Ok(())
}

async fn tell(file: &JoinFile, layout: &Layout, env: &Env) {
    let JoinFile { name, api, via, .. } = file;
    let pods = file.ranges.node_pods(file.number);
    anstream::println!(
        "{name} joins the instance at {api}, by way of {via}; its pods are in {pods}."
    );
    let kubeconfig = layout.named_node(name).join("kubeconfig");
    match ready(&kubeconfig, name, env).await {
        Ok(()) => anstream::println!("{name} is Ready."),
        Err(error) => anstream::println!(
            "{name} is {error:#}. It is tried on; {} may say more, and docs/machines.md what must be \
             open between the machines.",
            layout.logs().display()
        ),
    }
    anstream::println!("Ctrl-C ends Kedge and leaves the pods running.");
}

#[cfg(test)]
mod tests {
    use super::super::file::tests::file;
    use super::*;

    #[test]
    fn a_new_file_of_the_same_node_counts() {
        let old = file("2026-06-01T00:00:00Z".parse().unwrap());
        let new = file("2026-07-01T00:00:00Z".parse().unwrap());
        let other = JoinFile {
            number: 3,
            ..old.clone()
        };
        let choose = |given: &[&JoinFile], kept: &[&JoinFile]| {
            let one = |of: &[&JoinFile]| of.first().map(|it| (*it).clone());
            choose(one(given), one(kept), Path::new("/srv/k"))
        };
        assert_eq!(choose(&[&new], &[]), Ok(new.clone()));
        assert_eq!(choose(&[&new], &[&old]), Ok(new.clone()));
        assert_eq!(choose(&[], &[&old]), Ok(old.clone()));
        let refused = choose(&[&other], &[&old]).unwrap_err();
        assert!(
            refused.contains("/srv/k is worker-1 of another"),
            "{refused}"
        );
        let nothing = choose(&[], &[]).unwrap_err();
        assert!(nothing.contains("kedge node join FILE"), "{nothing}");
    }

    #[test]
    fn a_directory_with_something_in_it_is_somebodys() {
        let directory = std::env::temp_dir().join(format!("kedge-kept-{}", std::process::id()));
        assert_eq!(kept(&directory).unwrap(), None);
        std::fs::create_dir_all(&directory).unwrap();
        assert_eq!(kept(&directory).unwrap(), None);
        std::fs::write(directory.join("mine"), "dear").unwrap();
        let told = kept(&directory).unwrap_err().to_string();
        assert!(told.contains("neither empty nor a node's"), "{told}");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
