//! Tells people what happened to an object (`core/v1` Events). Best effort: recording never blocks
//! and never fails; what does not fit the queue is counted and dropped.

mod form;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::sync::mpsc;
use tracing::debug;

use api::{Collection, Object, ObjectKey};

use crate::informer::report;
use crate::{Client, Env, Error, Patch, PatchOptions, Target, Tasks, WriteOptions};

use form::{Fingerprint, Occurrence, event};

/// Occurrences that wait to be written.
const QUEUE: usize = 1024;
/// Events remembered for counting; the whole memory is dropped when it is full.
const REMEMBERED: usize = 4096;

/// Whether an event is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    Normal,
    Warning,
}

/// Records events for one component. Cheap to clone.
#[derive(Clone)]
pub struct EventRecorder {
    sender: mpsc::Sender<Occurrence>,
    dropped: Arc<AtomicU64>,
    env: Env,
}

impl EventRecorder {
    /// `component` is the event's source, for example `deployment-controller`; `host` may be empty.
    pub fn start(
        client: Arc<dyn Client>,
        env: &Env,
        component: &str,
        host: &str,
        tasks: &Tasks,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writer = Writer {
            client,
            env: env.clone(),
            component: component.to_owned(),
            host: host.to_owned(),
            written: BTreeMap::new(),
        };
        tasks.spawn_until_cancelled(writer.run(receiver));
        Self {
            sender,
            dropped: Arc::default(),
            env: env.clone(),
        }
    }

    /// Notes that something happened to `about`. `reason` is one word in camel case.
    pub fn record(&self, about: &Object, kind: EventType, reason: &str, message: &str) {
        let occurrence = Occurrence::new(about, kind, reason, message, self.env.now());
        if self.sender.try_send(occurrence).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many occurrences did not fit the queue.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

struct Writer {
    client: Arc<dyn Client>,
    env: Env,
    component: String,
    host: String,
    written: BTreeMap<Fingerprint, (ObjectKey, u64)>,
}

impl Writer {
    async fn run(mut self, mut occurrences: mpsc::Receiver<Occurrence>) {
        while let Some(occurrence) = occurrences.recv().await {
            if let Err(error) = self.write(occurrence).await {
                debug!(error = %report(&error), "an event was lost");
            }
        }
    }

    async fn write(&mut self, occurrence: Occurrence) -> Result<(), Error> {
        let fingerprint = occurrence.fingerprint();
        if let Some((key, count)) = self.written.get_mut(&fingerprint) {
            *count += 1;
            let patch = Patch::Merge(json!({
                "count": count, "lastTimestamp": api::time(occurrence.at),
            }));
            let target = Target::object(key.clone());
            match self
                .client
                .patch(&target, &patch, &PatchOptions::default())
                .await
            {
                Err(error) if error.is_not_found() => self.written.remove(&fingerprint),
                answer => return answer.map(|_| ()),
            };
        }
        if self.written.len() >= REMEMBERED {
            self.written.clear();
        }
        let suffix = self.env.ids.suffix(10);
        let event = event(&occurrence, &self.component, &self.host, &suffix);
        let collection = Collection::new("", "events");
        let made = self
            .client
            .create(&collection, &event, &WriteOptions::default())
            .await?;
        self.written.insert(fingerprint, (made.key(&collection), 1));
        Ok(())
    }
}
