//! Picks the store of a collection: events are many, may be lost in a crash and are counted
//! apart; everything else is durable. Revisions of the two are never compared.

use std::sync::Arc;

use api::Collection;
use client::Env;

use super::{Change, Error, MemoryStore, Store, Write};

/// The two stores of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Router {
    pub objects: Arc<dyn Store>,
    /// `events` of the core group and of `events.k8s.io`.
    pub events: Arc<dyn Store>,
}

/// Whether objects of this collection go to the store for events.
pub fn is_event(collection: &Collection) -> bool {
    collection.resource == "events"
        && (collection.group.is_empty() || collection.group == "events.k8s.io")
}

impl Router {
    /// Two stores in memory, for simulations and tests.
    pub fn memory(env: &Env) -> Self {
        Self {
            objects: Arc::new(MemoryStore::new(env.clone())),
            events: Arc::new(MemoryStore::new(env.clone())),
        }
    }

    pub fn of(&self, collection: &Collection) -> &Arc<dyn Store> {
        if is_event(collection) {
            &self.events
        } else {
            &self.objects
        }
    }

    /// [`Store::write`], each write in its own store.
    pub async fn write(&self, writes: Vec<Write>) -> Vec<Result<Arc<Change>, Error>> {
        let is_event_write: Vec<bool> = writes
            .iter()
            .map(|write| is_event(&write.key.collection))
            .collect();
        let (events, objects): (Vec<_>, Vec<_>) = writes
            .into_iter()
            .partition(|write| is_event(&write.key.collection));
        let objects = async {
            if objects.is_empty() {
                Vec::new()
            } else {
                self.objects.write(objects).await
            }
        };
        let events = async {
            if events.is_empty() {
                Vec::new()
            } else {
                self.events.write(events).await
            }
        };
        let (objects, events) = tokio::join!(objects, events);
        let (mut objects, mut events) = (objects.into_iter(), events.into_iter());
        is_event_write
            .into_iter()
            .filter_map(|is_event| {
                if is_event {
                    events.next()
                } else {
                    objects.next()
                }
            })
            .collect()
    }

    /// [`Store::transaction`].
    ///
    /// # Errors
    /// [`Error::Divided`] where events and other objects are mixed.
    pub async fn transaction(
        &self,
        writes: Vec<Write>,
    ) -> Result<Vec<Arc<Change>>, (usize, Error)> {
        let Some(first) = writes.first() else {
            return Ok(Vec::new());
        };
        let events = is_event(&first.key.collection);
        let stray = writes
            .iter()
            .position(|write| is_event(&write.key.collection) != events);
        if let Some(index) = stray {
            return Err((index, Error::Divided(writes[index].key.clone())));
        }
        let store = if events { &self.events } else { &self.objects };
        store.transaction(writes).await
    }
}
