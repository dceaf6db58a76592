//! DELETE: marks, waits, removes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use api::{Cause, Object, ObjectKey, Reason, Status};
use client::{DeleteOptions, Propagation};

use super::allocate::{self, Held};
use super::context::{Context, Written};
use super::kinds::{self, Kind};
use super::prepared::{Effect, Prepared};
use super::view::{Current, View};
use super::{Registry, admission};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";
/// `default`, `kube-system` and `kube-public` cannot be deleted in Kubernetes either.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public", "kube-node-lease"];

impl Registry {
    /// Begins or finishes the deletion of the object at `key`.
    pub async fn delete(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Written, Status> {
        self.commit(context, |view, _attempt| {
            self.prepare_delete(view, context, kind, key, options)
        })
        .await
    }

    pub(crate) fn prepare_delete(
        &self,
        view: &View<'_>,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        options: &DeleteOptions,
    ) -> Result<Prepared, Status> {
        let current = view.existing_as(kind, key)?;
        admission::record::admit(context, key)?;
        preconditions(key, options, &current)?;
        if kind.resource.plural == "namespaces" && IMMORTAL.contains(&key.name.as_str()) {
            return Err(Status::new(
                Reason::Forbidden,
                format!(
                    "namespaces \"{}\" is forbidden: this namespace may not be deleted",
                    key.name
                ),
            ));
        }
        if options.grace_period_seconds.is_some_and(|grace| grace < -1) {
            let cause = Cause::invalid(
                "gracePeriodSeconds",
                &json!(options.grace_period_seconds),
                "must be greater than or equal to 0",
            );
            return Err(Status::invalid(
                &kind.resource.group,
                &kind.resource.kind,
                &key.name,
                vec![cause],
            ));
        }
        let grace = (kind.grace)(
            &current.object,
            options
                .grace_period_seconds
                .map(|grace| if grace < 0 { 1 } else { grace }),
        );
        let mut next = current.object.clone();
        let mut finalizers = finalizers(&next, options.propagation.or(default_propagation(kind)));
        if let Some(own) = kind.finalizer.filter(|_| !next.is_deleting())
            && !finalizers.iter().any(|it| it == own)
        {
            finalizers.push(own.to_owned());
        }
        let held = !finalizers.is_empty() || (kind.is_held)(&next);
        let changed = set_finalizers(&mut next, &finalizers);
        if grace == 0 && !held {
            return Ok(prepared(
                kind,
                key,
                next,
                Effect::Delete {
                    expected: current.revision,
                },
            ));
        }
        let marked = mark(kind, &mut next, grace, self.env.now());
        if !changed && !marked {
            return Ok(Prepared::unchanged(key.clone(), current.object));
        }
        Ok(prepared(
            kind,
            key,
            next,
            Effect::Replace {
                expected: current.revision,
            },
        ))
    }
}

fn prepared(kind: &Kind, key: &ObjectKey, object: Object, effect: Effect) -> Prepared {
    let held = match effect {
        Effect::Delete { .. } => Held::default(),
        _ => allocate::held(kind, &object),
    };
    Prepared {
        effect,
        held,
        ..Prepared::unchanged(key.clone(), object)
    }
}

fn preconditions(
    key: &ObjectKey,
    options: &DeleteOptions,
    current: &Current,
) -> Result<(), Status> {
    if let Some(uid) = &options.uid
        && *uid != current.object.uid()
    {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            current.object.uid()
        );
        return Err(Status::conflict(key, &why));
    }
    if let Some(version) = &options.resource_version
        && *version != current.object.resource_version()
    {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {}",
            current.object.resource_version()
        );
        return Err(Status::conflict(key, &why));
    }
    Ok(())
}

/// The finalizers after the request's propagation policy has had its say.
fn finalizers(object: &Object, propagation: Option<Propagation>) -> Vec<String> {
    let mut list: Vec<String> = object.finalizers().map(ToOwned::to_owned).collect();
    let wanted = match propagation {
        None => return list,
        Some(Propagation::Background) => None,
        Some(Propagation::Foreground) => Some(FOREGROUND),
        Some(Propagation::Orphan) => Some(ORPHAN),
    };
    list.retain(|finalizer| finalizer != FOREGROUND && finalizer != ORPHAN);
    list.extend(wanted.map(ToOwned::to_owned));
    list
}

fn set_finalizers(object: &mut Object, finalizers: &[String]) -> bool {
    if object
        .finalizers()
        .eq(finalizers.iter().map(String::as_str))
    {
        return false;
    }
    if finalizers.is_empty() {
        object.metadata_mut().shift_remove("finalizers");
    } else {
        object
            .metadata_mut()
            .insert("finalizers".into(), json!(finalizers));
    }
    true
}

/// What the kind does where the request says nothing. Background needs no finalizer, so that an
/// orphan finalizer put there earlier stays.
fn default_propagation(kind: &Kind) -> Option<Propagation> {
    (kind.propagation == kinds::Propagation::Orphan).then_some(Propagation::Orphan)
}

/// Sets the deletion time, or shortens it. A second request can only shorten the grace period.
fn mark(kind: &Kind, object: &mut Object, grace: i64, now: Timestamp) -> bool {
    let running = object
        .pointer("/metadata/deletionGracePeriodSeconds")
        .and_then(Value::as_i64);
    if object.is_deleting() && running.is_some_and(|running| running <= grace) {
        return false;
    }
    let generation = object.generation();
    let at = now + Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    let metadata = object.metadata_mut();
    metadata.insert("deletionTimestamp".into(), json!(api::time(at)));
    metadata.insert("deletionGracePeriodSeconds".into(), json!(grace));
    metadata.insert("generation".into(), json!(generation + 1));
    (kind.begin_deletion)(object);
    true
}
