//! What the API server reads from.

use std::sync::Arc;

use api::{Collection, ObjectKey, Revision};
use client::{Env, Tasks};

use super::lane::Lane;
use super::{Error, FieldGetter, Filter, Item, Listing, Start, Subscription};
use crate::store::{self, Router, is_event};

/// The in-memory cache of the whole cluster, and its watches. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    objects: Arc<Lane>,
    events: Arc<Lane>,
}

impl Hub {
    /// Reads everything once, then follows both stores in a task each.
    pub async fn start(
        stores: &Router,
        fields: FieldGetter,
        env: &Env,
        tasks: &Tasks,
    ) -> Result<Self, store::Error> {
        let lane = |store: &Arc<dyn store::Store>| {
            Lane::start(Arc::clone(store), Arc::clone(&fields), env.clone(), tasks)
        };
        let (objects, events) = tokio::try_join!(lane(&stores.objects), lane(&stores.events))?;
        Ok(Self { objects, events })
    }

    pub fn get(&self, key: &ObjectKey) -> Option<Arc<Item>> {
        self.lane(&key.collection).read().get(key)
    }

    pub fn list(&self, collection: &Collection, filter: &Filter) -> Listing {
        let lane = self.lane(collection);
        lane.read().list(collection, filter, &lane.fields)
    }

    /// How far the cache has read. Events are counted apart from everything else, so a revision
    /// means something only together with its collection.
    pub fn revision(&self, collection: &Collection) -> Revision {
        self.lane(collection).read().position
    }

    /// When something of a collection changed last; `None` where there never was anything.
    pub fn changed(&self, collection: &Collection) -> Option<Revision> {
        self.lane(collection).read().changed(collection)
    }

    /// Tells of every change of a collection, and when everything was read anew.
    pub fn moves(&self, collection: &Collection) -> tokio::sync::watch::Receiver<Revision> {
        self.lane(collection).write().shelf(collection).moved()
    }

    /// Waits until the cache holds a revision.
    ///
    /// # Errors
    /// [`Error::NotYet`] after three seconds.
    pub async fn at_least(&self, collection: &Collection, revision: Revision) -> Result<(), Error> {
        self.lane(collection).at_least(revision).await
    }

    /// Brings the cache up to everything committed before this call, by anyone. Concurrent calls
    /// share one read of the store's counter.
    pub async fn newest(&self, collection: &Collection) -> Result<Revision, Error> {
        self.lane(collection).newest().await
    }

    /// Opens a watch.
    ///
    /// # Errors
    /// [`Error::Expired`] where `start` is a revision of an earlier epoch.
    pub fn subscribe(
        &self,
        collection: &Collection,
        filter: Filter,
        start: Start,
    ) -> Result<Subscription, Error> {
        Subscription::open(
            Arc::clone(self.lane(collection)),
            collection.clone(),
            filter,
            start,
        )
    }

    fn lane(&self, collection: &Collection) -> &Arc<Lane> {
        if is_event(collection) {
            &self.events
        } else {
            &self.objects
        }
    }
}
