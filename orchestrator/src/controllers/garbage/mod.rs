//! Removes what no owner needs any more, and holds owners until what they own is gone.
//!
//! An owner counts as absent only when the server says so: a cache may lag. Every deletion
//! carries the version its decision was made from, so a new owner saves its object.

mod decide;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use api::{Collection, Object, ObjectKey, OwnerReference, Uid, resource};
use client::{Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch};

use super::action::{Action, execute};

use decide::{Dependent, FOREGROUND, ORPHAN, Observed, OwnerState, decide, hold, orphan};

/// What the collector looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// An object that has owners, or is going and holds something up.
    Object(ObjectKey),
    /// An owner that is gone: whatever it owned is to be looked at.
    Absent(Uid),
}

pub(crate) struct Garbage {
    caches: Vec<Cache>,
    recorder: EventRecorder,
}

impl Garbage {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        Self {
            caches: collections()
                .map(|collection| informers.cache(&collection))
                .collect(),
            recorder,
        }
    }

    fn get(&self, key: &ObjectKey) -> Option<Arc<Object>> {
        self.cache(&key.collection)?.get(key)
    }

    fn cache(&self, collection: &Collection) -> Option<&Cache> {
        self.caches
            .iter()
            .find(|cache| cache.collection() == collection)
    }

    fn dependents(&self, owner: &Uid) -> Vec<Dependent> {
        self.caches
            .iter()
            .flat_map(|cache| {
                cache.owned_by(owner).into_iter().map(|object| Dependent {
                    collection: cache.collection().clone(),
                    object,
                })
            })
            .collect()
    }

    /// The actions for one object that has owners and is not going.
    async fn judge(
        &self,
        dependent: Dependent,
        known: &mut BTreeMap<Uid, OwnerState>,
        context: &Context<'_>,
    ) -> Result<Vec<Action>, Error> {
        if dependent.object.is_deleting() {
            return Ok(Vec::new());
        }
        let mut owners = Vec::new();
        for owner in dependent.object.owner_references() {
            let state = match known.get(&owner.uid) {
                Some(state) => *state,
                None => self.owner_state(&dependent.object, &owner, context).await?,
            };
            known.insert(owner.uid.clone(), state);
            owners.push((owner, state));
        }
        let dependents = self.dependents(&dependent.object.uid());
        Ok(decide(&Observed {
            dependent,
            owners,
            dependents,
        }))
    }

    async fn owner_state(
        &self,
        object: &Object,
        owner: &OwnerReference,
        context: &Context<'_>,
    ) -> Result<OwnerState, Error> {
        let Some(key) = owner_key(object, owner) else {
            // What cannot be looked up cannot be known to be absent.
            return Ok(OwnerState::Present);
        };
        if let Some(cached) = self.get(&key).filter(|cached| cached.uid() == owner.uid) {
            return Ok(OwnerState::of(&cached));
        }
        match context.client.get(&key).await {
            Ok(live) if live.uid() == owner.uid => Ok(OwnerState::of(&live)),
            Ok(_) => Ok(OwnerState::Absent),
            Err(error) if error.is_not_found() => Ok(OwnerState::Absent),
            Err(error) => Err(error),
        }
    }

    async fn visit(&self, key: &ObjectKey, context: &Context<'_>) -> Result<Vec<Action>, Error> {
        let Some(object) = self.get(key) else {
            return Ok(Vec::new());
        };
        let this = Dependent {
            collection: key.collection.clone(),
            object,
        };
        let mut known = BTreeMap::new();
        if !this.object.is_deleting() {
            return self.judge(this, &mut known, context).await;
        }
        let dependents = self.dependents(&this.object.uid());
        if has_finalizer(&this.object, ORPHAN) {
            return Ok(orphan(&this, &dependents));
        }
        if !has_finalizer(&this.object, FOREGROUND) {
            return Ok(Vec::new());
        }
        let (mut actions, blocking) = hold(&this, dependents);
        known.insert(this.object.uid(), OwnerState::Waiting);
        for dependent in blocking {
            actions.extend(self.judge(dependent, &mut known, context).await?);
        }
        Ok(actions)
    }

    async fn bereave(&self, owner: &Uid, context: &Context<'_>) -> Result<Vec<Action>, Error> {
        let mut known = BTreeMap::new();
        let mut actions = Vec::new();
        for dependent in self.dependents(owner) {
            actions.extend(self.judge(dependent, &mut known, context).await?);
        }
        Ok(actions)
    }
}

#[async_trait]
impl Controller for Garbage {
    type Key = Key;

    fn name(&self) -> &'static str {
        "garbage-collector"
    }

    fn watches(&self) -> Vec<Watch<Key>> {
        self.caches
            .iter()
            .map(|cache| Watch {
                cache: cache.clone(),
                wake: Box::new(wake),
            })
            .collect()
    }

    async fn reconcile(&self, key: &Key, context: &Context<'_>) -> Result<Requeue, Error> {
        let actions = match key {
            Key::Object(key) => self.visit(key, context).await?,
            Key::Absent(owner) => self.bereave(owner, context).await?,
        };
        execute(&actions, context, &self.recorder).await?;
        Ok(Requeue::Done)
    }
}

/// Everything that can be listed, watched and deleted. Events own nothing and expire.
fn collections() -> impl Iterator<Item = Collection> {
    let can = |resource: &resource::Resource, verb: &str| resource.verbs.iter().any(|v| v == verb);
    resource::served()
        .iter()
        .filter(move |resource| {
            ["list", "watch", "delete"]
                .iter()
                .all(|verb| can(resource, verb))
                && resource.plural != "events"
        })
        .map(resource::Resource::collection)
}

/// Where an owner is, if its kind is known and its scope fits.
fn owner_key(object: &Object, owner: &OwnerReference) -> Option<ObjectKey> {
    let group = owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    let found = resource::served()
        .iter()
        .find(|resource| resource.group == group && resource.kind == owner.kind)?;
    let namespace = if found.is_namespaced() {
        Some(object.namespace()).filter(|namespace| !namespace.is_empty())?
    } else {
        ""
    };
    Some(found.collection().key(namespace, &owner.name))
}

fn has_finalizer(object: &Object, name: &str) -> bool {
    object.finalizers().any(|finalizer| finalizer == name)
}

/// Changes of a status concern nobody here.
fn wake(change: &Change) -> Vec<Key> {
    let mut keys = Vec::new();
    let Change { key, before, after } = change;
    let owners = |object: &Option<Arc<Object>>| {
        object
            .as_ref()
            .map(|object| object.owner_references())
            .unwrap_or_default()
    };
    let (had, has) = (owners(before), owners(after));
    match (before, after) {
        (Some(before), None) => keys.push(Key::Absent(before.uid())),
        (Some(before), Some(after)) => {
            if before.uid() != after.uid() {
                keys.push(Key::Absent(before.uid()));
            }
            let is_new = had != has || before.uid() != after.uid();
            let is_going = after.is_deleting()
                && (!before.is_deleting() || !before.finalizers().eq(after.finalizers()));
            if is_new || is_going {
                keys.push(Key::Object(key.clone()));
            }
        }
        (None, Some(after)) if !has.is_empty() || after.is_deleting() => {
            keys.push(Key::Object(key.clone()));
        }
        _ => {}
    }
    // An owner may wait for what has just gone or changed its owners.
    if had != has {
        let object = change.object();
        let waiting = had.iter().filter_map(|owner| owner_key(object, owner));
        keys.extend(waiting.map(Key::Object));
    }
    keys
}
