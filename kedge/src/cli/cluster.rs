//! The Kubernetes API of a running instance, and what is named on the command line of it.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use api::{Resource, resource};
use client::{Client, Error, HttpClient};

use super::ask;
use super::server::Server;

/// Below this path is what Kedge has and Kubernetes has not.
pub(super) const OWN: &str = "/apis/kedge.dev/v1alpha1";

/// Which cluster.
#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The instance's data directory: its kubeconfig is in it
    #[arg(
        long,
        env = "KEDGE_DATA_DIR",
        default_value = ".kedge",
        value_name = "DIR"
    )]
    data_dir: PathBuf,
    /// How to reach the cluster, and as whom [default: what the data directory says]
    #[arg(long, env = "KEDGE_KUBECONFIG", value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl Arguments {
    /// The reconciler of the same instance; `None` for any other cluster, or where it is not
    /// running.
    pub(super) fn reconciler(&self) -> Option<Server> {
        let is_own = self.kubeconfig.is_none();
        is_own.then(|| Server::of(&self.data_dir).ok()).flatten()
    }
}

/// A cluster and the right to ask it.
pub(super) struct Cluster(HttpClient);

impl Cluster {
    pub(super) async fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let file = match &arguments.kubeconfig {
            Some(file) => file.clone(),
            None => arguments.data_dir.join("kubeconfig"),
        };
        let client = HttpClient::from_kubeconfig_file(&file).await;
        client.map(Self).with_context(|| {
            format!(
                "cannot use the kubeconfig {} (`kedge up` makes one; --data-dir or --kubeconfig \
                 names another)",
                file.display()
            )
        })
    }

    pub(super) async fn read(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let answer = self.0.read_path(path, query);
        let answer = ask::patiently("waiting for the cluster", answer).await;
        self.own(path, answer).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.0.post_path(path, body);
        let answer = ask::patiently("waiting for the cluster", answer).await;
        self.own(path, answer).await
    }

    /// Another Kubernetes has nothing below [`OWN`], and says so in no words that help.
    async fn own(&self, path: &str, answer: Result<Value, Error>) -> anyhow::Result<Value> {
        match answer {
            Err(error) if error.is_not_found() && path.starts_with(OWN) => {
                // An empty transaction is taken by every Kedge, and changes nothing.
                let asked = self.0.transaction(&[], true, "kedge".into()).await;
                if asked.is_err_and(|error| error.is_not_found()) {
                    bail!(
                        "this cluster is not Kedge's: it keeps no log of changes to look back \
                         into; what Kedge itself did is in `kedge rollouts`"
                    );
                }
                Err(error.into())
            }
            answer => Ok(answer?),
        }
    }
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
    let resource = found.ok_or_else(|| format!("no kind {kind:?} is known"))?;
    Ok(Named {
        resource,
        name: name.to_owned(),
    })
}

/// The same where an object must be named.
pub(super) fn named_object(text: &str) -> Result<Named, String> {
    let named = named(text)?;
    if named.name.is_empty() {
        return Err("an object is needed, such as deployment/web".into());
    }
    Ok(named)
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
            Self::Ago(duration) => (now - *duration).to_string(),
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
