//! What was reported as rows: the API server's events, and the reconciler's own steps.

use askama::Template;
use jiff::Timestamp;

use api::{GroupVersionKind, Object};

use crate::history::{Step, StepKind};
use crate::web::view::component::{Icon, Tone, encoded};
use crate::web::view::nothing::Nothing;
use crate::web::view::object;
use crate::web::view::pod::{happened, message};
use crate::web::view::time::{When, coarse};

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
    /// In place of rows.
    pub nothing: Nothing,
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

/// What an event is about: its kind, then namespace and name.
pub(crate) fn about_what(event: &Object) -> (GroupVersionKind, &str, &str) {
    let gvk = GroupVersionKind::from_type_meta(about(event, "apiVersion"), about(event, "kind"));
    (gvk, about(event, "namespace"), about(event, "name"))
}

/// An event as a row. Links to objects need an application to be shown on; without one only pods
/// and nodes have a page.
pub(crate) fn row(event: &Object, application: &str, now: Timestamp) -> Row {
    let (tone, icon) = tone(event);
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
        tone,
        icon,
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
        "Application" => crate::web::view::graph::app_href(name),
        _ if application.is_empty() => String::new(),
        _ => {
            let (gvk, _, _) = about_what(event);
            let key = api::Collection::new(gvk.group, "").key(namespace, name);
            object::href(application, kind, &key)
        }
    }
}

/// What the reconciler did or saw.
pub(crate) fn step(step: &Step, now: Timestamp) -> Row {
    let (tone, icon) = match step.kind {
        StepKind::Failed | StepKind::Refused | StepKind::ApplyFailed => (Tone::Bad, "bad"),
        StepKind::Drifted | StepKind::Suspended | StepKind::Held => (Tone::Warn, "warn"),
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
pub(crate) fn list(mut rows: Vec<Row>, error: String, nothing: Nothing) -> List {
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

/// What comes into being or ends well. Everything else that is no warning is neither good nor bad:
/// a container that is stopped, an image that is loaded.
const GOOD: [&str; 12] = [
    "Completed",
    "Created",
    "NodeReady",
    "Pulled",
    "RegisteredNode",
    "Scheduled",
    "Started",
    "SuccessfulAttachVolume",
    "SuccessfulCreate",
    "SuccessfulMountVolume",
    "SuccessfulRescale",
    "VolumeBound",
];

/// Colour and shape of an event.
pub(crate) fn tone(event: &Object) -> (Tone, Icon) {
    match (event.text("/type"), event.text("/reason")) {
        ("Warning", _) => (Tone::Bad, Icon("bad")),
        (_, reason) if GOOD.contains(&reason) => (Tone::Ok, Icon("ok")),
        _ => (Tone::Unknown, Icon("event")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn green_is_what_went_well() {
        let tone = |kind: &str, reason: &str| {
            let event = serde_json::json!({"type": kind, "reason": reason});
            tone(&Object::from(event)).0
        };
        assert_eq!(tone("Normal", "Started"), Tone::Ok);
        assert_eq!(tone("Normal", "Killing"), Tone::Unknown);
        assert_eq!(tone("Normal", "NodeNotReady"), Tone::Unknown);
        assert_eq!(tone("Warning", "Started"), Tone::Bad);
    }
}
