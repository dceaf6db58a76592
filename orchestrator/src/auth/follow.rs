//! Keeps the authorizer in step with the watch cache, and looks token bindings up there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use api::{Collection, Object, ObjectKey, Uid};
use client::{Env, Tasks};

use super::Authorizer;
use super::token::Bindings;
use crate::watch::{Delivery, Error, EventKind, Filter, Hub, Start, Subscription};

/// Between attempts to open a watch again.
const PAUSE: Duration = Duration::from_secs(1);

impl Bindings for Hub {
    fn uid(&self, key: &ObjectKey) -> Option<Uid> {
        self.get(key).map(|item| item.uid.clone())
    }
}

/// Tells the authorizer of everything there is, then, in tasks, of every change. When this
/// returns, decisions are complete.
pub async fn follow(
    hub: &Hub,
    authorizer: &Arc<Authorizer>,
    env: &Env,
    tasks: &Tasks,
) -> Result<(), Error> {
    for collection in Authorizer::collections() {
        let mut follower = Follower {
            hub: hub.clone(),
            authorizer: Arc::clone(authorizer),
            collection,
            known: BTreeSet::new(),
        };
        let subscription = follower.start().await?;
        let env = env.clone();
        tasks.spawn_until_cancelled(async move { follower.run(subscription, &env).await });
    }
    Ok(())
}

/// Follows one collection.
struct Follower {
    hub: Hub,
    authorizer: Arc<Authorizer>,
    collection: Collection,
    /// What the authorizer was told of: after a gap the rest is forgotten.
    known: BTreeSet<ObjectKey>,
}

impl Follower {
    /// Takes in everything there is, and forgets what is no longer.
    async fn start(&mut self) -> Result<Subscription, Error> {
        let filter = Filter::default();
        let mut subscription = self
            .hub
            .subscribe(&self.collection, filter, Start::Streamed)?;
        let before = std::mem::take(&mut self.known);
        loop {
            let delivery = subscription.next().await?;
            let is_complete = matches!(
                delivery,
                Delivery::Bookmark {
                    initial_end: true,
                    ..
                }
            );
            self.take(delivery);
            if is_complete {
                break;
            }
        }
        for gone in before.difference(&self.known) {
            self.authorizer.forget(gone);
        }
        Ok(subscription)
    }

    async fn run(&mut self, mut subscription: Subscription, env: &Env) {
        loop {
            let error = match subscription.next().await {
                Ok(delivery) => {
                    self.take(delivery);
                    continue;
                }
                Err(error) => error,
            };
            tracing::warn!(collection = %self.collection, %error, "permissions lost their watch");
            subscription = loop {
                match self.start().await {
                    Ok(subscription) => break subscription,
                    Err(_) => env.clock.sleep(PAUSE).await,
                }
            };
        }
    }

    fn take(&mut self, delivery: Delivery) {
        let Delivery::Event { kind, json, .. } = delivery else {
            return;
        };
        let Ok(object) = serde_json::from_slice::<Object>(&json) else {
            return;
        };
        let key = object.key(&self.collection);
        if kind == EventKind::Deleted {
            self.authorizer.forget(&key);
            self.known.remove(&key);
        } else {
            self.authorizer.observe(&object);
            self.known.insert(key);
        }
    }
}

#[cfg(test)]
mod tests;
