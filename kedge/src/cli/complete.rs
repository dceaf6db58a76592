//! Names that a shell offers when somebody presses the key: asked of the instance, quickly, and
//! nothing where it is away.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use serde_json::Value;

use super::server::Server;

/// Nobody waits longer for a name.
const PATIENCE: Duration = Duration::from_millis(700);
/// Kinds that have names worth offering.
const KINDS: [(&str, &str); 8] = [
    ("pod", "Pod"),
    ("deployment", "Deployment"),
    ("statefulset", "StatefulSet"),
    ("daemonset", "DaemonSet"),
    ("service", "Service"),
    ("configmap", "ConfigMap"),
    ("job", "Job"),
    ("application", "Application"),
];

pub(super) fn applications() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, &["apps"], application))
}

pub(super) fn rollouts() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, &["rollouts"], rollout))
}

pub(super) fn repositories() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| of(current, &["repositories"], repository))
}

/// `KIND/NAME` of what the applications have; the kinds first.
pub(super) fn objects() -> ArgValueCompleter {
    ArgValueCompleter::new(named_objects)
}

/// The same, and the names of applications.
pub(super) fn objects_or_applications() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let mut all = of(current, &["apps"], application);
        all.extend(named_objects(current));
        all
    })
}

fn of(
    current: &OsStr,
    path: &[&str],
    name: fn(&Value) -> Option<(String, String)>,
) -> Vec<CompletionCandidate> {
    let wanted = current.to_string_lossy();
    let answer = ask(path).unwrap_or_default();
    let items = answer["items"].as_array().into_iter().flatten();
    let named = items.filter_map(name);
    let fitting = named.filter(|(name, _)| name.starts_with(&*wanted));
    fitting.map(|(name, help)| candidate(name, help)).collect()
}

fn candidate(name: String, help: String) -> CompletionCandidate {
    let help = (!help.is_empty()).then(|| help.into());
    CompletionCandidate::new(name).help(help)
}

fn application(item: &Value) -> Option<(String, String)> {
    let health = item["health"]["status"].as_str().unwrap_or_default();
    Some((item["name"].as_str()?.to_owned(), health.to_owned()))
}

fn rollout(item: &Value) -> Option<(String, String)> {
    let message = item["commitMessage"].as_str().unwrap_or_default();
    let subject = message.lines().next().unwrap_or_default();
    Some((item["id"].as_str()?.to_owned(), subject.to_owned()))
}

fn repository(item: &Value) -> Option<(String, String)> {
    Some((item["name"].as_str()?.to_owned(), String::new()))
}

fn named_objects(current: &OsStr) -> Vec<CompletionCandidate> {
    let wanted = current.to_string_lossy();
    let Some((kind, name)) = wanted.split_once('/') else {
        let fitting = KINDS.iter().filter(|(word, _)| word.starts_with(&*wanted));
        return fitting
            .map(|(word, _)| candidate(format!("{word}/"), String::new()))
            .collect();
    };
    let Some((_, meant)) = KINDS.iter().find(|(word, _)| *word == kind) else {
        return Vec::new();
    };
    let answer = ask(&["apps"]).unwrap_or_default();
    let applications = answer["items"].as_array().into_iter().flatten();
    let applications: Vec<&str> = applications.filter_map(|it| it["name"].as_str()).collect();
    let mut found = Vec::new();
    for application in applications {
        let page = ask(&["apps", application]).unwrap_or_default();
        let objects = page["tree"].as_array().into_iter().flatten();
        let fitting = objects.filter(|it| it["kind"] == *meant).filter_map(|it| {
            let name = it["key"]["name"].as_str()?;
            let namespace = it["key"]["namespace"].as_str().unwrap_or_default();
            Some((name.to_owned(), namespace.to_owned()))
        });
        let begins = fitting.filter(|(it, _)| it.starts_with(name));
        found
            .extend(begins.map(|(name, namespace)| candidate(format!("{kind}/{name}"), namespace)));
    }
    found
}

/// `None` for whatever goes wrong: a shell has nowhere to say it.
fn ask(path: &[&str]) -> Option<Value> {
    let server = Server::of(&data_dir()).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    runtime.block_on(async {
        let asking = server.read(path, &[]);
        tokio::time::timeout(PATIENCE, asking).await.ok()?.ok()
    })
}

/// What the line that is being written names, or the environment.
fn data_dir() -> PathBuf {
    let words: Vec<_> = std::env::args_os().collect();
    let told = words.windows(2).find(|pair| pair[0] == "--data-dir");
    let told = told.map(|pair| PathBuf::from(&pair[1]));
    told.or_else(|| std::env::var_os("KEDGE_DATA_DIR").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(".kedge"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_come_with_a_word_that_tells_them_apart() {
        let app = json!({"name": "web", "health": {"status": "Healthy"}});
        assert_eq!(application(&app), Some(("web".into(), "Healthy".into())));
        let one = json!({"id": "web-12", "commitMessage": "Add it\n\nAll of it"});
        assert_eq!(rollout(&one), Some(("web-12".into(), "Add it".into())));
        assert_eq!(application(&json!({})), None);
    }

    #[test]
    fn kinds_come_first_and_an_instance_that_is_away_is_silent() {
        let all = |text: &str| -> Vec<String> {
            let found = named_objects(OsStr::new(text));
            found
                .iter()
                .map(|it| it.get_value().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(all("d"), ["deployment/", "daemonset/"]);
        assert!(all("widget/a").is_empty());
    }
}
