//! Looks at the machine and at an instance, and changes nothing.

mod instance;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use client::Env;
use nodeagent::containerd;

use super::containers::PLUGINS;
use super::facts::{Bind, Cgroups, Clock, Disk, Facts, Instance, Port, Program, Started};
use super::instance::NODE_PORTS;
use super::machine::{PROGRAMS, SETTINGS};
use crate::up::{Layout, Runtime, is_root};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where programs are that are not in the `PATH` of every user.
const ELSEWHERE: &str =
    "/usr/local/sbin:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')";
/// Where the database is where its own user may not come to the data directory.
const DATABASE: &str = "/var/lib/kedge";
const CGROUPS: &str = "/sys/fs/cgroup/cgroup.controllers";
/// Version 1 has a directory for each controller here.
const LEGACY_CGROUPS: &str = "/sys/fs/cgroup";

/// Everything that is judged. `wanted`: the runtime that is meant; `None` for that of the instance, or
/// real containers where there is none.
pub(crate) async fn gather(data_dir: &Path, wanted: Option<Runtime>) -> Facts {
    let env = Env::system();
    let layout = Layout::open(data_dir)
        .ok()
        .filter(|it| it.endpoints().exists() || it.join().exists());
    let joined = layout.as_ref().is_some_and(|it| it.join().exists());
    let started = layout.as_ref().map(instance::started).unwrap_or_default();
    let containers = started.has_containers(wanted);
    let (instance, ahead) = match &layout {
        Some(layout) => {
            let (instance, ahead) = instance::instance(layout, containers, &env).await;
            (Some(instance), ahead)
        }
        None => (None, Vec::new()),
    };
    let root = is_root();
    Facts {
        now: env.now(),
        is_root: root,
        containers,
        programs: programs().await,
        cgroups: cgroups(),
        settings: settings(),
        overlay: overlay(),
        plugins: plugins(),
        nftables: if root && containers {
            nftables().await
        } else {
            None
        },
        clock: Clock {
            synchronised: synchronised().await,
            ahead,
        },
        disks: disks(&[data_dir, Path::new(DATABASE)]).await,
        ports: if joined {
            Vec::new()
        } else {
            ports(instance.as_ref(), &started).await
        },
        node_ports: if containers {
            node_ports().await
        } else {
            Vec::new()
        },
        data_dir: layout.map_or_else(
            || data_dir.display().to_string(),
            |layout| layout.root.display().to_string(),
        ),
        instance,
        joined,
    }
}

/// What a program prints, and whether it went well; `None` where it is not there or hangs.
async fn run(program: &str, arguments: &[&str]) -> Option<(bool, String, String)> {
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .ok()?
        .ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Some((
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    ))
}

async fn programs() -> Vec<Program> {
    let mut found = Vec::new();
    for (name, ..) in PROGRAMS {
        let script = format!("PATH=$PATH:{ELSEWHERE}; command -v {name}");
        let path = match run("sh", &["-c", &script]).await {
            Some((true, path, _)) => path,
            _ => String::new(),
        };
        let version = match name {
            _ if path.is_empty() => String::new(),
            "ip" | "ssh" => first_line(run(&path, &["-V"]).await),
            _ => first_line(run(&path, &["--version"]).await),
        };
        found.push(Program {
            name: name.to_owned(),
            path,
            version,
        });
    }
    found
}

fn first_line(output: Option<(bool, String, String)>) -> String {
    let Some((true, out, error)) = output else {
        return String::new();
    };
    let text = if out.is_empty() { error } else { out };
    text.lines().next().unwrap_or_default().to_owned()
}

fn cgroups() -> Cgroups {
    match std::fs::read_to_string(CGROUPS) {
        Ok(text) => Cgroups {
            unified: true,
            controllers: text.split_whitespace().map(ToOwned::to_owned).collect(),
        },
        Err(_) => Cgroups {
            unified: false,
            controllers: std::fs::read_dir(LEGACY_CGROUPS)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .map(|name| if name == "blkio" { "io".into() } else { name })
                .collect(),
        },
    }
}

fn settings() -> Vec<(String, Option<String>)> {
    let read = |name: &str| {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        let value = std::fs::read_to_string(path).ok()?;
        Some(value.trim().to_owned())
    };
    SETTINGS
        .iter()
        .map(|(name, ..)| ((*name).to_owned(), read(name)))
        .collect()
}

/// Whether the kernel has the file system that containers' layers are put together with; it may
/// still load a module for it.
fn overlay() -> bool {
    std::fs::read_to_string("/proc/filesystems").is_ok_and(|text| {
        text.lines()
            .any(|line| line.trim_end().ends_with("\toverlay"))
    })
}

/// The programs that give pods their network, and whether they are there.
fn plugins() -> Vec<(String, bool)> {
    let directory = Path::new(containerd::PLUGINS);
    PLUGINS
        .iter()
        .map(|name| ((*name).to_owned(), directory.join(name).is_file()))
        .collect()
}

async fn nftables() -> Option<Result<(), String>> {
    let (well, _, error) = run("nft", &["list", "tables"]).await?;
    Some(if well { Ok(()) } else { Err(error) })
}

async fn synchronised() -> Option<bool> {
    let asked = run("timedatectl", &["show", "-p", "NTPSynchronized", "--value"]).await?;
    match (asked.0, asked.1.as_str()) {
        (true, "yes") => Some(true),
        (true, "no") => Some(false),
        _ => None,
    }
}

/// Of the file systems that these are on, or will be; each once.
async fn disks(directories: &[&Path]) -> Vec<(String, Disk)> {
    let mut found: Vec<(String, Disk)> = Vec::new();
    let mut seen = BTreeSet::new();
    for directory in directories {
        let there = existing(directory);
        let device = std::fs::metadata(&there).map(|it| it.dev()).ok();
        if seen.insert(device) {
            found.extend(disk(&there).await);
        }
    }
    found
}

/// The directory, or the nearest one above it that is there.
fn existing(directory: &Path) -> PathBuf {
    let mut there = directory.to_path_buf();
    while !there.exists() {
        there = match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
    }
    there.canonicalize().unwrap_or(there)
}

async fn disk(directory: &Path) -> Option<(String, Disk)> {
    let path = directory.display().to_string();
    let (size, free) = df(&["-P", "-B1", &path]).await?;
    let (inodes, free_inodes) = df(&["-P", "-i", &path]).await.unwrap_or_default();
    let disk = Disk {
        size,
        free,
        inodes,
        free_inodes,
    };
    Some((path, disk))
}

/// All and free, of `df`'s second line.
async fn df(arguments: &[&str]) -> Option<(u64, u64)> {
    let (_, text, _) = run("df", arguments).await?;
    let mut columns = text.lines().nth(1)?.split_whitespace().skip(1);
    let all = columns.next()?.parse().ok()?;
    let free = columns.nth(1)?.parse().ok()?;
    Some((all, free))
}

/// The addresses that the instance had, or that one would have.
async fn ports(instance: Option<&Instance>, started: &Started) -> Vec<Port> {
    let usual = [
        ("api", "--api-listen", "127.0.0.1:6443"),
        ("web", "--web-listen", "127.0.0.1:8080"),
    ];
    let mut wanted = Vec::new();
    for (name, flag, usual) in usual {
        let known = instance.and_then(|it| it.endpoints.as_ref().ok());
        let url = known.and_then(|all| all.iter().find(|(known, _)| known == name));
        let address = url.map_or(usual, |(_, url)| url.split("//").nth(1).unwrap_or(url));
        wanted.push((flag, address.trim_end_matches('/').to_owned()));
    }
    let front = started.web_tls.as_ref();
    wanted.extend(front.map(|it| ("--web-tls-listen", it.listen.clone())));
    let mut found = Vec::new();
    for (flag, address) in wanted {
        let bind = match std::net::TcpListener::bind(&address) {
            Ok(_) => Bind::Free,
            Err(error) => bind_of(&error, &address).await,
        };
        found.push(Port {
            address,
            flag,
            bind,
        });
    }
    found
}

async fn bind_of(error: &std::io::Error, address: &str) -> Bind {
    match error.kind() {
        ErrorKind::AddrInUse => Bind::Taken(listener(address).await),
        ErrorKind::PermissionDenied => Bind::Forbidden,
        ErrorKind::AddrNotAvailable => Bind::Elsewhere,
        _ => Bind::Failed(error.to_string()),
    }
}

/// Who listens on ports that Services may be given of this machine.
async fn node_ports() -> Vec<(u16, String)> {
    let range = (NODE_PORTS.start(), NODE_PORTS.end());
    let filter = format!("sport >= :{} and sport <= :{}", range.0, range.1);
    let Some((true, text, _)) = run("ss", &["-Hltnp", &filter]).await else {
        return Vec::new();
    };
    let mut found: Vec<(u16, String)> = text
        .lines()
        .filter_map(|line| {
            let local = line.split_whitespace().nth(3)?;
            let port = local.rsplit(':').next()?.parse().ok()?;
            Some((port, process(line)))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// `nginx (process 42)`, where this user may know.
async fn listener(address: &str) -> String {
    let port = address.rsplit(':').next().unwrap_or_default();
    let filter = format!("sport = :{port}");
    let Some((true, text, _)) = run("ss", &["-Hltnp", &filter]).await else {
        return String::new();
    };
    process(&text)
}

/// What `ss` says of the process that listens; empty where this user may not know.
fn process(line: &str) -> String {
    let named = || {
        let (_, rest) = line.split_once("((\"")?;
        let (name, rest) = rest.split_once('"')?;
        let (_, rest) = rest.split_once("pid=")?;
        let pid = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(format!("{name} (process {pid})"))
    };
    named().unwrap_or_default()
}
