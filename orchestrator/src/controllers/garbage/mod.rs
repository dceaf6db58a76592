//! Removes what no owner needs any more, and holds owners until what they own is gone.
//!
//! An owner counts as absent only when the server says so: a cache may lag. Every deletion
//! carries the version its decision was made from, so a new owner saves its object.

mod custom;
mod decide;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use api::{Collection, Object, ObjectKey, OwnerReference, Scope, Uid, resource};
use client::{
    Cache, Change, Context, Controller, Error, EventRecorder, Informers, Requeue, Watch, WorkQueue,
};

use super::action::{Action, execute};

use custom::Followed;
use decide::{Dependent, FOREGROUND, ORPHAN, Observed, OwnerState, decide, hold, orphan};

/// What the collector looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// An object that has owners, or is going and holds something up.
    Object(ObjectKey),
    /// An owner that is gone: whatever it owned is to be looked at.
    Absent(Uid),
    /// There are other custom kinds than before.
    Kinds,
}

/// Where owners of a custom kind are: by their group and what refers to them.
type Custom<'a> = &'a dyn Fn(&str, &OwnerReference) -> Option<(Collection, Scope)>;

pub(crate) struct Garbage {
    caches: Vec<Cache>,
    definitions: Cache,
    custom: Followed,
    recorder: EventRecorder,
}

impl Garbage {
    pub(crate) fn new(informers: &Informers, recorder: EventRecorder) -> Self {
        Self {
            caches: collections()
                .map(|collection| informers.cache(&collection))
                .collect(),
            definitions: custom::definitions(informers),
            custom: Followed::new(informers),
            recorder,
        }
    }

    fn get(&self, key: &ObjectKey) -> Option<Arc<Object>> {
        self.cache(&key.collection)?.get(key)
    }

    fn cache(&self, collection: &Collection) -> Option<Cache> {
        self.all_caches()
            .find(|cache| cache.collection() == collection)
    }

    fn all_caches(&self) -> impl Iterator<Item = Cache> {
        let custom = self.custom.caches();
        self.caches.iter().cloned().chain(custom)
    }

    fn dependents(&self, owner: &Uid) -> Vec<Dependent> {
        self.all_caches()
            .flat_map(|cache| {
                cache
                    .owned_by(owner)
                    .into_iter()
                    .map(move |object| Dependent {
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
        let Some(key) = owner_key(
            &|group, owner| self.custom.find(group, owner),
            object,
            owner,
        ) else {
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
        let watch = |cache: &Cache| {
            let (custom, collection) = (self.custom.clone(), cache.collection().clone());
            let wake = move |change: &Change| {
                let mut keys = wake(&|group, owner| custom.find(group, owner), change);
                if collection == api::custom::definitions() {
                    keys.push(Key::Kinds);
                }
                keys
            };
            Watch {
                cache: cache.clone(),
                wake: Box::new(wake),
            }
        };
        self.caches.iter().map(watch).collect()
    }

    fn begin(&self, queue: &WorkQueue<Key>) {
        self.custom.begin(queue.downgrade());
    }

    async fn reconcile(&self, key: &Key, context: &Context<'_>) -> Result<Requeue, Error> {
        self.custom.keep(&self.definitions.all(), context.env).await;
        let actions = match key {
            Key::Object(key) => self.visit(key, context).await?,
            Key::Absent(owner) => self.bereave(owner, context).await?,
            Key::Kinds => Vec::new(),
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
fn owner_key(custom: Custom<'_>, object: &Object, owner: &OwnerReference) -> Option<ObjectKey> {
    let group = owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    let built_in = resource::served()
        .iter()
        .find(|resource| resource.group == group && resource.kind == owner.kind)
        .map(|found| (found.collection(), found.scope));
    let (collection, scope) = built_in.or_else(|| custom(group, owner))?;
    let namespace = match scope {
        Scope::Namespaced => Some(object.namespace()).filter(|namespace| !namespace.is_empty())?,
        Scope::Cluster => "",
    };
    Some(collection.key(namespace, &owner.name))
}

fn has_finalizer(object: &Object, name: &str) -> bool {
    object.finalizers().any(|finalizer| finalizer == name)
}

/// Changes of a status concern nobody here.
fn wake(custom: Custom<'_>, change: &Change) -> Vec<Key> {
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
        let waiting = had
            .iter()
            .filter_map(|owner| owner_key(custom, object, owner));
        keys.extend(waiting.map(Key::Object));
    }
    keys
}
