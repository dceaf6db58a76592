//! Looks at this node's volumes when one changes, and again while a pod holds one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::local_volume::NODE;
use api::selector::LabelSelector;
use api::{Collection, Object};
use client::{Cache, Error, EventType, Informers, Patch, PatchOptions, Target, WatchOptions};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::decide::{Observed, Verdict, decide};
use crate::pods::Shared;
use crate::report::report;

/// Between two looks at what could not be removed yet.
const RETRY: Duration = Duration::from_secs(5);

pub(crate) struct Reclaimer {
    shared: Arc<Shared>,
    /// The local volumes of this node.
    volumes: Cache,
}

impl Reclaimer {
    pub(crate) fn new(shared: Arc<Shared>, node: &str) -> Self {
        let informers = Informers::new(shared.client.clone(), &shared.env, &shared.tasks);
        let own = WatchOptions {
            labels: LabelSelector::from_map(Some(&json!({NODE: node}))),
            ..WatchOptions::default()
        };
        Self {
            volumes: informers.selected(&Collection::new("", "persistentvolumes"), &own),
            shared,
        }
    }

    /// Until the tasks end.
    pub(crate) async fn run(self) {
        let changes = self.volumes.subscribe();
        self.shared.pods.synced().await;
        self.volumes.synced().await;
        loop {
            if self.look().await {
                tokio::select! {
                    biased;
                    _ = changes.changed() => {}
                    () = self.shared.sleep(RETRY) => {}
                }
            } else {
                changes.changed().await;
            }
        }
    }

    /// Whether there is something to come back to.
    async fn look(&self) -> bool {
        let mut going = self.volumes.all();
        going.retain(|volume| volume.is_deleting());
        if going.is_empty() {
            return false;
        }
        let listing = match self.shared.runtime.list().await {
            Ok(listing) => listing,
            Err(error) => {
                warn!(error = report(&error), "cannot list pods");
                return true;
            }
        };
        // After the listing: a pod that came meanwhile is known.
        let pods = self.shared.pods.all();
        let mut is_unfinished = false;
        for volume in going {
            let observed = Observed {
                volume: &volume,
                pods: &pods,
                listing: &listing,
            };
            is_unfinished |= match decide(&observed) {
                Verdict::Keep => false,
                Verdict::Wait => true,
                Verdict::Remove(path) => !self.remove(&volume, Path::new(&path)).await,
                Verdict::Refuse(why) => {
                    self.complain(&volume, &why);
                    false
                }
            };
        }
        is_unfinished
    }

    /// Whether the directory and the volume are gone.
    async fn remove(&self, volume: &Object, path: &Path) -> bool {
        if let Err(error) = self.shared.host.remove_volume(path).await {
            self.complain(volume, &report(&error));
            return false;
        }
        match self.let_go(volume).await {
            Ok(()) => {
                info!(volume.name = volume.name(), "removed a local volume");
                true
            }
            Err(error) if error.is_not_found() => true,
            Err(error) => {
                warn!(
                    volume.name = volume.name(),
                    error = report(&error),
                    "cannot let go"
                );
                false
            }
        }
    }

    async fn let_go(&self, volume: &Object) -> Result<(), Error> {
        let patch = json!({"metadata": {
            "uid": volume.uid(), "resourceVersion": volume.resource_version(), "finalizers": Value::Null,
        }});
        let target = Target::object(volume.key(self.volumes.collection()));
        let patch = Patch::Merge(patch);
        let options = PatchOptions::default();
        self.shared.client.patch(&target, &patch, &options).await?;
        Ok(())
    }

    fn complain(&self, volume: &Object, why: &str) {
        warn!(
            volume.name = volume.name(),
            error = why,
            "a local volume was not removed"
        );
        let events = &self.shared.events;
        events.record(volume, EventType::Warning, "VolumeFailedDelete", why);
    }
}
