//! Keeps one worker per pod, and wakes it: when its object changes, and when the runtime has
//! something new of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Object, ObjectKey, Uid};
use futures::StreamExt;
use tokio::sync::{Notify, mpsc};
use tracing::{Instrument, info, info_span, warn};

use super::admit::is_over;
use super::shared::Shared;
use super::worker::Worker;
use crate::report::report;
use crate::runtime::{ContainerState, Listing, Runtime, SandboxState};

/// Workers that wait to be taken off the list.
const ENDED: usize = 256;

struct Entry {
    /// `None`: an orphan, found in the runtime.
    key: Option<ObjectKey>,
    wake: Arc<Notify>,
}

/// What the runtime has of one pod, as far as a change of it matters.
type Digest = BTreeMap<String, &'static str>;

/// All pods of this node.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    workers: BTreeMap<Uid, Entry>,
    digests: BTreeMap<Uid, Digest>,
    ended: (mpsc::Sender<Uid>, mpsc::Receiver<Uid>),
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            workers: BTreeMap::new(),
            digests: BTreeMap::new(),
            ended: mpsc::channel(ENDED),
        }
    }

    /// Until the tasks end. Touches nothing before it knows which pods there are to be.
    pub(crate) async fn run(mut self) {
        let changes = self.shared.pods.subscribe();
        self.shared.pods.synced().await;
        // Their addresses are in the environment of every container that starts.
        self.shared.services.synced().await;
        self.keep_room().await;
        for object in self.shared.pods.all() {
            self.wake_pod(&object);
        }
        let hints = hints(&self.shared);
        loop {
            self.relist().await;
            let shared = self.shared.clone();
            let relist = shared.sleep(shared.timing.relist);
            tokio::pin!(relist);
            loop {
                tokio::select! {
                    biased;
                    keys = changes.changed() => {
                        for key in keys {
                            self.pod_changed(&key);
                        }
                    }
                    Some(uid) = self.ended.1.recv() => self.ended(&uid),
                    () = hints.notified() => break,
                    () = &mut relist => break,
                }
            }
        }
    }

    /// Pods that an earlier life of this agent took keep their room, before any other asks.
    async fn keep_room(&self) {
        let listing = loop {
            match self.shared.runtime.list().await {
                Ok(listing) => break listing,
                Err(error) => warn!(error = report(&error), "cannot list pods"),
            }
            self.shared.sleep(self.shared.timing.relist).await;
        };
        let present = digests(&listing);
        let Shared { pods, ledger, .. } = &*self.shared;
        for pod in pods.all() {
            let has_begun = pod.pointer("/status/startTime").is_some();
            if !is_over(&pod) && (has_begun || present.contains_key(&pod.uid())) {
                ledger.keep(&pod);
            }
        }
        let running = listing.containers.iter().filter(|it| it.is_running());
        for container in running.filter(|it| pods.by_uid(&it.pod).is_none()) {
            ledger.meet_stranger(&container.pod);
        }
    }

    fn pod_changed(&mut self, key: &ObjectKey) {
        for entry in self.workers.values() {
            if entry.key.as_ref() == Some(key) {
                entry.wake.notify_one();
            }
        }
        if let Some(object) = self.shared.pods.get(key) {
            self.wake_pod(&object);
        }
    }

    fn wake_pod(&mut self, object: &Object) {
        let key = object.key(self.shared.pods.collection());
        self.wake(object.uid(), Some(key));
    }

    fn wake(&mut self, uid: Uid, key: Option<ObjectKey>) {
        if let Some(entry) = self.workers.get_mut(&uid) {
            entry.key = entry.key.take().or(key);
            entry.wake.notify_one();
            return;
        }
        let wake = Arc::new(Notify::new());
        let worker = Worker::new(self.shared.clone(), uid.clone(), wake.clone());
        let span = if let Some(key) = &key {
            info_span!("pod", object.key = %key)
        } else {
            info_span!("orphan", pod.uid = %uid)
        };
        let (ended, id) = (self.ended.0.clone(), uid.clone());
        self.shared.tasks.spawn_until_cancelled(
            async move {
                worker.run().await;
                // Where nobody listens any more the agent is ending.
                let _ = ended.send(id).await;
            }
            .instrument(span),
        );
        self.workers.insert(uid, Entry { key, wake });
    }

    fn ended(&mut self, uid: &Uid) {
        self.workers.remove(uid);
        if let Some(object) = self.shared.pods.by_uid(uid) {
            self.wake_pod(&object);
        }
    }

    /// Compares what the runtime has with what it had.
    async fn relist(&mut self) {
        let listing = match self.shared.runtime.list().await {
            Ok(listing) => listing,
            Err(error) => {
                warn!(error = report(&error), "cannot list pods");
                return;
            }
        };
        let fresh = digests(&listing);
        let known: BTreeSet<&Uid> = self.digests.keys().chain(fresh.keys()).collect();
        let changed: Vec<Uid> = known
            .into_iter()
            .filter(|uid| self.digests.get(uid) != fresh.get(uid))
            .cloned()
            .collect();
        for uid in changed {
            let object = self.shared.pods.by_uid(&uid);
            if object.is_none() && !self.workers.contains_key(&uid) {
                if !fresh.contains_key(&uid) {
                    continue;
                }
                info!(pod.uid = %uid, "found a pod that is not meant to be here");
            }
            let key = object.map(|object| object.key(self.shared.pods.collection()));
            self.wake(uid, key);
        }
        self.digests = fresh;
    }
}

fn digests(listing: &Listing) -> BTreeMap<Uid, Digest> {
    let mut digests: BTreeMap<Uid, Digest> = BTreeMap::new();
    for sandbox in &listing.sandboxes {
        let state = match sandbox.state {
            SandboxState::Ready => "ready",
            SandboxState::NotReady => "not ready",
        };
        let digest = digests.entry(sandbox.pod.clone()).or_default();
        digest.insert(sandbox.id.0.clone(), state);
    }
    for container in &listing.containers {
        let state = match container.state {
            ContainerState::Created => "created",
            ContainerState::Running { .. } => "running",
            ContainerState::Exited { .. } => "exited",
            ContainerState::Unknown => "unknown",
        };
        let digest = digests.entry(container.pod.clone()).or_default();
        digest.insert(container.id.0.clone(), state);
    }
    digests
}

/// Notified when the runtime says that something happened, where it says so. The relist is the
/// guarantee; this only makes it sooner.
fn hints(shared: &Arc<Shared>) -> Arc<Notify> {
    let wake = Arc::new(Notify::new());
    let (hint, runtime, clock) = (
        wake.clone(),
        shared.runtime.clone(),
        shared.env.clock.clone(),
    );
    let pause = shared.timing.relist * 10;
    shared.tasks.spawn_until_cancelled(async move {
        loop {
            if !follow(&*runtime, &hint).await {
                return;
            }
            clock.sleep(pause).await;
        }
    });
    wake
}

/// Answers whether it is worth asking again.
async fn follow(runtime: &dyn Runtime, hint: &Notify) -> bool {
    match runtime.events().await {
        Ok(mut events) => {
            while let Some(()) = events.next().await {
                hint.notify_one();
            }
            true
        }
        Err(error) if error.failure() == crate::runtime::Failure::Unsupported => {
            info!("the container runtime tells of no events; relying on lists");
            false
        }
        Err(_) => true,
    }
}
