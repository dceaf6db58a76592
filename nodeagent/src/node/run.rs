//! Registers the node, renews its lease and reports how it is.

use std::path::PathBuf;
use std::sync::Arc;

use api::{Collection, Object, ObjectKey};
use client::{Client, Env, Error, Patch, PatchOptions, Target, WriteOptions};
use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::{info, warn};

use super::facts::{Pressure, pressure};
use super::object::{Description, essence, registration, status};
use super::{labels, lease};
use crate::config::Timing;
use crate::pods::spec::later;
use crate::report::report;
use crate::runtime::{Runtime, RuntimeStatus};

/// Speaks for one node.
pub(crate) struct Reporter {
    pub client: Arc<dyn Client>,
    pub runtime: Arc<dyn Runtime>,
    pub env: Env,
    pub description: Description,
    pub data_dir: PathBuf,
    pub timing: Timing,
}

/// What was said last, and when.
#[derive(Default)]
struct Said {
    essence: Value,
    at: Option<Timestamp>,
}

impl Reporter {
    /// Until the caller drops it. An API server that is away is waited for.
    pub(crate) async fn run(self) {
        let mut said = Said::default();
        let mut next_lease = self.env.now();
        let mut node: Option<Object> = None;
        loop {
            let now = self.env.now();
            let outcome = self.turn(&mut node, &mut said, &mut next_lease, now).await;
            if let Err(error) = outcome {
                warn!(error = report(&error), "cannot report the node");
                node = None;
            }
            let pause = self.timing.node_check.min(self.timing.lease_renewal);
            // Before the first report nothing is scheduled here: do not let it wait.
            let pause = if node.is_some() { pause } else { pause / 5 };
            self.env.clock.sleep(pause).await;
        }
    }

    async fn turn(
        &self,
        node: &mut Option<Object>,
        said: &mut Said,
        next_lease: &mut Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let known = if let Some(known) = node.take() {
            known
        } else {
            *said = Said::default();
            self.register().await?
        };
        if now >= *next_lease {
            lease::renew(&self.client, &self.env, &known).await?;
            *next_lease = later(now, self.timing.lease_renewal);
        }
        *node = Some(self.tell(known, said, now).await?);
        Ok(())
    }

    fn key(&self) -> ObjectKey {
        Collection::new("", "nodes").key("", &self.description.node.name)
    }

    /// Finds the node's object or makes it; its labels and range are as configured afterwards.
    async fn register(&self) -> Result<Object, Error> {
        let wanted = registration(&self.description);
        let key = self.key();
        match self.client.get(&key).await {
            Ok(_) => {
                let patch = Patch::Merge(json!({
                    "metadata": {"labels": labels(&self.description)},
                    "spec": wanted.body["spec"],
                }));
                let options = PatchOptions::default();
                self.client
                    .patch(&Target::object(key), &patch, &options)
                    .await
            }
            Err(error) if error.is_not_found() => {
                info!(
                    node.name = self.description.node.name,
                    "registering the node"
                );
                let options = WriteOptions::default();
                self.client.create(&key.collection, &wanted, &options).await
            }
            Err(error) => Err(error),
        }
    }

    /// Sends the status if it is news, or if the last one is old.
    async fn tell(&self, node: Object, said: &mut Said, now: Timestamp) -> Result<Object, Error> {
        let runtime = self
            .runtime
            .status()
            .await
            .unwrap_or_else(|error| RuntimeStatus {
                message: report(&error),
                ..RuntimeStatus::default()
            });
        let images = self.runtime.images().await.unwrap_or_default();
        let pressure = self.pressure().await;
        let status = status(&self.description, &runtime, &pressure, &images, &node, now);
        let essence = essence(&status);
        let is_recent = said
            .at
            .is_some_and(|at| later(at, self.timing.node_report) > now);
        if is_recent && essence == said.essence {
            return Ok(node);
        }
        let patch = Patch::Strategic(json!({"status": status}));
        let target = Target::status(self.key());
        let answer = self
            .client
            .patch(&target, &patch, &PatchOptions::default())
            .await?;
        *said = Said {
            essence,
            at: Some(now),
        };
        Ok(answer)
    }

    async fn pressure(&self) -> Pressure {
        if self.description.is_simulated {
            let capacity = self.description.capacity;
            return Pressure {
                memory_available: capacity.memory_bytes,
                storage_available: capacity.storage_bytes,
                storage_total: capacity.storage_bytes,
                processes: 0,
                processes_most: 32_768,
            };
        }
        pressure(&self.data_dir).await
    }
}
