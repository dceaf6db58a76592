//! What an informer knows of one collection. Readers never wait for the server; writers wait for
//! the cache ([`Cache::seen`]) before they trust it again.
//!
//! An observer is told *that* something changed and maps it to keys; decisions read the cache.

mod state;
mod subscription;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use api::{Collection, Object, ObjectKey, ResourceVersion, Revision, Uid};

use state::State;
pub use subscription::Subscription;

/// One object before and after a change; at least one of them is there.
#[derive(Debug, Clone)]
pub struct Change {
    pub key: ObjectKey,
    pub before: Option<Arc<Object>>,
    pub after: Option<Arc<Object>>,
}

impl Change {
    /// The newest state there is: after the change, or the last one before a deletion.
    pub fn object(&self) -> &Object {
        self.after
            .as_deref()
            .or(self.before.as_deref())
            .expect("a change has a before or an after")
    }

    /// Both states, for observers that must wake the old owner as well as the new one.
    pub fn states(&self) -> impl Iterator<Item = &Object> {
        self.before
            .as_deref()
            .into_iter()
            .chain(self.after.as_deref())
    }
}

/// Whether an observer wants to hear of more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    On,
    Over,
}

/// Called for every change, in order, with the cache locked: it must only note what to do.
pub type Observer = Box<dyn Fn(&Change) -> Listening + Send + Sync>;

/// Maps an object to the values it is found under.
pub type IndexKeys = Box<dyn Fn(&Object) -> Vec<String> + Send + Sync>;

/// How far a cache has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// The first list has arrived.
    pub synced: bool,
    pub version: ResourceVersion,
}

/// The objects of one collection. Cheap to clone; all clones are one cache.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    collection: Collection,
    state: Mutex<State>,
    progress: watch::Sender<Progress>,
    ticks: watch::Sender<u64>,
}

impl Cache {
    /// Empty and not synced. Informers fill it; tests may do so with [`Cache::replace`].
    pub fn new(collection: Collection) -> Self {
        Self {
            shared: Arc::new(Shared {
                collection,
                state: Mutex::default(),
                progress: watch::Sender::default(),
                ticks: watch::Sender::default(),
            }),
        }
    }

    pub fn collection(&self) -> &Collection {
        &self.shared.collection
    }

    pub fn get(&self, key: &ObjectKey) -> Option<Arc<Object>> {
        self.state().objects.get(key).cloned()
    }

    /// By namespace (empty for cluster-scoped) and name.
    pub fn find(&self, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.get(&self.shared.collection.key(namespace, name))
    }

    /// Every object, ordered by namespace, then name.
    pub fn all(&self) -> Vec<Arc<Object>> {
        self.state().objects.values().cloned().collect()
    }

    /// The objects of one namespace, ordered by name.
    pub fn in_namespace(&self, namespace: &str) -> Vec<Arc<Object>> {
        let from = self.shared.collection.key(namespace, "");
        self.state()
            .objects
            .range(from..)
            .take_while(|(key, _)| key.namespace == namespace)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// The objects of one namespace whose names begin with `prefix`, ordered by name.
    pub fn with_prefix(&self, namespace: &str, prefix: &str) -> Vec<Arc<Object>> {
        let from = self.shared.collection.key(namespace, prefix);
        self.state()
            .objects
            .range(from..)
            .take_while(|(key, _)| key.namespace == namespace && key.name.starts_with(prefix))
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// The objects with `owner` among their owner references, ordered by key.
    pub fn owned_by(&self, owner: &Uid) -> Vec<Arc<Object>> {
        self.state().owned_by(owner)
    }

    /// The object with this uid.
    pub fn by_uid(&self, uid: &Uid) -> Option<Arc<Object>> {
        self.state().by_uid(uid)
    }

    /// Adds an index and fills it. A name that is already taken keeps its first function.
    pub fn add_index(&self, name: &'static str, keys: IndexKeys) {
        self.state().add_index(name, keys);
    }

    /// The objects an index holds under `value`, ordered by key. Empty for an unknown index.
    pub fn indexed(&self, index: &str, value: &str) -> Vec<Arc<Object>> {
        self.state().indexed(index, value)
    }

    pub fn len(&self) -> usize {
        self.state().objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_synced(&self) -> bool {
        self.shared.progress.borrow().synced
    }

    /// Waits for the first list.
    pub async fn synced(&self) {
        self.until(|progress| progress.synced).await;
    }

    /// The version up to which the cache is complete.
    pub fn version(&self) -> ResourceVersion {
        self.shared.progress.borrow().version.clone()
    }

    /// The same as a number, where the server's versions are numbers.
    pub fn revision(&self) -> Option<Revision> {
        self.shared.progress.borrow().version.revision()
    }

    /// Waits until everything up to `revision` is here. Never returns against a server whose
    /// versions are not numbers; see [`Cache::seen`].
    pub async fn wait_for(&self, revision: Revision) {
        self.until(|progress| progress.version.revision() >= Some(revision))
            .await;
    }

    /// Whether the cache knows of a write that made `key` have `version`: it has come that far,
    /// or (versions being opaque) holds exactly that object.
    pub fn has_seen(&self, key: &ObjectKey, version: &ResourceVersion) -> bool {
        match (self.revision(), version.revision()) {
            (Some(seen), Some(written)) => seen >= written,
            _ => self
                .get(key)
                .is_some_and(|object| object.resource_version() == *version),
        }
    }

    /// Waits for [`Cache::has_seen`].
    pub async fn seen(&self, key: &ObjectKey, version: &ResourceVersion) {
        self.until(|_| self.has_seen(key, version)).await;
    }

    /// Waits until the object with this uid is gone from `key`, or at least being deleted.
    pub async fn gone(&self, key: &ObjectKey, uid: &Uid) {
        self.until(|_| {
            self.get(key)
                .is_none_or(|object| object.uid() != *uid || object.is_deleting())
        })
        .await;
    }

    /// Tells `observer` of every object there is, then of every change.
    pub fn observe(&self, observer: Observer) {
        self.state().observe(observer);
    }

    /// The keys that change from now on, coalesced: a slow reader sees each key once.
    pub fn subscribe(&self) -> Subscription {
        let (subscription, observer) = subscription::subscription();
        self.observe(observer);
        subscription
    }

    /// Moves with every change, for readers that look at everything anyway.
    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.shared.ticks.subscribe()
    }

    /// Swaps the whole content, as one step, and tells observers what is different.
    pub fn replace(&self, items: Vec<Object>, version: ResourceVersion) {
        {
            let mut state = self.state();
            let collection = &self.shared.collection;
            state.replace(items.into_iter().map(|item| (item.key(collection), item)));
        }
        self.advance(version);
    }

    /// Puts in the newest state of one object.
    pub fn upsert(&self, object: Object) {
        let version = object.resource_version();
        self.state()
            .upsert(object.key(&self.shared.collection), object);
        self.advance(version);
    }

    /// Takes out an object; `last` is its last state, with the version of its deletion.
    pub fn remove(&self, last: &Object) {
        self.state().remove(&last.key(&self.shared.collection));
        self.advance(last.resource_version());
    }

    /// Everything up to `version` has been delivered.
    pub fn bookmark(&self, version: ResourceVersion) {
        self.move_to(version);
    }

    fn advance(&self, version: ResourceVersion) {
        self.move_to(version);
        self.shared
            .ticks
            .send_modify(|tick| *tick = tick.wrapping_add(1));
    }

    fn move_to(&self, version: ResourceVersion) {
        self.shared.progress.send_modify(|progress| {
            progress.synced = true;
            progress.version = version;
        });
    }

    async fn until(&self, mut reached: impl FnMut(&Progress) -> bool) {
        let mut progress = self.shared.progress.subscribe();
        loop {
            let now = progress.borrow_and_update().clone();
            if reached(&now) {
                return;
            }
            if progress.changed().await.is_err() {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // An observer that panicked has not left the maps half changed: they are changed first.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
