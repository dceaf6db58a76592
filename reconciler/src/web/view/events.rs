//! What was reported: by the API server's events, and by the reconciler's own steps.

use askama::Template;
use jiff::Timestamp;

use api::Object;

use super::component::{Icon, Tone, encoded};
use super::object;
use super::pod::{happened, message};
use super::time::{When, coarse};
use crate::history::{Step, StepKind};

/// On one page.
const MOST: usize = 300;

/// Reports, newest first.
#[derive(Debug, Template)]
#[template(path = "events/list.html")]
pub(crate) struct List {
    pub rows: Vec<Row>,
    /// Why something is missing; empty where nothing is.
    pub error: String,
    pub hidden: usize,
    pub nothing: &'static str,
}

/// One report, perhaps many times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub at: Option<Timestamp>,
    pub tone: Tone,
    pub icon: Icon,
    pub reason: String,
    /// `Pod shop/web-1`; empty for what is about no object.
    pub object: String,
    pub href: String,
    pub message: String,
    pub count: i64,
    pub when: Option<When>,
    /// `API server`, or `Kedge`.
    pub source: &'static str,
}

/// What is wanted of the cluster's events.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub kind: String,
}

impl Query {
    pub(crate) fn is(&self, event: &Object) -> bool {
        let fits = |wanted: &str, has: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(has);
        fits(&self.reason, event.text("/reason")) && fits(&self.kind, kind(event))
    }
}

/// Chips that narrow the list down: label, address, how many, whether it is the current one.
#[derive(Debug, Template)]
#[template(path = "events/filters.html")]
pub(crate) struct Filters {
    pub kinds: Vec<(String, String, bool)>,
    pub reasons: Vec<(String, String, bool)>,
}

pub(crate) fn kind(event: &Object) -> &str {
    match event.text("/involvedObject/kind") {
        "" => event.text("/regarding/kind"),
        kind => kind,
    }
}

fn about<'a>(event: &'a Object, field: &str) -> &'a str {
    match event.text(&format!("/involvedObject/{field}")) {
        "" => event.text(&format!("/regarding/{field}")),
        text => text,
    }
}

/// The kind, namespace and name of what an event is about.
pub(crate) fn subject(event: &Object) -> (String, String, String) {
    let of = |field| about(event, field).to_owned();
    (of("kind"), of("namespace"), of("name"))
}

/// An event as a row. Links to objects need an application to be shown on; without one only pods
/// and nodes have a page.
pub(crate) fn row(event: &Object, application: &str, now: Timestamp) -> Row {
    let is_warning = event.text("/type") == "Warning";
    let count = ["/series/count", "/count"]
        .into_iter()
        .find_map(|pointer| event.pointer(pointer).and_then(serde_json::Value::as_i64));
    let (kind, namespace, name) = subject(event);
    let place = match namespace.as_str() {
        "" => name.clone(),
        namespace => format!("{namespace}/{name}"),
    };
    let at = happened(event);
    Row {
        at,
        tone: if is_warning { Tone::Bad } else { Tone::Ok },
        icon: Icon(if is_warning { "bad" } else { "ok" }),
        reason: event.text("/reason").into(),
        href: href(event, application, (&kind, &namespace, &name)),
        object: if kind.is_empty() {
            String::new()
        } else {
            format!("{kind} {place}")
        },
        message: message(event).into(),
        count: count.unwrap_or(1),
        when: at.map(|at| age(at, now)),
        source: "API server",
    }
}

fn href(event: &Object, application: &str, (kind, namespace, name): (&str, &str, &str)) -> String {
    match kind {
        "Pod" => format!("/pods/{}/{}", encoded(namespace), encoded(name)),
        "Node" => format!("/nodes/{}", encoded(name)),
        "Application" => super::graph::app_href(name),
        _ if application.is_empty() => String::new(),
        _ => {
            let gvk = api::GroupVersionKind::from_type_meta(about(event, "apiVersion"), kind);
            let key = api::Collection::new(gvk.group, "").key(namespace, name);
            object::href(application, kind, &key)
        }
    }
}

/// What the reconciler did or saw.
pub(crate) fn step(step: &Step, now: Timestamp) -> Row {
    let (tone, icon) = match step.kind {
        StepKind::Failed | StepKind::Refused | StepKind::ApplyFailed => (Tone::Bad, "bad"),
        StepKind::Drifted | StepKind::Suspended => (Tone::Warn, "warn"),
        StepKind::Started | StepKind::Began | StepKind::Applying | StepKind::Waiting => {
            (Tone::Run, "run")
        }
        _ => (Tone::Ok, "ok"),
    };
    Row {
        at: Some(step.at),
        tone,
        icon: Icon(if icon == "run" { "roll" } else { icon }),
        reason: format!("{:?}", step.kind),
        object: step
            .rollout
            .as_ref()
            .map(|id| format!("Rollout {id}"))
            .unwrap_or_default(),
        href: step
            .rollout
            .as_ref()
            .map(|id| format!("/rollouts/{}", encoded(id)))
            .unwrap_or_default(),
        message: step.text.clone(),
        count: 1,
        when: Some(age(step.at, now)),
        source: "Kedge",
    }
}

fn age(at: Timestamp, now: Timestamp) -> When {
    When {
        at,
        text: coarse(at.duration_until(now)),
    }
}

/// Sorts and cuts.
pub(crate) fn list(mut rows: Vec<Row>, error: String, nothing: &'static str) -> List {
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    let hidden = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    List {
        rows,
        error,
        hidden,
        nothing,
    }
}

/// The kinds and reasons that there are, most frequent first, at most eight of each.
pub(crate) fn filters(events: &[Object], query: &Query) -> Filters {
    let kinds = counted(events.iter().map(kind));
    let reasons = counted(events.iter().map(|event| event.text("/reason")));
    let address = |kind: &str, reason: &str| {
        let pairs = [("kind", kind), ("reason", reason)];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        format!("/events?{}", pairs.join("&"))
    };
    let chip = |name: &str, href: String, current: bool| (name.to_owned(), href, current);
    let all_kinds = (String::new(), 0);
    let all_reasons = (String::new(), 0);
    Filters {
        kinds: std::iter::once(&all_kinds)
            .chain(&kinds)
            .map(|(name, count): &(String, usize)| {
                let label = labelled(name, *count, "All kinds");
                let is_current = query.kind.eq_ignore_ascii_case(name);
                chip(&label, address(name, &query.reason), is_current)
            })
            .collect(),
        reasons: std::iter::once(&all_reasons)
            .chain(&reasons)
            .map(|(name, count): &(String, usize)| {
                let label = labelled(name, *count, "All reasons");
                let is_current = query.reason.eq_ignore_ascii_case(name);
                chip(&label, address(&query.kind, name), is_current)
            })
            .collect(),
    }
}

fn labelled(name: &str, count: usize, all: &str) -> String {
    if name.is_empty() {
        all.to_owned()
    } else {
        format!("{name} {count}")
    }
}

fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for name in names.filter(|name| !name.is_empty()) {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(8);
    counts
}
