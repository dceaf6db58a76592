//! Keeps the scheduler's state equal to the caches and writes what it decides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::{Collection, ObjectKey};
use async_trait::async_trait;
use client::{Cache, Client, Drive, Env, EventRecorder, Informers, Tasks};
use futures::{StreamExt, stream};
use jiff::Timestamp;

use super::execute::Writer;
use super::inbox::Inbox;
use super::state::{NAME, State};

/// Writes that are under way at once: enough to fill the store's batches.
const CONCURRENT: usize = 64;

/// Binds pods to nodes. Cheap to clone.
///
/// One step looks at what has changed, places a batch of pods and writes what follows; a simulation
/// steps it by hand, [`Drive::start`] runs it until its tasks are drained.
#[derive(Clone)]
pub struct Scheduler {
    shared: Arc<Shared>,
}

struct Shared {
    caches: Vec<Cache>,
    inbox: Inbox,
    state: Mutex<State>,
    writer: Writer,
    env: Env,
    /// One step at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Scheduler {
    /// Follows the caches from now on; nothing is written before the first step.
    pub fn new(
        client: Arc<dyn Client>,
        informers: &Informers,
        env: &Env,
        events: EventRecorder,
    ) -> Self {
        let cache =
            |group: &str, resource: &str| informers.cache(&Collection::new(group, resource));
        let pods = cache("", "pods");
        let volumes = cache("", "persistentvolumes");
        // Nodes come before pods: a pod is then counted on its node at once.
        let caches = vec![
            cache("", "namespaces"),
            cache("", "nodes"),
            cache("", "persistentvolumeclaims"),
            volumes.clone(),
            pods.clone(),
            cache("", "services"),
            cache("storage.k8s.io", "storageclasses"),
        ];
        let inbox = Inbox::default();
        for cache in &caches {
            inbox.follow(cache);
        }
        let writer = Writer {
            client,
            events,
            env: env.clone(),
            pods,
            volumes,
        };
        Self {
            shared: Arc::new(Shared {
                caches,
                inbox,
                state: Mutex::default(),
                writer,
                env: env.clone(),
                turn: tokio::sync::Mutex::default(),
            }),
        }
    }

    fn observe(&self) {
        let shared = &*self.shared;
        let changed = shared.inbox.take();
        let mut state = self.state();
        for key in &changed {
            let cache = shared
                .caches
                .iter()
                .find(|cache| *cache.collection() == key.collection);
            let object = cache.and_then(|cache| cache.get(key));
            state.apply(key, object.as_deref());
        }
        for name in state.take_stale_volumes() {
            let key: ObjectKey = shared.writer.volumes.collection().key("", name);
            let object = shared.writer.volumes.get(&key);
            state.apply(&key, object.as_deref());
        }
    }

    async fn run(self) {
        for cache in &self.shared.caches {
            cache.synced().await;
        }
        loop {
            if self.step().await {
                continue;
            }
            let noted = self.shared.inbox.noted();
            match self.next_due() {
                None => noted.await,
                Some(due) => tokio::select! {
                    biased;
                    () = noted => {}
                    () = self.shared.env.clock.sleep(self.until(due)) => {}
                },
            }
        }
    }

    fn until(&self, due: Timestamp) -> Duration {
        let wait = due.duration_since(self.shared.env.now());
        Duration::try_from(wait).unwrap_or(Duration::ZERO)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Drive for Scheduler {
    fn name(&self) -> &'static str {
        NAME
    }

    /// More than one worker would only take turns.
    fn start(&self, _workers: usize, tasks: &Tasks) {
        tasks.spawn_until_cancelled(self.clone().run());
    }

    async fn step(&self) -> bool {
        let shared = &*self.shared;
        if shared.caches.iter().any(|cache| !cache.is_synced()) {
            return false;
        }
        let _turn = shared.turn.lock().await;
        let had_news = !shared.inbox.is_empty();
        self.observe();
        let work = self.state().plan(shared.env.now());
        let did_work = !work.is_empty();
        let mut endings = stream::iter(work)
            .map(|work| async move {
                let ending = shared.writer.perform(&work).await;
                (work, ending)
            })
            .buffered(CONCURRENT);
        while let Some((work, ending)) = endings.next().await {
            self.state().finish(&work, ending, shared.env.now());
        }
        had_news || did_work
    }

    fn is_idle(&self) -> bool {
        self.shared.inbox.is_empty() && self.state().is_idle()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.state().next_due()
    }
}
