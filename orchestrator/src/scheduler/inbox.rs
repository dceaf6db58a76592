//! Keys that have changed since the scheduler last looked, each once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::ObjectKey;
use client::{Cache, Listening};
use tokio::sync::Notify;

/// Bounded by the number of objects there are. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Inbox {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    keys: Mutex<BTreeSet<ObjectKey>>,
    wake: Notify,
}

impl Inbox {
    /// Notes every change of `cache` from now on, and everything that is in it already.
    pub(super) fn follow(&self, cache: &Cache) {
        // Caches outlive schedulers: leadership comes and goes.
        let inbox = Arc::downgrade(&self.shared);
        cache.observe(Box::new(move |change| {
            let Some(shared) = inbox.upgrade() else {
                return Listening::Over;
            };
            Inbox { shared }.note(change.key.clone());
            Listening::On
        }));
    }

    pub(super) fn note(&self, key: ObjectKey) {
        self.keys().insert(key);
        self.shared.wake.notify_one();
    }

    pub(super) fn take(&self) -> BTreeSet<ObjectKey> {
        std::mem::take(&mut *self.keys())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys().is_empty()
    }

    /// Waits for a note since the last wait.
    pub(super) async fn noted(&self) {
        self.shared.wake.notified().await;
    }

    fn keys(&self) -> MutexGuard<'_, BTreeSet<ObjectKey>> {
        self.shared
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
