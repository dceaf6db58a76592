//! Names that a shell offers when somebody presses the key: asked of the instance, quickly, and
//! nothing where it is away.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::future::Future;
use std::time::Duration;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use serde_json::Value;

use api::resource;

use super::advice::Place;
use super::cluster::Cluster;
use super::names;
use super::of_git::of_git;
use super::server::Server;
use super::shown::{short, subject};
use super::unfinished;

/// Nobody waits longer for a name.
const PATIENCE: Duration = Duration::from_millis(700);

/// A name, and a word that tells it from others.
pub(super) type Offer = (String, String);

pub(super) fn applications() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, "apps", application))
}

pub(super) fn rollouts() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, "rollouts", rollout))
}

pub(super) fn rollouts_or_applications() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let mut all = of(current, "rollouts", rollout);
        all.extend(of(current, "apps", application));
        all
    })
}

/// Commits that were rolled out.
pub(super) fn commits() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, "rollouts", commit))
}

/// The same, of the application that the verb is about.
pub(super) fn commits_of(verb: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        fitting(current, brought(verb, &[commit]).into_iter())
    })
}

/// `KIND/NAME` of what Git has of the application that the verb is about.
pub(super) fn objects_of(verb: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        let Some(application) = unfinished::first_of(verb, &VALUED) else {
            return Vec::new();
        };
        let path = ["apps", &application];
        let asking = async { Server::unfinished().ok()?.quietly(&path, &[]).await };
        let page = quickly(asking).flatten().unwrap_or_default();
        fitting(
            current,
            of_git(&page, &current.to_string_lossy()).into_iter(),
        )
    })
}

/// What can be gone back to, or compared with: rollouts and their commits, of the same.
pub(super) fn points(verb: &'static str) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        fitting(current, brought(verb, &[rollout, commit]).into_iter())
    })
}

pub(super) fn branches() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, "changes", branch))
}

pub(super) fn repositories() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, "repositories", named))
}

pub(super) fn tokens() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, "tokens", named))
}

/// Those of the cluster.
pub(super) fn namespaces() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let found = of_cluster("Namespace", "");
        fitting(
            current,
            found.into_iter().map(|(_, name)| (name, String::new())),
        )
    })
}

/// The same where an instance is asked, which may be elsewhere.
pub(super) fn namespaces_of_instance() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let found = of_instance("Namespace", "");
        fitting(
            current,
            found.into_iter().map(|(_, name)| (name, String::new())),
        )
    })
}

/// `KIND/NAME` of what is in the cluster; the kinds first.
pub(super) fn objects() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| named_objects(current, of_cluster))
}

/// The same of what was deleted.
pub(super) fn deleted_objects() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| named_objects(current, gone))
}

/// The same where an instance is asked, and the names of applications.
pub(super) fn objects_or_applications() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let is_object = current.to_string_lossy().contains('/');
        let mut all = if is_object {
            Vec::new()
        } else {
            of(current, "apps", application)
        };
        all.extend(named_objects(current, of_instance));
        all
    })
}

/// Objects of a kind, by its name in manifests; an empty namespace is every one.
type Asking = fn(&str, &str) -> Vec<Place>;

fn of_cluster(kind: &str, namespace: &str) -> Vec<Place> {
    let Some(resource) = resource::served().iter().find(|it| it.kind == kind) else {
        return Vec::new();
    };
    let asking = async {
        let cluster = Cluster::unfinished().await.ok()?;
        Some(names::of_cluster(&cluster, resource, namespace).await)
    };
    quickly(asking).flatten().unwrap_or_default()
}

fn gone(kind: &str, namespace: &str) -> Vec<Place> {
    let Some(resource) = resource::served().iter().find(|it| it.kind == kind) else {
        return Vec::new();
    };
    let asking = async {
        let cluster = Cluster::unfinished().await.ok()?;
        Some(names::gone(&cluster, resource, namespace).await)
    };
    quickly(asking).flatten().unwrap_or_default()
}

fn of_instance(kind: &str, namespace: &str) -> Vec<Place> {
    let Some(resource) = resource::served().iter().find(|it| it.kind == kind) else {
        return Vec::new();
    };
    let collection = resource.collection().to_string();
    let asking = async {
        let server = Server::unfinished().ok()?;
        Some(names::objects(&server, &collection, namespace).await)
    };
    quickly(asking).flatten().unwrap_or_default()
}

fn of(
    current: &OsStr,
    list: &'static str,
    offer: fn(&Value) -> Option<Offer>,
) -> Vec<CompletionCandidate> {
    let items = listed(&[list]);
    fitting(current, items.iter().filter_map(offer))
}

/// Flags with a value, of the verbs that take an application and something that was brought to it.
const VALUED: [&str; 14] = [
    "--object",
    "--revision",
    "--pager",
    "--to",
    "--reason",
    "--plan",
    "--data-dir",
    "--server",
    "--token",
    "--output",
    "-o",
    "--log",
    "--log-format",
    "--config",
];

/// What was brought to the application that the line names, or else to all of them.
fn brought(verb: &str, offers: &[fn(&Value) -> Option<Offer>]) -> Vec<Offer> {
    let items = match unfinished::first_of(verb, &VALUED) {
        Some(application) => listed(&["apps", &application, "history"]),
        None => listed(&["rollouts"]),
    };
    let all = offers
        .iter()
        .flat_map(|offer| items.iter().filter_map(offer));
    all.collect()
}

fn listed(path: &[&str]) -> Vec<Value> {
    let asking = async { Server::unfinished().ok()?.quietly(path, &[]).await };
    let mut answer = quickly(asking).flatten().unwrap_or_default();
    match answer["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Those that begin with what was written, each once.
fn fitting(current: &OsStr, offers: impl Iterator<Item = Offer>) -> Vec<CompletionCandidate> {
    let wanted = current.to_string_lossy();
    let mut seen = BTreeSet::new();
    let offers = offers.filter(|(name, _)| name.starts_with(&*wanted) && seen.insert(name.clone()));
    let candidate = |(name, help): Offer| {
        let help = (!help.is_empty()).then(|| help.into());
        CompletionCandidate::new(name).help(help)
    };
    offers.map(candidate).collect()
}

fn application(item: &Value) -> Option<Offer> {
    let health = item["health"]["status"].as_str().unwrap_or_default();
    Some((item["name"].as_str()?.to_owned(), health.to_owned()))
}

fn rollout(item: &Value) -> Option<Offer> {
    let message = item["commitMessage"].as_str().unwrap_or_default();
    Some((item["id"].as_str()?.to_owned(), subject(message).to_owned()))
}

fn commit(item: &Value) -> Option<Offer> {
    let message = item["commitMessage"].as_str().unwrap_or_default();
    Some((
        short(item["revision"].as_str()?),
        subject(message).to_owned(),
    ))
}

/// Of the cluster repository: another one is named with `--repo`.
fn branch(item: &Value) -> Option<Offer> {
    if item["repository"]
        .as_str()
        .is_some_and(|it| it != "cluster")
    {
        return None;
    }
    let subject = item["report"]["subject"].as_str().unwrap_or_default();
    Some((item["branch"].as_str()?.to_owned(), subject.to_owned()))
}

fn named(item: &Value) -> Option<Offer> {
    let user = item["user"].as_str().unwrap_or_default();
    Some((item["name"].as_str()?.to_owned(), user.to_owned()))
}

fn named_objects(current: &OsStr, asking: Asking) -> Vec<CompletionCandidate> {
    let wanted = current.to_string_lossy();
    let served = resource::served();
    let Some((word, _)) = wanted.split_once('/') else {
        let words = served
            .iter()
            .map(|kind| (format!("{}/", kind.singular), String::new()));
        return fitting(current, words);
    };
    let Some(kind) = served.iter().find(|it| it.singular == word) else {
        return Vec::new();
    };
    let namespace = match unfinished::namespace() {
        Some(namespace) if kind.is_namespaced() => namespace,
        _ => String::new(),
    };
    let mut found = asking(&kind.kind, &namespace);
    found.sort_by(|one, two| one.1.cmp(&two.1));
    let offers = found
        .into_iter()
        .map(|(namespace, name)| (format!("{word}/{name}"), namespace));
    fitting(current, offers)
}

/// `None` for what takes too long: a shell has nowhere to say it.
fn quickly<T>(asking: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    runtime.block_on(async { tokio::time::timeout(PATIENCE, asking).await.ok() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_come_with_a_word_that_tells_them_apart() {
        let check = |offer: fn(&Value) -> Option<Offer>, item: Value, expected: (&str, &str)| {
            let (name, help) = offer(&item).unwrap();
            assert_eq!((name.as_str(), help.as_str()), expected);
            assert_eq!(offer(&json!({})), None);
        };
        let app = json!({"name": "web", "health": {"status": "Healthy"}});
        check(application, app, ("web", "Healthy"));
        let one = json!({"id": "web-12", "revision": "0123456789abcdef0123",
                         "commitMessage": "Add it\n\nAll of it"});
        check(rollout, one.clone(), ("web-12", "Add it"));
        check(commit, one, ("0123456789ab", "Add it"));
        let change = json!({"branch": "more", "report": {"subject": "More of it"}});
        check(branch, change, ("more", "More of it"));
        let token = json!({"name": "laptop", "user": "ann"});
        check(named, token, ("laptop", "ann"));
    }

    #[test]
    fn kinds_come_first_and_an_instance_that_is_away_is_silent() {
        let all = |text: &str| -> Vec<String> {
            let found = named_objects(OsStr::new(text), |_, _| Vec::new());
            found
                .iter()
                .map(|it| it.get_value().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(all("dep"), ["deployment/"]);
        assert!(all("widget/a").is_empty());
        let asking =
            |kind: &str, namespace: &str| vec![(format!("in {namespace}{kind}"), "web".into())];
        let found = named_objects(OsStr::new("deployment/w"), asking);
        let found: Vec<_> = found.iter().map(CompletionCandidate::get_value).collect();
        assert_eq!(found, ["deployment/web"]);
    }

    #[test]
    fn what_fits_is_offered_once() {
        let offers = ["abc", "abd", "abc", "xyz"].map(|it| (it.to_owned(), String::new()));
        let found = fitting(OsStr::new("ab"), offers.into_iter());
        assert_eq!(found.len(), 2);
    }
}
