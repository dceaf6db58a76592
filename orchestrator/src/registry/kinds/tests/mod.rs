//! Objects as people write them, through the table: defaults, rules, rows.

mod all;
mod cluster;
mod config;
mod jobs;
mod pods;
mod pods_refused;
mod rows;
mod services;
mod storage;
mod workloads;

use api::{Cause, Collection, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Kind, of};

fn kind(group: &str, plural: &str) -> &'static Kind {
    of(&Collection::new(group, plural)).unwrap()
}

fn now() -> Timestamp {
    api::parse_time("2026-11-21T12:00:00Z").unwrap()
}

/// A create up to its validation.
fn create(kind: &Kind, manifest: &Value) -> (Object, Vec<Cause>) {
    let mut object = Object::from(manifest.clone());
    if object.name().is_empty() {
        object.metadata_mut().insert("name".into(), json!("it"));
    }
    kind.default(&mut object);
    let metadata = object.metadata_mut();
    metadata.insert("uid".into(), json!("u-1"));
    metadata.insert("creationTimestamp".into(), json!("2026-11-21T11:00:00Z"));
    (kind.prepare_create)(&mut object);
    let causes = kind.validate_create(&object);
    (object, causes)
}

#[track_caller]
fn accept(kind: &Kind, manifest: &Value) -> Object {
    let (object, causes) = create(kind, manifest);
    assert_eq!(causes, Vec::new());
    object
}

/// Every expected `(field, part of the message)`, in order, and no other.
#[track_caller]
fn refuse(kind: &Kind, manifest: &Value, expected: &[(&str, &str)]) {
    assert_causes(&create(kind, manifest).1, expected);
}

/// An update of `old` through the main endpoint.
fn update(kind: &Kind, old: &Object, edit: impl FnOnce(&mut Value)) -> (Object, Vec<Cause>) {
    let mut new = old.clone();
    edit(&mut new.body);
    kind.default(&mut new);
    (kind.prepare_update)(&mut new, old);
    let causes = kind.validate_update(&new, old);
    (new, causes)
}

#[track_caller]
fn accept_update(kind: &Kind, old: &Object, edit: impl FnOnce(&mut Value)) -> Object {
    let (object, causes) = update(kind, old, edit);
    assert_eq!(causes, Vec::new());
    object
}

#[track_caller]
fn refuse_update(
    kind: &Kind,
    old: &Object,
    edit: impl FnOnce(&mut Value),
    expected: &[(&str, &str)],
) {
    assert_causes(&update(kind, old, edit).1, expected);
}

#[track_caller]
fn assert_causes(causes: &[Cause], expected: &[(&str, &str)]) {
    let shown: Vec<String> = causes
        .iter()
        .map(|cause| format!("{}: {}", cause.field, cause.message))
        .collect();
    let fits = causes.len() == expected.len()
        && causes
            .iter()
            .zip(expected)
            .all(|(cause, (field, part))| cause.field == *field && cause.message.contains(part));
    assert!(fits, "got {shown:#?}\nexpected {expected:#?}");
}

/// The row, as one line.
fn row(kind: &Kind, object: &Object) -> String {
    let cells = kind.row(object, now());
    let texts: Vec<String> = cells
        .iter()
        .map(|cell| {
            cell.as_str()
                .map_or_else(|| cell.to_string(), ToOwned::to_owned)
        })
        .collect();
    texts.join(" | ")
}
