//! Changed keys for one reader, each at most once until it is read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use api::ObjectKey;

use super::{Change, Listening, Observer};

/// Ends when it is dropped. Bounded by the number of keys there are.
pub struct Subscription {
    pending: Arc<Pending>,
}

#[derive(Default)]
struct Pending {
    keys: Mutex<BTreeSet<ObjectKey>>,
    wake: Notify,
}

pub(super) fn subscription() -> (Subscription, Observer) {
    let pending = Arc::new(Pending::default());
    let weak: Weak<Pending> = Arc::downgrade(&pending);
    let observer = Box::new(move |change: &Change| {
        let Some(pending) = weak.upgrade() else {
            return Listening::Over;
        };
        pending
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(change.key.clone());
        pending.wake.notify_one();
        Listening::On
    });
    (Subscription { pending }, observer)
}

impl Subscription {
    /// Waits for at least one changed key and takes them all. Safe to cancel.
    pub async fn changed(&self) -> BTreeSet<ObjectKey> {
        loop {
            let keys = self.take();
            if !keys.is_empty() {
                return keys;
            }
            self.pending.wake.notified().await;
        }
    }

    /// Takes what has changed, without waiting.
    pub fn take(&self) -> BTreeSet<ObjectKey> {
        std::mem::take(
            &mut *self
                .pending
                .keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}
