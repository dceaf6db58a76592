//! Looks at the instance of a data directory.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use client::{Env, Tasks};
use jiff::Timestamp;
use nodeagent::containerd::Layout as ContainerdLayout;
use nodeagent::cri::Cri;
use nodeagent::network;
use nodeagent::runtime::{self, Runtime};
use serde_json::Value;

use super::PATIENCE;
use crate::cli::server::Server;
use crate::doctor::facts::{
    Certificate, Containerd, Holds, Instance, Kind, Node, Repository, Started, WebTls,
};
use crate::node::JoinFile;
use crate::up::{Layout, is_alive};

/// With what it says the time is, minus this machine's, by address. `containers`: whether real ones are
/// meant to run here.
pub(super) async fn instance(
    layout: &Layout,
    containers: bool,
    env: &Env,
) -> (Instance, Vec<(String, i64)>) {
    let endpoints = endpoints(layout);
    let running = std::fs::File::open(layout.lock()).is_ok_and(|file| file.try_lock().is_err());
    let (mut ready, mut ahead) = (Vec::new(), Vec::new());
    for (_, url) in endpoints.iter().flatten() {
        let url = format!("{}/readyz", url.trim_end_matches('/'));
        let answer = ask(layout, &url).await;
        let (answer, date) = answer.map_or_else(|why| (Err(why), None), |it| (it.ready, it.date));
        ahead.extend(date.map(|date| (url.clone(), date.duration_since(env.now()).as_secs())));
        ready.push((url, answer));
    }
    let elsewhere = layout.join().exists();
    let running = running || (!elsewhere && ready.iter().any(|(_, answer)| answer.is_ok()));
    let looks = containers && running;
    let instance = Instance {
        running,
        ranges: if looks { ranges(layout).await } else { None },
        nodes: if looks {
            nodes(layout).await
        } else {
            Vec::new()
        },
        postgres: postgres(layout),
        certificates: certificates(layout),
        open_files: open_files(layout),
        repositories: if running && !elsewhere {
            Some(repositories(layout).await)
        } else {
            None
        },
        endpoints,
        ready,
    };
    (instance, ahead)
}

/// What the instance follows, as its pages have it.
async fn repositories(layout: &Layout) -> Result<Vec<Repository>, String> {
    let told = |error: anyhow::Error| format!("{error:#}");
    let server = Server::of(&layout.root).map_err(told)?;
    let asked = tokio::time::timeout(PATIENCE, server.plainly(&["repos"])).await;
    let answer = asked.map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))?;
    let items = answer.map_err(told)?["items"].take();
    serde_json::from_value(items).map_err(|error| error.to_string())
}

fn endpoints(layout: &Layout) -> Result<Vec<(String, String)>, String> {
    if let Some(joined) = JoinFile::kept(layout).map_err(|error| error.to_string())? {
        return Ok(vec![("api".to_owned(), joined.api)]);
    }
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

/// What it wrote down of how it was started; empty for one of before that was written.
pub(super) fn started(layout: &Layout) -> Started {
    let text = std::fs::read_to_string(layout.endpoints()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// An answer, whatever it is.
struct Answer {
    ready: Result<(), String>,
    /// The time that it says it is.
    date: Option<Timestamp>,
}

async fn ask(layout: &Layout, url: &str) -> Result<Answer, String> {
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
    let date = date.and_then(|date| Some(jiff::fmt::rfc2822::parse(date).ok()?.timestamp()));
    let status = answer.status();
    let ready = if status.is_success() {
        Ok(())
    } else {
        let text = answer.text().await.unwrap_or_default();
        let first = text.lines().next().unwrap_or_default();
        Err(format!("{status} {first}"))
    };
    Ok(Answer { ready, date })
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

/// The addresses of pods and Services, or who else uses them.
async fn ranges(layout: &Layout) -> Option<Result<String, String>> {
    let Ok(checked) = tokio::time::timeout(PATIENCE, network::check(&layout.root)).await else {
        return None;
    };
    let told = |it: network::Ranges| format!("{} for pods, {} for Services", it.pods, it.services);
    Some(checked.map(told).map_err(|error| error.to_string()))
}

/// What each node's containerd says of itself.
async fn nodes(layout: &Layout) -> Vec<Node> {
    let mut found = Vec::new();
    for directory in node_directories(layout) {
        let containerd = ContainerdLayout::new(&directory.join("containerd"));
        let name = directory.file_name().unwrap_or_default();
        // A simulated node has none.
        if containerd.config_file().exists() {
            found.push(Node {
                name: name.to_string_lossy().into_owned(),
                socket: containerd.socket().display().to_string(),
                log: containerd.log().display().to_string(),
                containerd: containerd_of(&containerd).await,
            });
        }
    }
    found
}

async fn containerd_of(layout: &ContainerdLayout) -> Result<Containerd, String> {
    let asked = async {
        let runtime = Cri::connect(&layout.socket(), &Tasks::default())?;
        let (version, status) = (runtime.version().await?, runtime.status().await?);
        Ok(Containerd {
            version: format!("{} {}", version.name, version.version),
            not_ready: match (status.runtime_ready && status.network_ready, status.message) {
                (true, _) => String::new(),
                (false, message) if message.is_empty() => "it does not say why".into(),
                (false, message) => message,
            },
        })
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error: runtime::Error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

fn node_directories(layout: &Layout) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(layout.root.join("nodes"));
    let mut found: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// Those of the instance and of its nodes.
fn certificates(layout: &Layout) -> Vec<Certificate> {
    let mut directories = vec![layout.pki()];
    directories.extend(node_directories(layout));
    let mut found = Vec::new();
    for directory in directories {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let Some(holds) = holds(&path) else {
                continue;
            };
            let path = path.display().to_string();
            let kind = if layout.join().exists() {
                Kind::Joined
            } else if path.ends_with("/pki/ca.pem") {
                Kind::Authority
            } else if path.ends_with("/pki/ca.crt") {
                Kind::Copy
            } else {
                Kind::Leaf
            };
            found.push(Certificate { path, kind, holds });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.extend(started(layout).web_tls.map(|front| given(&front)));
    found
}

/// What is presented to who comes from another machine. Both files are looked at as the instance does.
fn given(front: &WebTls) -> Certificate {
    let files = tls::PairFiles {
        certificate: front.certificate.clone(),
        key: front.key.clone(),
    };
    let chain = |error: &dyn std::error::Error| {
        let causes = std::iter::successors(Some(error), |it| it.source());
        causes
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ")
    };
    let holds = match files.open() {
        Err(error) => Holds::Never(chain(&error)),
        Ok(_) => match std::fs::read_to_string(&front.certificate) {
            Err(error) => Holds::Never(error.to_string()),
            Ok(pem) => between(&pem),
        },
    };
    Certificate {
        path: front.certificate.display().to_string(),
        kind: Kind::Given,
        holds,
    }
}

/// When the certificate of a file holds; `None` for a file that is to be none.
fn holds(path: &Path) -> Option<Holds> {
    let name = path.extension().and_then(|it| it.to_str());
    let is_named_so = name == Some("crt");
    if !is_named_so && name != Some("pem") {
        return None;
    }
    match std::fs::read_to_string(path) {
        Ok(pem) if is_named_so || pem.contains("BEGIN CERTIFICATE") => Some(between(&pem)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Some(Holds::Hidden),
        Err(error) if is_named_so => Some(Holds::Never(error.to_string())),
        _ => None,
    }
}

fn between(pem: &str) -> Holds {
    let from = tls::certificate::begins(pem);
    match from.and_then(|from| Ok((from, tls::certificate::ends(pem)?))) {
        Ok((from, until)) => Holds::Between(from, until),
        Err(error) => Holds::Never(error.to_string()),
    }
}

fn open_files(layout: &Layout) -> Vec<String> {
    let mut secret = vec![
        layout.admin_token(),
        layout.encryption_key(),
        layout.webhook_secret(),
        layout.kubeconfig(),
        layout.reconciler_kubeconfig(),
        layout.join(),
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
