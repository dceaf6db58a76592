//! Server-side apply: a manager states the fields it cares about, and no more.
//!
//! What it stated last time and does not state now goes, unless somebody else owns it. A field of
//! another manager is not overwritten without force.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::conflict::{Conflict, last_applied_allows, refuse};
use super::fields::FieldSet;
use super::manage::track;
use super::managed::{Entry, Managed, Operation};
use super::manager::Manager;
use super::reclaim::intruders;
use super::reset::{out_of_reach, server_set, without};
use super::shape::{Schema, Shape};
use super::typed::{Change, compare, merge, owned, prune, with_declared_parents};
use crate::{Object, Status, time};

/// What to do when the configuration would change fields of other managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflicts {
    /// Answer 409 and name them.
    Refuse,
    /// Take them over.
    Force,
    /// The same, and what people put into the lists of the configuration by hand goes.
    Reclaim,
}

/// Holds what `kubectl apply` (client-side) applied last.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The manager of what is in an object that nobody managed before.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// The manager whose client-side past is known.
const KUBECTL: &str = "kubectl";

/// Set by the API server; a configuration that mentions them changes nothing.
const KEPT_METADATA: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "selfLink",
];

/// Applies a configuration to the live object; `None` when there is none yet.
///
/// The result has its `managedFields` and lacks defaults. When nothing changes it is the live
/// object as it was. Fails with a conflict (409) or with what does not fit the schema (400);
/// without a `schema` objects merge and lists are replaced.
pub fn apply<'s>(
    live: Option<&Object>,
    config: &Object,
    manager: &Manager<'_>,
    conflicts: Conflicts,
    now: Timestamp,
    schema: impl Into<Schema<'s>>,
) -> Result<Object, Status> {
    check(live, config)?;
    let schema = schema.into();
    let shape = Shape::of_kind(schema);
    let out_of_reach = out_of_reach(schema, config.kind(), manager.subresource);
    let stripped = without(&config.body, out_of_reach);
    let stated = stripped.as_ref().unwrap_or(&config.body);
    let fields = owned(shape, stated).difference(server_set());
    let mut entry = entry(config, manager, fields);
    let mut managed = live.map_or_else(Managed::default, |live| {
        managers(live, manager.subresource, now, schema)
    });
    let last = managed.take(&entry);

    let nothing = Value::Object(Map::new());
    let live_body = live.map_or(&nothing, |live| &live.body);
    let mut body =
        merge(shape, live_body, stated).map_err(|misfit| does_not_fit(config, &misfit))?;
    keep_metadata(&mut body, live_body);
    if let Some(last) = &last {
        let unowned = unowned(shape, last, &entry.fields, &managed);
        let within_reach = unowned.recursive_difference(&FieldSet::of_fields(out_of_reach));
        prune(shape, &mut body, &within_reach, Some(stated));
    }
    if conflicts == Conflicts::Reclaim {
        let intruders = intruders(shape, live_body, stated, &managed);
        prune(shape, &mut body, &intruders, Some(stated));
    }
    let Change { set, removed } = compare(shape, Some(live_body), &body);
    if conflicts == Conflicts::Refuse {
        let client_side = live.filter(|_| manager.name == KUBECTL);
        refuse(&contested(&managed, &set, client_side, shape))?;
    }

    let mut result = Object { body };
    if manager.name == KUBECTL && live.is_some_and(|live| live.annotation(LAST_APPLIED).is_some()) {
        set_last_applied(&mut result, config);
    }
    if let Some(live) = live.filter(|live| is_unchanged(live, &result, last.as_ref(), &entry)) {
        return Ok(live.clone());
    }
    managed.release(&set);
    managed.release(&removed);
    if !entry.fields.is_empty() {
        entry.time = Some(time(now));
        managed.entries.push(entry);
    }
    managed.write(&mut result);
    Ok(result)
}

/// What is written down of an apply, but when it was.
fn entry(config: &Object, manager: &Manager<'_>, fields: FieldSet) -> Entry {
    Entry {
        manager: manager.name.to_owned(),
        operation: Operation::Apply,
        api_version: config.text("/apiVersion").to_owned(),
        subresource: manager.subresource.to_owned(),
        time: None,
        fields,
    }
}

/// Who owns the live object; what is in one that nobody manages belongs to a stand-in.
fn managers(live: &Object, subresource: &str, now: Timestamp, schema: Schema<'_>) -> Managed {
    let mut managed = Managed::of(live);
    if managed.is_empty() {
        let before = Manager {
            name: BEFORE_FIRST_APPLY,
            subresource,
        };
        track(&mut managed, None, live, &before, now, schema);
    }
    managed
}

/// A configuration has to be of the version that is asked for and may not manage fields itself.
fn check(live: Option<&Object>, config: &Object) -> Result<(), Status> {
    if !config.body.is_object() {
        return Err(Status::bad_request("invalid JSON document"));
    }
    let sent = config.pointer("/metadata/managedFields");
    if sent.is_some_and(|sent| !sent.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let version = config.text("/apiVersion");
    match live.map(|live| live.text("/apiVersion")) {
        Some(expected) if expected != version => Err(Status::bad_request(format!(
            "Incorrect version specified in apply patch. Specified patch version: {version}, expected: {expected}"
        ))),
        _ => Ok(()),
    }
}

fn does_not_fit(config: &Object, misfit: &super::typed::Misfit) -> Status {
    Status::bad_request(format!(
        "failed to create typed patch object ({}/{}; {}): {misfit}",
        config.namespace(),
        config.name(),
        config.gvk()
    ))
}

/// Puts back what the API server set.
fn keep_metadata(body: &mut Value, live: &Value) {
    let live = live["metadata"].as_object();
    let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    for field in KEPT_METADATA {
        match live.and_then(|live| live.get(*field)) {
            Some(value) => {
                if metadata.get(*field) != Some(value) {
                    metadata.insert((*field).into(), value.clone());
                }
            }
            None => {
                metadata.shift_remove(*field);
            }
        }
    }
    for field in ["uid", "resourceVersion"] {
        if let (Some(live), None) = (live.and_then(|live| live.get(field)), metadata.get(field)) {
            metadata.insert(field.into(), live.clone());
        }
    }
}

/// What the manager stated last, does not state now, and nobody else owns.
fn unowned(shape: Shape<'_>, last: &Entry, stated: &FieldSet, others: &Managed) -> FieldSet {
    if last.fields == *stated {
        return FieldSet::default();
    }
    let last = with_declared_parents(shape, &last.fields).difference(server_set());
    let mut unowned = last.difference(&with_declared_parents(shape, stated));
    for other in &others.entries {
        if unowned.is_empty() {
            break;
        }
        unowned = unowned.difference(&with_declared_parents(shape, &other.fields));
    }
    unowned
}

/// The fields of other managers that would change, without those that client-side apply explains.
fn contested<'a>(
    others: &'a Managed,
    set: &FieldSet,
    client_side: Option<&Object>,
    shape: Shape<'_>,
) -> Vec<Conflict<'a>> {
    let conflict = |entry: &'a Entry| Conflict {
        entry,
        fields: entry.fields.intersection(set),
    };
    let found: Vec<Conflict<'a>> = others
        .entries
        .iter()
        .map(conflict)
        .filter(|found| !found.fields.is_empty())
        .collect();
    match client_side {
        Some(live) if !found.is_empty() => last_applied_allows(found, live, shape),
        _ => found,
    }
}

/// Whether neither the object nor what the manager owns of it changes.
fn is_unchanged(live: &Object, result: &Object, last: Option<&Entry>, entry: &Entry) -> bool {
    let is_owned_alike = match last {
        Some(last) => last.fields == entry.fields && last.api_version == entry.api_version,
        None => entry.fields.is_empty(),
    };
    is_owned_alike && live == result
}

/// Keeps the annotation of client-side apply true, for those who go back to it.
fn set_last_applied(result: &mut Object, config: &Object) {
    let mut applied = config.body.clone();
    let annotations = applied
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.shift_remove(LAST_APPLIED);
    }
    applied.sort_all_objects();
    result.set_annotation(LAST_APPLIED, &format!("{applied}\n"));
}
