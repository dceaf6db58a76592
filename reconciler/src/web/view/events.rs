//! What was reported: by the API server's events, and by the reconciler's own steps.

use askama::Template;
use jiff::Timestamp;

use api::{Object, Uid};

use super::component::{Icon, Tone, encoded};
use super::object;
use super::pod::{happened, message};
use super::time::{When, coarse};
use crate::history::{ReportQuery, Reports, Step, StepKind};

/// On one page.
pub(crate) const MOST: usize = 300;

/// Reports, newest first.
#[derive(Debug, Template)]
#[template(path = "events/list.html")]
pub(crate) struct List {
    pub rows: Vec<Row>,
    /// Why something is missing; empty where nothing is.
    pub error: String,
    pub hidden: usize,
    /// Where it goes on; empty where it ends.
    pub older: String,
    /// Where it begins; empty there.
    pub newest: String,
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
    pub source: String,
}

/// What is wanted of the cluster's events.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Query {
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub kind: String,
    /// The last one of the page before: when it was last seen, `~`, its uid.
    #[serde(default)]
    pub before: String,
}

impl Query {
    /// Of the history, one more than a page has.
    pub(crate) fn of_history(&self) -> ReportQuery {
        let before = self.before.split_once('~');
        ReportQuery {
            kind: self.kind.clone(),
            reason: self.reason.clone(),
            until: None,
            before: before.and_then(|(at, uid)| Some((at.parse().ok()?, Uid(uid.to_owned())))),
            limit: u16::try_from(MOST + 1).unwrap_or(u16::MAX),
        }
    }

    /// The address of what comes after this one in the list.
    pub(crate) fn after(&self, last: &Object) -> String {
        let cursor = format!("{}~{}", last.text("/lastTimestamp"), last.uid().0);
        let pairs = [
            ("kind", self.kind.as_str()),
            ("reason", &self.reason),
            ("before", &cursor),
        ];
        address(&pairs)
    }

    /// The address of the first page; empty there.
    pub(crate) fn newest(&self) -> String {
        if self.before.is_empty() {
            return String::new();
        }
        address(&[("kind", &self.kind), ("reason", &self.reason)])
    }
}

fn address(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("/events?{}", pairs.join("&"))
}

/// Chips that narrow the list down: label, address, how many, whether it is the current one.
#[derive(Debug, Template)]
#[template(path = "events/filters.html")]
pub(crate) struct Filters {
    pub kinds: Vec<(String, String, bool)>,
    pub reasons: Vec<(String, String, bool)>,
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
        source: reporter(event),
    }
}

/// Who reported it, by the field of either version of the API.
fn reporter(event: &Object) -> String {
    let fields = [
        "/source/component",
        "/reportingComponent",
        "/reportingController",
    ];
    let said = fields.into_iter().map(|field| event.text(field));
    said.into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or("API server")
        .to_owned()
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
        // Past by the time it is read: nothing runs for it any more.
        StepKind::Started | StepKind::Began | StepKind::Applying | StepKind::Waiting => {
            (Tone::Unknown, "roll")
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
        source: "Kedge".into(),
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
        older: String::new(),
        newest: String::new(),
        nothing,
    }
}

/// The kinds and reasons that there are, most frequent first.
pub(crate) fn filters(there: &Reports, query: &Query) -> Filters {
    let of = |kind: &str, reason: &str| address(&[("kind", kind), ("reason", reason)]);
    let chips = |all: &str, of: &dyn Fn(&str) -> String, there: &[(String, i64)], asked: &str| {
        let everything = (all.to_owned(), of(""), asked.is_empty());
        let each = there.iter().map(|(name, count)| {
            let current = asked.eq_ignore_ascii_case(name);
            (format!("{name} {count}"), of(name), current)
        });
        std::iter::once(everything).chain(each).collect()
    };
    let kinds = &|kind: &str| of(kind, &query.reason);
    let reasons = &|reason: &str| of(&query.kind, reason);
    Filters {
        kinds: chips("All kinds", kinds, &there.kinds, &query.kind),
        reasons: chips("All reasons", reasons, &there.reasons, &query.reason),
    }
}
