//! One object, whatever its kind: how it is, whose each of its fields is, what it has to do with
//! others.

mod fields;
mod gone;
mod lines;
mod owner;
mod related;
#[cfg(test)]
mod tests;

use askama::Template;
use jiff::Timestamp;

use api::{Catalog, Object, ObjectKey, Resource};
use engine::health;

use super::app::{Summary, words};
use super::checks::{ConditionRow, Conditions};
use super::component::{Icon, State, Tone, encoded};
use super::time::{When, took};
use crate::service::ObjectNode;

pub(crate) use fields::{fields, text};
pub(crate) use gone::gone;
pub(crate) use lines::Line;
pub(crate) use owner::{
    Guilt, Known, Owned, Owner, Sort, Whose, asked, identity, kept, owned, part, whose,
};
pub(crate) use related::{Around, Relation, lead_elsewhere, related};

/// Stands for the namespace of what lives in none.
const NOWHERE: &str = "-";
/// Conditions of these kinds say `True` where something is wrong.
const BAD_WHEN_TRUE: [&str; 9] = [
    "MemoryPressure",
    "DiskPressure",
    "PIDPressure",
    "NetworkUnavailable",
    "ReplicaFailure",
    "Failed",
    "FailureTarget",
    "Stalled",
    "DisruptionTarget",
];

/// Kind, name, state.
#[derive(Debug, Template)]
#[template(path = "object/head.html")]
pub(crate) struct Head {
    pub kind: String,
    pub place: String,
    pub state: Option<State>,
    pub application: String,
    pub age: String,
    /// The pod's own page; empty for other kinds.
    pub pod: String,
    /// The page that explains it; empty where it is well.
    pub why: String,
    /// What is wrong with it although it is healthy; empty where nothing is.
    pub warning: String,
    /// The objects of its application around it; empty where there is none.
    pub before: String,
    pub after: String,
}

/// The object's pages.
#[derive(Debug, Template)]
#[template(path = "app/tabs.html")]
pub(crate) struct Tabs {
    pub name: String,
    pub tabs: Vec<(&'static str, String, bool)>,
}

/// What it has to do with others.
#[derive(Debug, Template)]
#[template(path = "object/relations.html")]
pub(crate) struct Relations {
    pub relations: Vec<Relation>,
    pub error: String,
}

/// How a kind is called in addresses: `deployment.apps`, `configmap`.
pub(crate) fn kind_name(kind: &str, group: &str) -> String {
    let kind = kind.to_lowercase();
    if group.is_empty() {
        kind
    } else {
        format!("{kind}.{group}")
    }
}

/// The resource that is meant by `deployment.apps`, `deployments.apps` or `configmap`.
pub(crate) fn resource<'a>(catalog: &'a Catalog, name: &str) -> Option<&'a Resource> {
    let (kind, group) = name.split_once('.').unwrap_or((name, ""));
    let is_it = |it: &&Resource| {
        it.group == group && (it.kind.eq_ignore_ascii_case(kind) || it.plural == kind)
    };
    catalog.resources().iter().find(is_it)
}

/// The object's page.
pub(crate) fn href(application: &str, kind: &str, key: &ObjectKey) -> String {
    // The forest says of a ReplicaSet whether it is the new one.
    let kind = kind.split(',').next().unwrap_or_default();
    let namespace = match key.namespace.as_str() {
        "" => NOWHERE,
        namespace => namespace,
    };
    format!(
        "/apps/{}/objects/{}/{}/{}",
        encoded(application),
        encoded(&kind_name(kind, &key.collection.group)),
        encoded(namespace),
        encoded(&key.name)
    )
}

/// The namespace that is meant by a part of an address.
pub(crate) fn namespace(part: &str) -> &str {
    if part == NOWHERE { "" } else { part }
}

pub(crate) fn place(key: &ObjectKey) -> String {
    match key.namespace.as_str() {
        "" => key.name.clone(),
        namespace => format!("{namespace}/{}", key.name),
    }
}

pub(crate) fn head(object: &Object, key: &ObjectKey, application: &str, now: Timestamp) -> Head {
    let health = health::assess(object, now);
    let mut state = health.map(|health| State::health(health.status));
    if object.is_deleting() {
        state = Some(State::new(Tone::Warn, "wait", "Terminating"));
    }
    let is_well = |state: &State| matches!(state.tone, Tone::Ok | Tone::Hold);
    Head {
        kind: object.kind().into(),
        place: place(key),
        why: match &state {
            // One that goes has nothing wrong, and is soon not there.
            Some(state) if !is_well(state) && !object.is_deleting() => why(key),
            _ => String::new(),
        },
        before: String::new(),
        after: String::new(),
        warning: String::new(),
        state,
        application: application.into(),
        age: api::parse_time(object.creation_timestamp())
            .map(|born| took(born.duration_until(now)))
            .unwrap_or_default(),
        pod: if object.kind() == "Pod" {
            format!("/pods/{}/{}", encoded(&key.namespace), encoded(&key.name))
        } else {
            String::new()
        },
    }
}

impl Head {
    /// With what its application knows of it: how what it made is, and whom it leads to.
    pub(crate) fn among(&mut self, own: &[ObjectNode], object: &Object, key: &ObjectKey) {
        let Some(node) = own.iter().find(|node| node.key == *key) else {
            return;
        };
        if object.is_deleting() || node.missing {
            return;
        }
        if let Some(health) = &node.health {
            self.state = Some(State::health(health.status));
            self.why = if health.status.is_settled_well() {
                String::new()
            } else {
                why(key)
            };
        }
        if !node.warning.is_empty() {
            self.state = Some(State::new(Tone::Warn, "warn", "Leads nowhere"));
            self.warning.clone_from(&node.warning);
            self.why = why(key);
        }
    }
}

/// The page that explains an object.
pub(crate) fn why(key: &ObjectKey) -> String {
    let collection = &key.collection;
    let kind = match collection.group.as_str() {
        "" => collection.resource.clone(),
        group => format!("{}.{group}", collection.resource),
    };
    let namespace = match key.namespace.as_str() {
        "" => NOWHERE,
        namespace => namespace,
    };
    let (kind, namespace) = (encoded(&kind), encoded(namespace));
    format!("/why/{kind}/{namespace}/{}", encoded(&key.name))
}

/// The addresses of the objects before and after one in a list of its application's.
pub(crate) fn neighbours(
    application: &str,
    all: &[ObjectNode],
    key: &ObjectKey,
) -> (String, String) {
    let there: Vec<&ObjectNode> = all.iter().filter(|node| !node.missing).collect();
    let Some(here) = there.iter().position(|node| node.key == *key) else {
        return (String::new(), String::new());
    };
    let href = |at: Option<usize>| {
        let node = at.and_then(|at| there.get(at));
        node.map_or_else(String::new, |node| href(application, &node.kind, &node.key))
    };
    (href(here.checked_sub(1)), href(Some(here + 1)))
}

pub(crate) fn tabs(base: &str, name: &str, current: &str) -> Tabs {
    let tab = |label, query: &str, id: &str| (label, format!("{base}{query}"), current == id);
    Tabs {
        name: name.into(),
        tabs: vec![
            tab("Status", "", ""),
            tab("Fields and owners", "?tab=yaml", "yaml"),
            tab("Events", "?tab=events", "events"),
        ],
    }
}

/// What the object says of itself, worst first.
pub(crate) fn conditions(object: &Object, now: Timestamp) -> Conditions {
    let all = object.conditions();
    let mut rows: Vec<ConditionRow> = all
        .iter()
        .map(|one| {
            let is_well = (one.status == "True") != BAD_WHEN_TRUE.contains(&one.kind.as_str());
            let (tone, icon) = match one.status.as_str() {
                "True" | "False" if is_well => (Tone::Ok, "ok"),
                "True" | "False" => (Tone::Warn, "warn"),
                _ => (Tone::Unknown, "unk"),
            };
            let since = one.last_transition_time.as_deref();
            let text = [&one.message, &one.reason]
                .into_iter()
                .find(|text| !text.is_empty());
            ConditionRow {
                tone,
                icon: Icon(icon),
                name: format!("{}: {}", words(&one.kind), one.status),
                text: text.cloned().unwrap_or_default(),
                since: since.and_then(api::parse_time).map(|at| When::age(at, now)),
            }
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.tone));
    Conditions { conditions: rows }
}

pub(crate) fn summary(object: &Object, application: &str, now: Timestamp) -> Summary {
    let mut entries = vec![("Kind", object.kind().to_owned())];
    let mut entry = |name, value: String| {
        if !value.is_empty() {
            entries.push((name, value));
        }
    };
    entry("Group", object.gvk().api_version());
    entry("Namespace", object.namespace().into());
    entry("Application", application.into());
    let health = health::assess(object, now).map(|health| health.message);
    entry("State", health.unwrap_or_default());
    entry("Created", object.creation_timestamp().into());
    let generation = object.generation();
    match object.observed_generation() {
        Some(seen) if seen != generation => entry(
            "Generation",
            format!("{generation}; its controller has seen {seen}"),
        ),
        _ if generation > 0 => entry("Generation", generation.to_string()),
        _ => {}
    }
    entry("Version", object.resource_version().0);
    let labels = object
        .labels()
        .map(|(name, value)| format!("{name}={value}"));
    entry("Labels", labels.collect::<Vec<_>>().join(", "));
    Summary::of(entries)
}
