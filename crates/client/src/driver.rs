//! Runs a controller: observe (its caches), decide (pure), execute (the client), requeue.
//!
//! The read-your-writes barrier takes the place of "expectations": a key is not looked at again
//! before the caches know of what its last run wrote. Deterministic by hand through
//! [`Drive::step`]; no timer but the one of [`Env`].

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::selector::FieldSelector;
use api::{Collection, Revision};
use async_trait::async_trait;
use jiff::Timestamp;
use tracing::{Instrument, debug, info_span, warn};

use crate::informer::report;
use crate::tracked::{Tracked, Written};
use crate::{
    Backoff, Cache, Change, Client, Env, Error, Informers, ListOptions, Listening, Remedy, Tasks,
    WorkQueue,
};

/// The longest a key waits for the caches: longer means that the watch is broken, and running
/// on stale caches is safe (every write carries a precondition), only wasteful.
const BARRIER_LIMIT: Duration = Duration::from_secs(10);
/// Conflicts in a row that are retried at once; later ones back off.
const CONFLICTS_AT_ONCE: u32 = 3;
/// When a key that cannot succeed is looked at again although nothing woke it.
const STALLED_RETRY: Duration = Duration::from_mins(5);

/// Maps a change to the keys it concerns.
pub type Wake<K> = Box<dyn Fn(&Change) -> Vec<K> + Send + Sync>;

/// A cache whose changes wake the controller.
pub struct Watch<K> {
    pub cache: Cache,
    pub wake: Wake<K>,
}

/// What a run asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeue {
    /// Wait for a change.
    Done,
    /// Look again after this long, whatever happens.
    After(Duration),
    /// Look again after the key's back-off: what is missing may come without a change here.
    BackOff,
}

/// What a run may use. Writes through `client` are remembered for the barrier.
pub struct Context<'a> {
    pub client: &'a dyn Client,
    pub env: &'a Env,
    /// The time of this run: one reading for the whole decision.
    pub now: Timestamp,
}

/// Moves one kind of thing toward its spec.
#[async_trait]
pub trait Controller: Send + Sync + 'static {
    type Key: Ord + Clone + Debug + Send + Sync + 'static;

    /// For spans, leases and field managers: `deployment-controller`.
    fn name(&self) -> &'static str;

    /// What wakes it.
    fn watches(&self) -> Vec<Watch<Self::Key>>;

    /// Called once, before anything runs: for what wakes it that comes and goes.
    fn begin(&self, queue: &WorkQueue<Self::Key>) {
        let _ = queue;
    }

    /// Observes one key, decides, executes. Stops at the first failure; the driver knows the
    /// remedy from the error's class.
    async fn reconcile(&self, key: &Self::Key, context: &Context<'_>) -> Result<Requeue, Error>;
}

/// How one run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Later(Duration),
    /// Somebody else wrote first: it runs again.
    Conflict,
    /// It runs again after a back-off.
    Failed(Duration),
    /// It will fail the same way until something changes.
    Stalled,
}

/// A controller with its queue and workers. Cheap to clone.
pub struct Driver<C: Controller> {
    inner: Arc<Inner<C>>,
}

impl<C: Controller> Clone for Driver<C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

struct Inner<C: Controller> {
    controller: C,
    client: Arc<dyn Client>,
    informers: Informers,
    env: Env,
    queue: WorkQueue<C::Key>,
    conflicts: Mutex<BTreeMap<C::Key, u32>>,
    watched: Vec<Cache>,
}

/// A driver of any controller, for whoever starts or steps them all.
#[async_trait]
pub trait Drive: Send + Sync {
    fn name(&self) -> &'static str;

    /// Starts the workers; they end with `tasks`.
    fn start(&self, workers: usize, tasks: &Tasks);

    /// Runs one ready key to its end, barrier apart. `false` where none is ready.
    async fn step(&self) -> bool;

    /// Whether a key is ready now.
    fn is_idle(&self) -> bool;

    /// When the first delayed key is due.
    fn next_due(&self) -> Option<Timestamp>;
}

impl<C: Controller> Driver<C> {
    /// Subscribes to what the controller watches. Nothing runs yet.
    pub fn new(controller: C, client: Arc<dyn Client>, informers: &Informers, env: &Env) -> Self {
        let queue = WorkQueue::new(env, Backoff::KEY);
        controller.begin(&queue);
        let watches = controller.watches();
        let watched = watches.iter().map(|watch| watch.cache.clone()).collect();
        for Watch { cache, wake } in watches {
            // Caches outlive drivers: leadership comes and goes.
            let queue = queue.downgrade();
            cache.observe(Box::new(move |change| {
                let Some(queue) = queue.upgrade() else {
                    return Listening::Over;
                };
                for key in wake(change) {
                    queue.add(key);
                }
                Listening::On
            }));
        }
        Self {
            inner: Arc::new(Inner {
                controller,
                client,
                informers: informers.clone(),
                env: env.clone(),
                queue,
                conflicts: Mutex::default(),
                watched,
            }),
        }
    }

    pub fn queue(&self) -> &WorkQueue<C::Key> {
        &self.inner.queue
    }

    pub fn controller(&self) -> &C {
        &self.inner.controller
    }

    /// Runs `key` once, now, and queues what follows from it. Does not wait for the caches:
    /// answers what was written, for [`Driver::settle`].
    pub async fn run_once(&self, key: &C::Key) -> (Outcome, Vec<Written>) {
        let inner = &*self.inner;
        let tracked = Tracked::new(inner.client.clone());
        let context = Context {
            client: &tracked,
            env: &inner.env,
            now: inner.env.now(),
        };
        let span = info_span!(
            "reconcile",
            controller = inner.controller.name(),
            key = ?key,
            attempt = inner.queue.failures(key) + 1,
        );
        let result = inner
            .controller
            .reconcile(key, &context)
            .instrument(span.clone())
            .await;
        let outcome = span.in_scope(|| self.follow_up(key, result));
        (outcome, tracked.take())
    }

    /// Waits until the caches know of these writes, within a limit.
    pub async fn settle(&self, written: Vec<Written>) {
        let seen = async {
            for written in written {
                self.seen(written).await;
            }
        };
        tokio::select! {
            biased;
            () = seen => {}
            () = self.inner.env.clock.sleep(BARRIER_LIMIT) => {
                warn!(controller = self.inner.controller.name(), "the caches lag behind");
            }
        }
    }

    async fn seen(&self, written: Written) {
        let informers = &self.inner.informers;
        match written {
            Written::Object { key, version } => {
                if let Some(cache) = informers.running_cache(&key.collection) {
                    cache.seen(&key, &version).await;
                }
            }
            Written::Deletion { key, uid } => {
                if let Some(cache) = informers.running_cache(&key.collection) {
                    cache.gone(&key, &uid).await;
                }
            }
            Written::Uncertain(collection) => {
                let Some(cache) = informers.running_cache(&collection) else {
                    return;
                };
                // Whatever was written is part of the newest state: wait for that.
                if let Some(revision) = self.newest(&collection).await {
                    cache.wait_for(revision).await;
                }
            }
        }
    }

    /// The newest revision, asked for until there is an answer: the server that did not answer
    /// the write may not answer this either.
    async fn newest(&self, collection: &Collection) -> Option<Revision> {
        let Inner { client, env, .. } = &*self.inner;
        let options = ListOptions {
            fields: FieldSelector::equals("metadata.name", "-"),
            newest: true,
            ..ListOptions::default()
        };
        let mut failures = 0;
        loop {
            match client.list(collection, &options).await {
                Ok(list) => return list.resource_version.revision(),
                Err(error) => debug!(%error, "cannot ask for the newest revision"),
            }
            failures += 1;
            let pause = Backoff::SERVER.jittered(failures, &*env.ids);
            env.clock.sleep(pause).await;
        }
    }

    fn follow_up(&self, key: &C::Key, result: Result<Requeue, Error>) -> Outcome {
        let inner = &*self.inner;
        let error = match result {
            Ok(Requeue::BackOff) => return Outcome::Failed(inner.queue.fail(key.clone())),
            Ok(requeue) => {
                inner.queue.forget(key);
                self.conflicts().remove(key);
                return match requeue {
                    Requeue::Done | Requeue::BackOff => Outcome::Done,
                    Requeue::After(delay) => {
                        inner.queue.add_after(key.clone(), delay);
                        Outcome::Later(delay)
                    }
                };
            }
            Err(error) => error,
        };
        match error.remedy() {
            Remedy::Conflict if self.count_conflict(key) <= CONFLICTS_AT_ONCE => {
                debug!(%error, "somebody else wrote first");
                inner.queue.add(key.clone());
                Outcome::Conflict
            }
            Remedy::Conflict | Remedy::Transient => {
                let delay = inner.queue.fail(key.clone());
                warn!(error = %report(&error), retry_ms = delay.as_millis(), "reconcile failed");
                Outcome::Failed(delay)
            }
            Remedy::Invalid => {
                warn!(error = %report(&error), "stalled until something changes");
                inner.queue.add_after(key.clone(), STALLED_RETRY);
                Outcome::Stalled
            }
        }
    }

    fn count_conflict(&self, key: &C::Key) -> u32 {
        let mut conflicts = self.conflicts();
        let count = conflicts.entry(key.clone()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    fn conflicts(&self) -> MutexGuard<'_, BTreeMap<C::Key, u32>> {
        self.inner
            .conflicts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(self) {
        for cache in &self.inner.watched {
            cache.synced().await;
        }
        loop {
            let key = self.inner.queue.next().await;
            let (_, written) = self.run_once(&key).await;
            self.settle(written).await;
            self.inner.queue.done(&key);
        }
    }
}

#[async_trait]
impl<C: Controller> Drive for Driver<C> {
    fn name(&self) -> &'static str {
        self.inner.controller.name()
    }

    fn start(&self, workers: usize, tasks: &Tasks) {
        for _ in 0..workers {
            tasks.spawn_until_cancelled(self.clone().work());
        }
    }

    async fn step(&self) -> bool {
        if self.inner.watched.iter().any(|cache| !cache.is_synced()) {
            return false;
        }
        let Some(key) = self.inner.queue.try_next() else {
            return false;
        };
        let (_, written) = self.run_once(&key).await;
        self.settle(written).await;
        self.inner.queue.done(&key);
        true
    }

    fn is_idle(&self) -> bool {
        self.inner.queue.is_empty()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.inner.queue.next_due()
    }
}
