//! Looks at the machine and at an instance, and changes nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::process::Command;

use client::Env;

use super::facts::{Certificate, Cgroups, Clock, Disk, Facts, Instance, Port, Program};
use super::machine::{PROGRAMS, SETTINGS};
use crate::up::{Layout, is_alive, is_root};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where programs are that are not in the `PATH` of every user.
const ELSEWHERE: &str =
    "/usr/local/sbin:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')";
const CGROUPS: &str = "/sys/fs/cgroup/cgroup.controllers";

/// Everything that is judged. `containers`: whether real ones are meant to run here.
pub(crate) async fn gather(data_dir: &Path, containers: bool) -> Facts {
    let env = Env::system();
    let layout = Layout::open(data_dir)
        .ok()
        .filter(|it| it.endpoints().exists());
    let instance = match &layout {
        Some(layout) => Some(instance(layout).await),
        None => None,
    };
    let ahead = match &instance {
        Some(instance) => ahead(instance, env.now()).await,
        None => None,
    };
    let root = is_root();
    Facts {
        now: env.now(),
        is_root: root,
        containers,
        programs: programs().await,
        cgroups: cgroups(),
        settings: settings(),
        nftables: if root && containers {
            nftables().await
        } else {
            None
        },
        clock: Clock {
            synchronised: synchronised().await,
            ahead,
        },
        disks: disks(data_dir).await,
        ports: ports(instance.as_ref()).await,
        data_dir: layout.map_or_else(
            || data_dir.display().to_string(),
            |layout| layout.root.display().to_string(),
        ),
        instance,
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
        Err(_) => Cgroups::default(),
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

/// Of the file system that the data directory is on, or will be.
async fn disks(data_dir: &Path) -> Vec<(String, Disk)> {
    let mut there = data_dir.to_path_buf();
    while !there.exists() {
        there = match there.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
    }
    let path = there.canonicalize().unwrap_or(there).display().to_string();
    let bytes = df(&["-P", "-B1", &path]).await;
    let inodes = df(&["-P", "-i", &path]).await;
    let Some((size, free)) = bytes else {
        return Vec::new();
    };
    let (inodes, free_inodes) = inodes.unwrap_or_default();
    let disk = Disk {
        size,
        free,
        inodes,
        free_inodes,
    };
    vec![(path, disk)]
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
async fn ports(instance: Option<&Instance>) -> Vec<Port> {
    let usual = [
        ("api", "--api-listen", "127.0.0.1:6443"),
        ("web", "--web-listen", "127.0.0.1:8080"),
    ];
    let mut found = Vec::new();
    for (name, flag, usual) in usual {
        let known = instance.and_then(|it| it.endpoints.as_ref().ok());
        let url = known.and_then(|all| all.iter().find(|(known, _)| known == name));
        let address = url.map_or(usual, |(_, url)| url.split("//").nth(1).unwrap_or(url));
        let address = address.trim_end_matches('/').to_owned();
        let taken = std::net::TcpListener::bind(&address).is_err();
        let by = if taken {
            listener(&address).await
        } else {
            String::new()
        };
        found.push(Port {
            address,
            flag,
            taken,
            by,
        });
    }
    found
}

/// `nginx (process 42)`, where this user may know.
async fn listener(address: &str) -> String {
    let port = address.rsplit(':').next().unwrap_or_default();
    let filter = format!("sport = :{port}");
    let Some((true, text, _)) = run("ss", &["-Hltnp", &filter]).await else {
        return String::new();
    };
    let named = || {
        let (_, rest) = text.split_once("((\"")?;
        let (name, rest) = rest.split_once('"')?;
        let (_, rest) = rest.split_once("pid=")?;
        let pid = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(format!("{name} (process {pid})"))
    };
    named().unwrap_or_default()
}

async fn instance(layout: &Layout) -> Instance {
    let endpoints = endpoints(layout);
    let running = std::fs::File::open(layout.lock()).is_ok_and(|file| file.try_lock().is_err());
    let mut ready = Vec::new();
    for (_, url) in endpoints.iter().flatten() {
        let url = format!("{}/readyz", url.trim_end_matches('/'));
        let answer = ask(layout, &url).await.map(|_| ());
        ready.push((url, answer));
    }
    Instance {
        running: running || ready.iter().any(|(_, answer)| answer.is_ok()),
        postgres: postgres(layout),
        certificates: certificates(layout),
        open_files: open_files(layout),
        endpoints,
        ready,
    }
}

fn endpoints(layout: &Layout) -> Result<Vec<(String, String)>, String> {
    let text = std::fs::read_to_string(layout.endpoints()).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let all = value.as_object().ok_or("it is no map of addresses")?;
    let named = all
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "api" | "web"));
    Ok(named
        .filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned())))
        .collect())
}

/// What it answers, with the time that it says it is.
async fn ask(layout: &Layout, url: &str) -> Result<Option<Timestamp>, String> {
    let mut http = reqwest::Client::builder().timeout(PATIENCE);
    if let Ok(pem) = std::fs::read(layout.pki().join("ca.crt"))
        && let Ok(authority) = reqwest::Certificate::from_pem(&pem)
    {
        http = http.add_root_certificate(authority);
    }
    let http = http.build().map_err(|error| error.to_string())?;
    let answer = http.get(url).send().await;
    let answer = answer.map_err(|error| format!("{:#}", anyhow::Error::new(error)))?;
    let date = answer.headers().get("date").and_then(|it| it.to_str().ok());
    let date = date.and_then(|date| {
        let parsed = jiff::fmt::rfc2822::parse(date).ok()?;
        Some(parsed.timestamp())
    });
    if answer.status().is_success() {
        return Ok(date);
    }
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    Err(format!(
        "{status} {}",
        text.lines().next().unwrap_or_default()
    ))
}

/// The instance's clock minus this one.
async fn ahead(instance: &Instance, now: Timestamp) -> Option<i64> {
    let endpoints = instance.endpoints.as_ref().ok()?;
    let (_, url) = endpoints.iter().find(|(name, _)| name == "web")?;
    let http = reqwest::Client::builder().timeout(PATIENCE).build().ok()?;
    let answer = http
        .get(format!("{}/livez", url.trim_end_matches('/')))
        .send()
        .await
        .ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    let there = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(there.duration_since(now).as_secs())
}

/// Whether the process that the database's own file names is there.
fn postgres(layout: &Layout) -> Option<bool> {
    let directory = layout.postgres();
    if !directory.exists() {
        return None;
    }
    let inside = std::fs::read_dir(&directory)
        .into_iter()
        .flatten()
        .flatten();
    let candidates = std::iter::once(directory.clone()).chain(inside.map(|entry| entry.path()));
    let pid = candidates
        .map(|path| path.join("postmaster.pid"))
        .find_map(|path| std::fs::read_to_string(path).ok());
    let pid = pid.and_then(|text| text.lines().next()?.trim().parse::<u32>().ok());
    Some(pid.is_some_and(is_alive))
}

/// Those of the instance and of its nodes.
fn certificates(layout: &Layout) -> Vec<Certificate> {
    let mut directories = vec![layout.pki()];
    let nodes = std::fs::read_dir(layout.root.join("nodes"))
        .into_iter()
        .flatten()
        .flatten();
    directories.extend(nodes.map(|entry| entry.path()));
    let mut found = Vec::new();
    for directory in directories {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let name = path
                .extension()
                .and_then(|it| it.to_str())
                .unwrap_or_default();
            if !matches!(name, "crt" | "pem") {
                continue;
            }
            let Ok(pem) = std::fs::read_to_string(&path) else {
                continue;
            };
            if pem.contains("BEGIN CERTIFICATE") {
                let until = tls::certificate::ends(&pem).map_err(|error| error.to_string());
                let path = path.display().to_string();
                found.push(Certificate { path, until });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn open_files(layout: &Layout) -> Vec<String> {
    let mut secret = vec![
        layout.admin_token(),
        layout.encryption_key(),
        layout.webhook_secret(),
        layout.kubeconfig(),
        layout.reconciler_kubeconfig(),
    ];
    let keys = std::fs::read_dir(layout.pki())
        .into_iter()
        .flatten()
        .flatten();
    secret.extend(
        keys.map(|entry| entry.path())
            .filter(|it| it.extension().is_some_and(|it| it == "key")),
    );
    let is_open = |path: &PathBuf| {
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
    };
    secret.retain(is_open);
    secret
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}
