//! The Kubernetes API of a running instance, and what is named on the command line of it.

use std::error::Error as _;
use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::Args;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde_json::Value;

use api::codec::strict::nearest;
use api::{Resource, resource};
use client::{Client, Error, HttpClient};

use super::advice::{self, Place};
use super::cause::{cause, unreadable};
use super::live;
use super::server::{self, Server};
use super::unfinished;
use crate::data_dir::DataDir;

/// Below this path is what Kedge has and Kubernetes has not.
pub(super) const OWN: &str = "/apis/kedge.dev/v1alpha1";

/// Which cluster.
#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data_dir: DataDir,
    /// How to reach the cluster, and as whom [default: what the data directory says]
    #[arg(long, env = "KEDGE_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl Arguments {
    /// The reconciler of the same instance; `None` for any other cluster, or where it is not
    /// running.
    pub(super) fn reconciler(&self) -> Option<Server> {
        let is_own = self.kubeconfig.is_none();
        is_own
            .then(|| Server::of(&self.data_dir.path).ok())
            .flatten()
    }
}

/// A cluster and the right to ask it.
pub(super) struct Cluster {
    client: HttpClient,
    /// Where it says how to reach it.
    kubeconfig: PathBuf,
}

impl Cluster {
    pub(super) async fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let directory = &arguments.data_dir.path;
        let own = || directory.join("kubeconfig");
        let file = arguments.kubeconfig.clone().unwrap_or_else(own);
        // Looked at first: the client's own words say neither who may read it nor what to do.
        match std::fs::read(&file) {
            Err(error) if arguments.kubeconfig.is_none() && server::is_absent(&error) => {
                return Err(server::nobody(directory));
            }
            Err(error) => bail!("{}; --kubeconfig names another", unreadable(&file, &error)),
            Ok(_) => {}
        }
        match HttpClient::from_kubeconfig_file(&file).await {
            Ok(client) => Ok(Self {
                client,
                kubeconfig: file,
            }),
            Err(error) => bail!(
                "{} is no kubeconfig that can be used: {}; --kubeconfig names another",
                file.display(),
                cause(&error)
            ),
        }
    }

    pub(super) async fn read(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let answer = self.client.read_path(path, query);
        let answer = live::patiently("waiting for the cluster", answer).await;
        self.own(path, answer).await
    }

    /// What is only nice to have: `None` where it is not to be had.
    pub(super) async fn quietly(&self, path: &str, query: &[(&str, &str)]) -> Option<Value> {
        self.client.read_path(path, query).await.ok()
    }

    /// The one that a line which is still being written means.
    pub(super) async fn unfinished() -> anyhow::Result<Self> {
        let arguments = Arguments {
            data_dir: DataDir::unfinished(),
            kubeconfig: unfinished::value("--kubeconfig", "KEDGE_KUBECONFIG").map(PathBuf::from),
        };
        Self::open(&arguments).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.client.post_path(path, body);
        let answer = live::patiently("waiting for the cluster", answer).await;
        self.own(path, answer).await
    }

    /// Another Kubernetes has nothing below [`OWN`], and says so in no words that help.
    async fn own(&self, path: &str, answer: Result<Value, Error>) -> anyhow::Result<Value> {
        match answer {
            Err(error) if error.is_not_found() && path.starts_with(OWN) => {
                // An empty transaction is taken by every Kedge, and changes nothing.
                let asked = self.client.transaction(&[], true, "kedge".into()).await;
                if asked.is_err_and(|error| error.is_not_found()) {
                    bail!(
                        "this cluster is not Kedge's: it keeps no log of changes to look back \
                         into; what Kedge itself did is in `kedge rollouts`"
                    );
                }
                Err(error.into())
            }
            Err(error) => match error.source() {
                None => Err(error.into()),
                Some(source) => bail!(
                    "the API server that {} names does not answer: {}; `kedge up` starts it, \
                     `kedge doctor` looks what is wrong",
                    self.kubeconfig.display(),
                    cause(source)
                ),
            },
            Ok(answer) => Ok(answer),
        }
    }

    /// An error about an object, with what to do where there is none of the name.
    pub(super) async fn about(
        &self,
        what: &Named,
        namespace: &str,
        error: anyhow::Error,
    ) -> anyhow::Error {
        let is_absent = error
            .downcast_ref::<Error>()
            .is_some_and(Error::is_not_found);
        if !is_absent {
            return error;
        }
        let resource = what.resource;
        let everywhere = resource.collection_path("");
        let found = self.client.read_path(&everywhere, &[]).await;
        let found = found.map(|list| places(&list)).unwrap_or_default();
        let verb = format!("kedge state --at 0s {}", resource.plural);
        let next = advice::object(&what.name, namespace, &found, &verb);
        let place = if resource.is_namespaced() {
            format!(" in namespace {namespace}")
        } else {
            String::new()
        };
        anyhow!("there is no {} {}{place}; {next}", resource.kind, what.name)
    }
}

/// Where the objects of a list are.
fn places(list: &Value) -> Vec<Place> {
    let items = list["items"].as_array().into_iter().flatten();
    let places = items.filter_map(|item| {
        let metadata = &item["metadata"];
        let namespace = metadata["namespace"].as_str().unwrap_or_default();
        Some((namespace.to_owned(), metadata["name"].as_str()?.to_owned()))
    });
    places.collect()
}

/// A kind, and an object of it where one is named.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(super) resource: &'static Resource,
    /// Empty for all.
    pub(super) name: String,
}

/// `deployment`, `deploy/web`, `Deployment/web`, `deployments.apps/web`.
pub(super) fn named(text: &str) -> Result<Named, String> {
    let (kind, name) = text.split_once('/').unwrap_or((text, ""));
    let wanted = kind.to_lowercase();
    let answers_to = |resource: &&Resource| {
        let plural = resource.collection().to_string();
        [&resource.plural, &resource.singular, &plural].contains(&&wanted)
            || resource.kind.eq_ignore_ascii_case(&wanted)
            || resource.short_names.contains(&wanted)
    };
    let found = resource::served().iter().find(answers_to);
    let resource = found.ok_or_else(|| unknown(kind))?;
    Ok(Named {
        resource,
        name: name.to_owned(),
    })
}

fn unknown(kind: &str) -> String {
    let served = resource::served().iter();
    let words = served.flat_map(|it| [it.singular.as_str(), it.plural.as_str()]);
    match nearest(kind, words) {
        Some(near) => format!("no kind {kind:?} is known; did you mean {near}?"),
        None => format!("no kind {kind:?} is known; `kubectl api-resources` lists those there are"),
    }
}

/// The same where an object must be named.
pub(super) fn named_object(text: &str) -> Result<Named, String> {
    let needed = |example: &str| format!("an object is needed, such as {example}");
    match text.split_once('/') {
        None if named(text).is_err() => Err(needed(&format!("deployment/{text}"))),
        None => Err(needed(&format!("{text}/web"))),
        Some((kind, "")) => Err(needed(&format!("{kind}/web"))),
        Some(_) => named(text),
    }
}

/// A name that a namespace can have.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    match api::name::dns1123_label(text).as_slice() {
        [] => Ok(text.to_owned()),
        _ => Err("small letters, digits and - make the name of a namespace, at most 63".into()),
    }
}

/// A moment of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Moment {
    Revision(i64),
    Time(Timestamp),
    Ago(SignedDuration),
    Commit(String),
}

impl Moment {
    /// As the API server takes it.
    pub(super) fn text(&self, now: Timestamp) -> String {
        match self {
            Self::Revision(revision) => revision.to_string(),
            Self::Time(time) => time.to_string(),
            Self::Ago(duration) => {
                let at = now - *duration;
                // Fewer digits, and never a moment that is still to come.
                let short = TimestampRound::new().smallest(Unit::Millisecond);
                let short = at.round(short.mode(RoundMode::Floor));
                short.unwrap_or(at).to_string()
            }
            Self::Commit(hash) => hash.clone(),
        }
    }
}

/// Digits of the shortest beginning of a commit's hash.
const SHORTEST: usize = 7;

pub(super) fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(revision) = text.parse::<i64>() {
        return Ok(Moment::Revision(revision));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Moment::Time(time));
    }
    if let Some(ago) = ago(text) {
        return Ok(Moment::Ago(ago));
    }
    if text.len() >= SHORTEST && text.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(Moment::Commit(text.to_owned()));
    }
    Err(
        "a revision (4711), a time (2026-01-01T10:00:00Z), how long ago (90s, 10m, 2h, 3d) or a \
         commit (7 digits of its hash or more)"
            .into(),
    )
}

fn ago(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    // Longer ones are no ages that anybody means, and one could be the beginning of a hash.
    let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
    (0..100_000)
        .contains(&count)
        .then(|| SignedDuration::from_secs(count * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_answer_to_all_their_names() {
        for text in ["deploy/web", "Deployment/web", "deployments.apps/web"] {
            let found = named_object(text).unwrap();
            assert_eq!(
                (found.resource.kind.as_str(), found.name.as_str()),
                ("Deployment", "web")
            );
        }
        assert_eq!(named("pods").unwrap().name, "");
        assert!(named("widgets").is_err() && named_object("pods").is_err());
    }

    #[test]
    fn moments_are_revisions_times_or_ages() {
        let now: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("4711", "4711"),
            ("2026-01-01T11:00:00+02:00", "2026-01-01T09:00:00Z"),
            ("90s", "2026-01-01T09:58:30Z"),
            ("2h", "2026-01-01T08:00:00Z"),
            ("1d", "2025-12-31T10:00:00Z"),
            ("0123abc", "0123abc"),
            ("1234567d", "1234567d"),
        ] {
            assert_eq!(moment(text).unwrap().text(now), expected, "{text}");
        }
        for bad in ["", "yesterday", "3w", "h", "abc"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
