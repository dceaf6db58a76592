//! The state a write is prepared against: the cache, and over it what the same transaction has
//! already prepared.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Collection, Object, ObjectKey, Revision, Status, custom};

use crate::watch::{Filter, Hub, Item};

use super::kinds::{Kind, Served};

/// An object with the revision it was read at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Current {
    pub(crate) object: Object,
    /// Zero for one that only this transaction has made.
    pub(crate) revision: Revision,
}

pub(crate) struct View<'a> {
    hub: &'a Hub,
    /// What is served once the writes so far have happened.
    pub(crate) kinds: Arc<Served>,
    overlay: BTreeMap<ObjectKey, Option<Current>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(hub: &'a Hub, kinds: Arc<Served>) -> Self {
        Self {
            hub,
            kinds,
            overlay: BTreeMap::new(),
        }
    }

    pub(crate) fn get(&self, key: &ObjectKey) -> Option<Current> {
        if let Some(current) = self.overlay.get(key) {
            return current.clone();
        }
        self.hub.get(key).map(|item| current(&item))
    }

    /// As `get`, in the version of the kind.
    pub(crate) fn get_as(&self, kind: &Kind, key: &ObjectKey) -> Option<Current> {
        let mut current = self.get(key)?;
        kind.present(&mut current.object);
        Some(current)
    }

    /// As `get_as`, with 404 where there is none.
    pub(crate) fn existing_as(&self, kind: &Kind, key: &ObjectKey) -> Result<Current, Status> {
        self.get_as(kind, key).ok_or_else(|| Status::not_found(key))
    }

    /// As `get`, with 404 where there is none.
    pub(crate) fn existing(&self, key: &ObjectKey) -> Result<Current, Status> {
        self.get(key).ok_or_else(|| Status::not_found(key))
    }

    /// All objects of a collection, in every namespace.
    pub(crate) fn list(&self, collection: &Collection) -> Vec<Object> {
        let stored = self.hub.list(collection, &Filter::default()).items;
        let kept = stored
            .iter()
            .filter(|item| !self.overlay.contains_key(&item.key))
            .map(|item| item.object());
        let made = self
            .overlay
            .iter()
            .filter(|(key, _)| key.collection == *collection);
        kept.chain(made.filter_map(|(_, current)| Some(current.as_ref()?.object.clone())))
            .collect()
    }

    /// What later steps of the transaction see; `None` is a deletion.
    pub(crate) fn put(&mut self, key: ObjectKey, object: Option<Object>) {
        if key.collection == custom::definitions() {
            let kinds = self.kinds.with_definition(&key.name, object.as_ref());
            self.kinds = Arc::new(kinds);
        }
        self.overlay.insert(
            key,
            object.map(|object| Current {
                object,
                revision: Revision(0),
            }),
        );
    }
}

fn current(item: &Item) -> Current {
    Current {
        object: item.object(),
        revision: item.revision,
    }
}
