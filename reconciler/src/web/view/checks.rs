//! How an application is, in six conditions, the worst first: what its status says, and what is read
//! off its objects, rollouts and drifts. Where nobody knows since when, nothing is said. Pure.

use std::cmp::Reverse;

use askama::Template;
use jiff::Timestamp;
use serde::Serialize;

use api::{Condition, Object, parse_time};
use engine::rollout::{RolloutPhase, SyncStatus};

use super::component::{Icon, Tone};
use super::facts::Facts;
use super::time::When;
use crate::history::Drift;
use crate::service::ObjectNode;

/// Workloads that a sentence names.
const NAMED: usize = 3;
/// The kinds that serve, and where they say how many pods they want and have.
const SERVING: [(&str, &str, &str); 3] = [
    ("Deployment", "/spec/replicas", "/status/availableReplicas"),
    ("StatefulSet", "/spec/replicas", "/status/availableReplicas"),
    (
        "DaemonSet",
        "/status/desiredNumberScheduled",
        "/status/numberAvailable",
    ),
];

/// The conditions, worst first.
#[derive(Debug, Template)]
#[template(path = "app/conditions.html")]
pub(crate) struct Conditions {
    pub conditions: Vec<ConditionRow>,
}

/// One condition.
#[derive(Debug)]
pub(crate) struct ConditionRow {
    pub tone: Tone,
    pub icon: Icon,
    pub name: String,
    pub text: String,
    pub since: Option<When>,
}

/// One condition as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    /// `ok`, `run`, `hold`, `unk`, `warn` or `bad`.
    pub(crate) state: Tone,
    pub text: String,
    /// Since when it is in this state, where that is on record.
    pub since: Option<Timestamp>,
}

/// A workload that wants pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workload {
    pub title: String,
    pub wanted: i64,
    pub available: i64,
    /// Since when it serves, or does not, where the object says so.
    pub since: Option<Timestamp>,
}

/// What others changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drifted<'a> {
    /// What is there still.
    pub open: &'a [Drift],
    /// The newest of all.
    pub newest: &'a [Drift],
}

/// Whether an object is one of those that serve.
pub(crate) fn is_workload(node: &ObjectNode) -> bool {
    let kinds = SERVING.iter();
    node.key.collection.group == "apps" && kinds.clone().any(|(kind, ..)| *kind == node.kind)
}

/// How a workload is; `None` for one that wants no pods. Of one that is not there, it has none.
pub(crate) fn workload(node: &ObjectNode, object: Option<&Object>) -> Option<Workload> {
    let (_, wanted, available) = SERVING.iter().find(|(kind, ..)| *kind == node.kind)?;
    let title = format!("{} {}", node.kind, node.key.name);
    let Some(object) = object else {
        return Some(Workload {
            title,
            wanted: 1,
            available: 0,
            since: None,
        });
    };
    let count = |path: &str| object.pointer(path).and_then(serde_json::Value::as_i64);
    let wanted = count(wanted).unwrap_or(i64::from(node.kind != "DaemonSet"));
    let available = count(available).unwrap_or_default();
    let word = if available > 0 { "True" } else { "False" };
    let condition = object.condition("Available");
    let since = condition
        .filter(|it| it.status == word)
        .and_then(|it| at(&it));
    (wanted > 0).then_some(Workload {
        title,
        wanted,
        available,
        since,
    })
}

/// `workloads` is `None` where the objects cannot be read.
pub(crate) fn checks(
    facts: &Facts,
    workloads: Option<&[Workload]>,
    drifted: Drifted,
) -> Vec<Check> {
    let mut all = vec![
        serving(facts, workloads),
        converging(facts),
        matches_git(facts),
        fetched(facts),
        rendered(facts),
        drift(facts, drifted),
    ];
    all.sort_by_key(|check| Reverse(check.state));
    all
}

pub(crate) fn shown(checks: &[Check], now: Timestamp) -> Conditions {
    let row = |check: &Check| ConditionRow {
        tone: check.state,
        icon: Icon(match check.state {
            Tone::Ok => "ok",
            Tone::Hold => "hold",
            Tone::Run => "run",
            Tone::Unknown => "unk",
            Tone::Warn if check.name == MATCHES => "ne",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
        }),
        name: check.name.to_owned(),
        text: check.text.clone(),
        since: check.since.map(|at| When::age(at, now)),
    };
    Conditions {
        conditions: checks.iter().map(row).collect(),
    }
}

impl Serialize for Tone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

const MATCHES: &str = "Matches Git";

fn check(
    name: &'static str,
    state: Tone,
    text: impl Into<String>,
    since: Option<Timestamp>,
) -> Check {
    Check {
        name,
        state,
        text: text.into(),
        since,
    }
}

fn serving(facts: &Facts, workloads: Option<&[Workload]>) -> Check {
    let name = "Serving";
    let Some(all) = workloads else {
        return check(name, Tone::Unknown, "the objects cannot be read", None);
    };
    if all.is_empty() {
        let text = "no Deployment, StatefulSet or DaemonSet of it wants pods";
        return check(name, Tone::Ok, text, None);
    }
    let down: Vec<&Workload> = all.iter().filter(|it| it.available == 0).collect();
    let times = |of: &[&Workload]| of.iter().map(|it| it.since).collect::<Option<Vec<_>>>();
    if !down.is_empty() {
        let named: Vec<&str> = down
            .iter()
            .take(NAMED)
            .map(|it| it.title.as_str())
            .collect();
        let more = down.len() - named.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let text = format!(
            "{} of {} workloads have no replica that serves: {}{more}",
            down.len(),
            all.len(),
            named.join(", ")
        );
        let since = times(&down).and_then(|times| times.into_iter().min());
        return check(name, Tone::Bad, text, since);
    }
    let sum = |of: fn(&Workload) -> i64| all.iter().map(of).sum::<i64>();
    let (available, wanted) = (sum(|it| it.available.min(it.wanted)), sum(|it| it.wanted));
    let workloads = match all.len() {
        1 => "the one workload serves".to_owned(),
        many => format!("all {many} workloads serve"),
    };
    let text = format!("{workloads}: {available} of {wanted} replicas are available");
    let each: Vec<&Workload> = all.iter().collect();
    let since = times(&each).and_then(|times| times.into_iter().max());
    match (available < wanted, facts.running()) {
        (false, _) => check(name, Tone::Ok, text, since),
        // Since when it is a part of them alone, nobody writes down.
        (true, Some(_)) => check(name, Tone::Run, text, None),
        (true, None) => check(name, Tone::Warn, text, None),
    }
}

fn converging(facts: &Facts) -> Check {
    let name = "Converging";
    if let Some(paused) = facts.paused.as_ref().filter(|_| facts.held.is_none()) {
        let since = since(facts, "Paused", "True");
        return check(name, Tone::Hold, paused.message.clone(), since);
    }
    let Some(last) = &facts.last else {
        return check(name, Tone::Unknown, "there was no rollout yet", None);
    };
    let (state, verb) = match last.phase {
        RolloutPhase::Succeeded => (Tone::Ok, "converged"),
        RolloutPhase::Failed => (Tone::Bad, "failed"),
        RolloutPhase::Superseded => (Tone::Unknown, "was superseded"),
        RolloutPhase::Held => (Tone::Warn, "was held"),
        _ => (Tone::Run, "is on its way"),
    };
    let text = format!("rollout {} {verb}", last.number);
    let text = match (last.phase, last.message.as_str()) {
        (RolloutPhase::Succeeded, _) | (_, "") => text,
        (_, message) => format!("{text}: {message}"),
    };
    check(
        name,
        state,
        text,
        Some(last.finished_at.unwrap_or(last.started_at)),
    )
}

fn matches_git(facts: &Facts) -> Check {
    let (state, word, text) = match facts.sync {
        _ if facts.observed_at.is_none() => (Tone::Unknown, "", "it was not compared yet"),
        SyncStatus::Synced => {
            let text = "what Git asks for is in the cluster, field by field";
            (Tone::Ok, "True", text)
        }
        SyncStatus::OutOfSync if facts.held.is_some() => {
            (Tone::Bad, "False", facts.sync_message.as_str())
        }
        SyncStatus::OutOfSync => (Tone::Warn, "False", facts.sync_message.as_str()),
        SyncStatus::Unknown => (Tone::Unknown, "Unknown", facts.sync_message.as_str()),
    };
    check(MATCHES, state, text, since(facts, "Synced", word))
}

fn fetched(facts: &Facts) -> Check {
    let name = "Source fetched";
    let Some(ready) = condition(facts, "SourceReady") else {
        return check(
            name,
            Tone::Unknown,
            "nothing is known of its repository yet",
            None,
        );
    };
    match (ready.status.as_str(), ready.reason.as_str()) {
        ("True", _) => {
            let text = "the newest commit is the one that is compared";
            check(name, Tone::Ok, text, at(ready))
        }
        // It was fetched; what is wrong is in it. Since when, its own condition says.
        (_, "BuildFailed" | "CommitRefused") => {
            check(name, Tone::Ok, "the newest commit was fetched", None)
        }
        (_, "SignatureUnverified") => check(name, Tone::Warn, ready.message.clone(), at(ready)),
        _ => check(name, Tone::Bad, ready.message.clone(), at(ready)),
    }
}

fn rendered(facts: &Facts) -> Check {
    let name = "Rendered";
    let commit = match facts.wanted.0.as_str() {
        "" => "the commit".to_owned(),
        _ => format!("commit {}", facts.wanted.short()),
    };
    match condition(facts, "Rendered") {
        Some(it) if it.status == "True" => {
            check(name, Tone::Ok, format!("{commit} renders"), at(it))
        }
        Some(it) if it.reason == "CommitRefused" => {
            let text = format!("{}; {commit} is followed", it.message);
            check(name, Tone::Warn, text, at(it))
        }
        Some(it) if it.status == "False" => check(name, Tone::Bad, it.message.clone(), at(it)),
        _ => check(name, Tone::Unknown, "it was not rendered yet", None),
    }
}

/// What others changed; its name is true of its state.
fn drift(facts: &Facts, drifted: Drifted) -> Check {
    let name = "Drift";
    let titles: Vec<String> = drifted
        .open
        .iter()
        .take(NAMED)
        .map(super::drift::title)
        .collect();
    if !titles.is_empty() {
        let more = drifted.open.len() - titles.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let first = drifted.open.iter().map(|it| it.at).min();
        return check(
            name,
            Tone::Warn,
            format!("{}{more}", titles.join(", ")),
            first,
        );
    }
    let running = facts.running().is_some();
    let pending = facts.sync != SyncStatus::Synced && facts.applied != facts.wanted;
    if facts.observed_at.is_none() || running || pending {
        let text = "it cannot be told apart from what the commit changes";
        return check(name, Tone::Unknown, text, None);
    }
    let text = "nobody changed what Git asks for";
    let last = drifted.newest.iter().max_by_key(|it| it.ended_at);
    let Some((last, ended)) = last.and_then(|it| Some((it, it.ended_at?))) else {
        return check("No drift", Tone::Ok, text, None);
    };
    let what = format!("{} {}", last.kind, last.key.name);
    let text = format!("{text} since {what} was as it says again");
    check("No drift", Tone::Ok, text, Some(ended))
}

fn condition<'a>(facts: &'a Facts, kind: &str) -> Option<&'a Condition> {
    facts.conditions.iter().find(|it| it.kind == kind)
}

/// Since when a condition has this status.
fn since(facts: &Facts, kind: &str, status: &str) -> Option<Timestamp> {
    condition(facts, kind)
        .filter(|it| it.status == status)
        .and_then(at)
}

fn at(condition: &Condition) -> Option<Timestamp> {
    condition
        .last_transition_time
        .as_deref()
        .and_then(parse_time)
}

#[cfg(test)]
pub(crate) mod tests;
