//! Follows the Applications of an instance that was just started until each of them is settled.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use serde::Deserialize;

use api::{Collection, Object};
use client::{Env, HttpClient, Informers, Tasks};

use super::layout::Layout;
use crate::cli::live::Live;
use crate::cli::progress::of_applications;
use crate::cli::server::Server;
use crate::cli::shown::{self, Application};

/// A look at an instance that says nothing of its own, as one without Applications does.
const LOOK: Duration = Duration::from_secs(1);

/// What the instance answers to `GET /apps`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    tracked: Tracked,
    items: Vec<Application>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tracked {
    revision: String,
    applications: usize,
    error: String,
}

/// How one Application is.
#[derive(Debug, PartialEq, Eq)]
enum Stand {
    /// Synced and Healthy.
    Well,
    /// On its way.
    Coming,
    /// It will not get there by itself; the sentence says why.
    Failed(String),
}

/// What does not become well, a sentence for each; empty where all is.
pub(crate) type Open = Vec<String>;

/// Waits until `nodes` nodes are Ready and every Application of the tracked commit is well or has
/// failed, or `limit` is over. `live` gets a line for each Application that has become well.
///
/// # Errors
/// The instance cannot be asked.
pub(crate) async fn converge(
    layout: &Layout,
    env: &Env,
    nodes: u8,
    limit: SignedDuration,
    live: &Live,
) -> anyhow::Result<Open> {
    let server = Server::of(&layout.root)?;
    let tasks = Tasks::default();
    let client = HttpClient::from_kubeconfig_file(&layout.kubeconfig())
        .await
        .context("cannot use the instance's kubeconfig")?;
    let informers = Informers::new(Arc::new(client), env, &tasks);
    let applications = informers.cache(&Collection::new(api::kinds::GROUP, "applications"));
    let machines = informers.cache(&Collection::new("", "nodes"));
    let (mut changed, mut joined) = (applications.ticks(), machines.ticks());
    let began = env.now();
    let mut told = BTreeSet::new();
    let open = loop {
        let answer: Answer = shown::read(&server.read(&["apps"], &[]).await?)?;
        for name in fresh(&answer, &told) {
            let took = env.now().duration_since(began).as_secs();
            live.say(&format!("{name} is Synced and Healthy ({took} s)"));
            told.insert(name);
        }
        live.show(&of_applications(&answer.items, answer.tracked.applications));
        let ready = machines.all().iter().filter(|node| is_ready(node)).count();
        let missing = usize::from(nodes).saturating_sub(ready);
        let late = env.now().duration_since(began) > limit;
        if late || (missing == 0 && is_settled(&answer)) {
            let mut open = open(&answer);
            if missing > 0 {
                open.insert(0, format!("{ready} of {nodes} nodes are Ready"));
            }
            break open;
        }
        tokio::select! {
            _ = changed.changed() => {}
            _ = joined.changed() => {}
            () = env.clock.sleep(LOOK) => {}
        }
    };
    tasks.drain().await;
    Ok(open)
}

fn stand(application: &Application) -> Stand {
    let health = application.health.status.as_str();
    match (application.sync.as_str(), health) {
        ("Synced", "Healthy") => Stand::Well,
        ("Synced", "Suspended") => Stand::Failed("is suspended".into()),
        (_, "Degraded") => Stand::Failed(sentence("is Degraded", &application.health.message)),
        (_, "Progressing") => Stand::Coming,
        // Nothing comes before somebody does something, or a window opens.
        ("OutOfSync", _) if !application.pause().is_empty() => {
            Stand::Failed(sentence("waits", application.pause()))
        }
        ("OutOfSync", _) if application.on_hold => {
            Stand::Failed(sentence("is not rolled out", &application.sync_message))
        }
        ("Unknown", _) if !application.sync_message.is_empty() => {
            Stand::Failed(sentence("cannot be compared", &application.sync_message))
        }
        _ => Stand::Coming,
    }
}

fn sentence(what: &str, why: &str) -> String {
    if why.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {why}")
    }
}

fn is_ready(node: &Object) -> bool {
    node.condition("Ready")
        .is_some_and(|it| it.status == "True")
}

/// The names of those that are well and were not told of.
fn fresh(answer: &Answer, told: &BTreeSet<String>) -> Vec<String> {
    let well = answer.items.iter().filter(|it| stand(it) == Stand::Well);
    let names = well.map(|it| it.name.clone());
    names.filter(|name| !told.contains(name)).collect()
}

fn is_settled(answer: &Answer) -> bool {
    let Answer { tracked, items } = answer;
    if tracked.revision.is_empty() {
        return !tracked.error.is_empty();
    }
    items.len() >= tracked.applications && items.iter().all(|it| stand(it) != Stand::Coming)
}

fn open(answer: &Answer) -> Open {
    let mut open = Vec::new();
    if !answer.tracked.error.is_empty() {
        open.push(format!("the repository: {}", answer.tracked.error));
    }
    for application in &answer.items {
        let name = &application.name;
        match stand(application) {
            Stand::Well => {}
            Stand::Coming => {
                let message = [&application.health.message, &application.sync_message]
                    .into_iter()
                    .find(|message| !message.is_empty());
                let why = message.map_or("", String::as_str);
                open.push(sentence(&format!("{name} is on its way"), why));
            }
            Stand::Failed(why) => open.push(format!("{name} {why}")),
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(applications: usize, error: &str, items: &[(&str, &str, &str)]) -> Answer {
        let items: Vec<_> = items
            .iter()
            .map(|(name, sync, health)| {
                json!({"name": name, "sync": sync, "syncMessage": "",
                       "health": {"status": health, "message": "why"}})
            })
            .collect();
        let revision = if applications == 0 && !error.is_empty() {
            ""
        } else {
            "abc"
        };
        let tracked = json!({"revision": revision, "applications": applications, "error": error});
        shown::read(&json!({"tracked": tracked, "items": items})).unwrap()
    }

    #[test]
    fn it_is_over_when_nothing_is_on_its_way() {
        let check = |answer: Answer, settled: bool, expected: &[&str]| {
            assert_eq!(
                (is_settled(&answer), open(&answer)),
                (
                    settled,
                    expected.iter().map(|it| (*it).to_owned()).collect()
                ),
                "{answer:?}"
            );
        };
        let well = ("a", "Synced", "Healthy");
        check(Answer::default(), false, &[]);
        check(answer(0, "", &[]), true, &[]);
        check(
            answer(0, "no branch", &[]),
            true,
            &["the repository: no branch"],
        );
        check(answer(2, "", &[well]), false, &[]);
        check(answer(1, "", &[well]), true, &[]);
        check(
            answer(2, "", &[well, ("b", "OutOfSync", "Progressing")]),
            false,
            &["b is on its way: why"],
        );
        check(
            answer(2, "", &[well, ("b", "Synced", "Degraded")]),
            true,
            &["b is Degraded: why"],
        );
    }

    #[test]
    fn what_waits_for_somebody_is_not_waited_for() {
        let told = |more: serde_json::Value| {
            let mut item = json!({"name": "web", "sync": "OutOfSync", "syncMessage": "1 to change",
                "health": {"status": "Healthy", "message": ""}});
            let fields = more.as_object().unwrap().clone();
            item.as_object_mut().unwrap().extend(fields);
            let tracked = json!({"revision": "abc", "applications": 1, "error": ""});
            let answer: Answer =
                shown::read(&json!({"tracked": tracked, "items": [item]})).unwrap();
            (is_settled(&answer), open(&answer).join("\n"))
        };
        let check = |more: serde_json::Value, settled: bool, expected: &str| {
            assert_eq!(told(more), (settled, expected.to_owned()));
        };
        check(json!({}), false, "web is on its way: 1 to change");
        let held = json!({"onHold": true, "syncMessage": "held: commit 1 failed"});
        check(held, true, "web is not rolled out: held: commit 1 failed");
        let paused = json!({"paused": {"reason": "Manual", "message": "a sync by hand"}});
        check(paused, true, "web waits: a sync by hand");
        let again = json!({"onHold": true, "health": {"status": "Progressing", "message": ""}});
        check(again, false, "web is on its way: 1 to change");
    }

    #[test]
    fn each_is_told_once() {
        let answer = answer(
            2,
            "",
            &[("a", "Synced", "Healthy"), ("b", "Synced", "Progressing")],
        );
        assert_eq!(fresh(&answer, &BTreeSet::new()), ["a"]);
        assert!(fresh(&answer, &BTreeSet::from(["a".into()])).is_empty());
    }
}
