//! Several writes, all or none: one wave of a rollout.
//!
//! Each step is prepared against a view in which the steps before it have happened already, so
//! that a namespace and what lives in it can come in one transaction. The dry run is the same
//! computation without the commit: what it answers is the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Object, ObjectKey, Reason, Status, custom};
use client::{DeleteOptions, Patch, Propagation, Step};

use crate::store::{self, Write};

use super::Registry;
use super::commit::refusal;
use super::context::Context;
use super::intent::{Intent, Tracking};
use super::kinds::{Defined, Kind, Served};
use super::patch::Force;
use super::prepared::{Effect, Prepared};
use super::view::View;

/// More steps than this belong into several waves.
pub const MAX_STEPS: usize = 1000;
const ATTEMPTS: u32 = 5;

impl Registry {
    /// Carries out all steps or none; answers the objects in the order of the steps.
    ///
    /// # Errors
    /// The first failing step's status, with the step's number and object in its message.
    pub async fn transaction(
        &self,
        context: &Context,
        steps: &[Step],
    ) -> Result<Vec<Object>, Status> {
        check(&addressable(&self.kinds(), steps), steps)?;
        let mut attempt = 0;
        loop {
            let (prepared, served) = self.prepare_all(context, steps, attempt)?;
            let (writes, indices) = writes(context, &served, &prepared);
            if context.dry_run || writes.is_empty() {
                return Ok(prepared
                    .into_iter()
                    .map(|prepared| prepared.object)
                    .collect());
            }
            match self.stores.transaction(writes).await {
                Ok(changes) => {
                    let mut objects: Vec<Object> = prepared
                        .into_iter()
                        .map(|prepared| prepared.object)
                        .collect();
                    for (change, index) in changes.iter().zip(&indices) {
                        objects[*index].set_resource_version(&change.revision.into());
                    }
                    if let Some(last) = changes.last() {
                        self.seen(&last.key.collection, last.revision).await?;
                    }
                    return Ok(objects);
                }
                Err((_, error)) if attempt < ATTEMPTS && retryable(&error) => {
                    attempt += 1;
                    self.refresh(&prepared[0].key.collection).await?;
                }
                Err((write, error)) => {
                    let index = indices.get(write).copied().unwrap_or(0);
                    return Err(at_step(index, refusal(&prepared[index], &error)));
                }
            }
        }
    }

    fn prepare_all(
        &self,
        context: &Context,
        steps: &[Step],
        attempt: u32,
    ) -> Result<(Vec<Prepared>, Arc<Served>), Status> {
        let mut view = View::new(&self.hub, self.kinds());
        let mut all = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let prepared = self
                .prepare_step(&view, context, step, attempt)
                .map_err(|status| at_step(index, status))?;
            let gone = matches!(prepared.effect, Effect::Delete { .. });
            if prepared.effect != Effect::Nothing {
                view.put(
                    prepared.key.clone(),
                    (!gone).then(|| prepared.object.clone()),
                );
            }
            all.push(prepared);
        }
        Ok((all, view.kinds))
    }

    fn prepare_step(
        &self,
        view: &View<'_>,
        context: &Context,
        step: &Step,
        attempt: u32,
    ) -> Result<Prepared, Status> {
        match step {
            Step::Apply { object, force, uid } => {
                let (kind, key) = addressed(&view.kinds, object)?;
                if let (Some(uid), Some(current)) = (uid, view.get(&key))
                    && current.object.uid() != *uid
                {
                    return Err(Status::conflict(&key, "the object is another one by now"));
                }
                let force = if *force { Force::Reclaim } else { Force::No };
                let namespace = key.namespace.as_str();
                let intent = Intent {
                    tracking: Tracking::Applied,
                    ..Intent::new(view, context, &kind, namespace, attempt)
                };
                self.prepare_patch(&intent, &key, &Patch::Apply(object.clone()), force)
            }
            Step::Delete { key, uid } => {
                let kind = view.kinds.of(&key.collection);
                let kind = kind.ok_or_else(|| unserved(key))?;
                let Some(current) = view.get(key) else {
                    return Ok(Prepared::unchanged(key.clone(), Object::default()));
                };
                if uid.as_ref().is_some_and(|uid| *uid != current.object.uid()) {
                    // Somebody made a new object of that name: what was to be deleted is gone.
                    return Ok(Prepared::unchanged(key.clone(), Object::default()));
                }
                let options = DeleteOptions {
                    propagation: Some(Propagation::Background),
                    ..DeleteOptions::default()
                };
                self.prepare_delete(view, context, kind, key, &options)
            }
            Step::Restore { object } => self.prepare_restore(view, context, object, attempt),
        }
    }

    /// Puts an object back as it was: replaced where it lives, created anew where it is gone.
    fn prepare_restore(
        &self,
        view: &View<'_>,
        context: &Context,
        object: &Object,
        attempt: u32,
    ) -> Result<Prepared, Status> {
        let (kind, key) = addressed(&view.kinds, object)?;
        let namespace = key.namespace.as_str();
        let intent = Intent {
            tracking: Tracking::Applied,
            ..Intent::new(view, context, &kind, namespace, attempt)
        };
        let mut previous = object.clone();
        previous.metadata_mut().shift_remove("resourceVersion");
        match view.get_as(&kind, &key) {
            Some(current) => self.prepare_update(&intent, &current, previous),
            None => self.prepare_create(&intent, previous),
        }
    }
}

fn check(served: &Served, steps: &[Step]) -> Result<(), Status> {
    if steps.len() > MAX_STEPS {
        let message = format!(
            "a transaction takes at most {MAX_STEPS} steps, this one has {}",
            steps.len()
        );
        return Err(Status::new(Reason::RequestEntityTooLarge, message));
    }
    let mut seen = BTreeSet::new();
    for (index, step) in steps.iter().enumerate() {
        let key = match step {
            Step::Apply { object, .. } | Step::Restore { object } => {
                addressed(served, object).map_err(|s| at_step(index, s))?.1
            }
            Step::Delete { key, .. } => key.clone(),
        };
        if !seen.insert(key.clone()) {
            return Err(at_step(
                index,
                Status::bad_request(format!("{key} is in this transaction twice")),
            ));
        }
    }
    Ok(())
}

/// The key an object in a transaction has: `default` where a namespace is needed and missing.
pub(crate) fn key_of(served: &Served, object: &Object) -> Result<ObjectKey, Status> {
    addressed(served, object).map(|(_, key)| key)
}

/// The kinds that steps may be of: those that are served, and those that they define themselves.
/// Whether these come to be is seen when it is their turn.
pub(crate) fn addressable(served: &Arc<Served>, steps: &[Step]) -> Arc<Served> {
    let mut defined = BTreeMap::new();
    for step in steps {
        if let Step::Apply { object, .. } | Step::Restore { object } = step
            && custom::is_definition(object)
            && !served.defined().contains_key(object.name())
        {
            let made = Arc::new(Defined::of(object));
            defined.insert(object.name().to_owned(), made);
        }
    }
    if defined.is_empty() {
        return served.clone();
    }
    Arc::new(served.with(defined))
}

fn addressed(served: &Served, object: &Object) -> Result<(Arc<Kind>, ObjectKey), Status> {
    let gvk = object.gvk();
    let kind = served.by_kind(&gvk).ok_or_else(|| {
        Status::new(
            Reason::NotFound,
            format!("no resource of kind {gvk} is served"),
        )
    })?;
    if object.name().is_empty() {
        return Err(Status::bad_request(format!(
            "an object of kind {gvk} has no name"
        )));
    }
    let namespace = match (kind.resource.is_namespaced(), object.namespace()) {
        (false, _) => "",
        (true, "") => "default",
        (true, namespace) => namespace,
    };
    Ok((
        kind.clone(),
        kind.resource.collection().key(namespace, object.name()),
    ))
}

fn unserved(key: &ObjectKey) -> Status {
    Status::new(
        Reason::NotFound,
        format!("no resource {} is served", key.collection),
    )
}

fn writes(context: &Context, served: &Served, prepared: &[Prepared]) -> (Vec<Write>, Vec<usize>) {
    prepared
        .iter()
        .enumerate()
        .filter_map(|(index, prepared)| prepared.write(context, served).map(|write| (write, index)))
        .unzip()
}

fn retryable(error: &store::Error) -> bool {
    matches!(
        error,
        store::Error::Conflict { .. }
            | store::Error::NotFound(_)
            | store::Error::AlreadyExists(_)
            | store::Error::Taken(_)
    )
}

fn at_step(index: usize, status: Status) -> Status {
    Status {
        message: format!("step {index}: {}", status.message),
        ..status
    }
}
