//! What a namespace that is going says of itself. Pure.

use std::collections::BTreeMap;

use api::{Collection, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::controllers::action::Action;
use crate::controllers::collections::namespaces;
use crate::controllers::conditions::{self, Wanted};

const FINALIZER: &str = "kubernetes";

/// What one collection still held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remaining {
    collection: Collection,
    count: usize,
    /// How many objects wait for each finalizer.
    finalizers: BTreeMap<String, usize>,
    /// All of it was going already: only time helps.
    pub(super) is_waiting: bool,
}

impl Remaining {
    pub(super) fn new(collection: &Collection, items: &[Object]) -> Self {
        let mut finalizers = BTreeMap::new();
        for name in items.iter().flat_map(Object::finalizers) {
            *finalizers.entry(name.to_owned()).or_default() += 1;
        }
        Self {
            collection: collection.clone(),
            count: items.len(),
            finalizers,
            is_waiting: items.iter().all(Object::is_deleting),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Deletion has begun, and it is for us to finish it.
pub(super) fn is_going(namespace: &Object) -> bool {
    namespace.is_deleting() && finalizers(namespace).any(|name| name == FINALIZER)
}

/// The namespace without Kubernetes' own finalizer.
pub(super) fn finalized(namespace: &Object) -> Object {
    let rest: Vec<&str> = finalizers(namespace)
        .filter(|name| *name != FINALIZER)
        .collect();
    let mut object = namespace.clone();
    object.body["spec"]["finalizers"] = json!(rest);
    object
}

fn finalizers(namespace: &Object) -> impl Iterator<Item = &str> {
    namespace
        .pointer("/spec/finalizers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Kubernetes' five conditions, if any of them is another one now.
pub(super) fn status(
    namespace: &Object,
    remaining: &[Remaining],
    failure: Option<String>,
    now: Timestamp,
) -> Option<Action> {
    let mut status = namespace.body["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    status["phase"] = json!("Terminating");
    let left = left(remaining);
    let finalizers = waiting(remaining);
    let failed = failure.is_some();
    let (failure, left_known) = match failure {
        Some(message) => (message, false),
        None => (String::new(), true),
    };
    let choose = |bad: bool, yes: (&'static str, String), no: (&'static str, &str)| {
        if bad {
            ("True", yes.0, yes.1)
        } else {
            ("False", no.0, no.1.to_owned())
        }
    };
    let discovered = (
        "False",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    );
    let parsed = (
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    );
    let mut wanted = vec![
        ("NamespaceDeletionDiscoveryFailure", own(discovered)),
        ("NamespaceDeletionGroupVersionParsingFailure", own(parsed)),
        (
            "NamespaceDeletionContentFailure",
            choose(
                failed,
                ("ContentDeletionFailed", failure),
                (
                    "ContentDeleted",
                    "All content successfully deleted, may be waiting on finalization",
                ),
            ),
        ),
    ];
    if left_known {
        wanted.push((
            "NamespaceContentRemaining",
            choose(
                !remaining.is_empty(),
                ("SomeResourcesRemain", left),
                ("ContentRemoved", "All content successfully removed"),
            ),
        ));
        wanted.push((
            "NamespaceFinalizersRemaining",
            choose(
                !finalizers.is_empty(),
                ("SomeFinalizersRemain", finalizers),
                (
                    "ContentHasNoFinalizers",
                    "All content-preserving finalizers finished",
                ),
            ),
        ));
    }
    for (kind, (value, reason, message)) in &wanted {
        let condition = Wanted {
            kind,
            status: value,
            reason,
            message,
        };
        conditions::set(&mut status, condition, None, now);
    }
    (Some(&status) != namespace.pointer("/status")).then(|| {
        let mut object = namespace.clone();
        object.body["status"] = status;
        Action::ReplaceStatus {
            collection: namespaces(),
            object,
        }
    })
}

fn own(
    (value, reason, message): (&'static str, &'static str, &str),
) -> (&'static str, &'static str, String) {
    (value, reason, message.to_owned())
}

fn left(remaining: &[Remaining]) -> String {
    let each: Vec<String> = remaining
        .iter()
        .map(|left| {
            let Collection { group, resource } = &left.collection;
            format!("{resource}.{group} has {} resource instances", left.count)
        })
        .collect();
    format!("Some resources are remaining: {}", each.join(", "))
}

/// Empty where no finalizer is left.
fn waiting(remaining: &[Remaining]) -> String {
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, count) in remaining.iter().flat_map(|left| &left.finalizers) {
        *all.entry(name).or_default() += count;
    }
    if all.is_empty() {
        return String::new();
    }
    let each: Vec<String> = all
        .iter()
        .map(|(name, count)| format!("{name} in {count} resource instances"))
        .collect();
    format!(
        "Some content in the namespace has finalizers remaining: {}",
        each.join(", ")
    )
}
