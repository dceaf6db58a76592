//! One leader at a time, through a `Lease`. Overlap is possible (clocks, lost replies), so what a
//! leader does must be safe, not merely alone.

mod decide;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use api::{Collection, Object, ObjectKey, ResourceVersion};

use crate::informer::report;
use crate::{Client, Env, Error, Target, Tasks, WriteOptions};

use decide::{Intent, Sighting, intent, lease};

/// How long leadership lasts, is renewed and is tried for.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Others wait this long after the last renewal they saw.
    pub duration: Duration,
    /// A leader that could not renew for this long stops. Shorter than `duration`.
    pub deadline: Duration,
    /// Between two tries.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            deadline: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// A candidate for one lease.
pub struct Election {
    client: Arc<dyn Client>,
    env: Env,
    key: ObjectKey,
    identity: String,
    timing: Timing,
}

impl Election {
    /// `identity` must differ between candidates, restarts included.
    pub fn new(
        client: Arc<dyn Client>,
        env: &Env,
        namespace: &str,
        name: &str,
        identity: &str,
        timing: Timing,
    ) -> Self {
        Self {
            client,
            env: env.clone(),
            key: Collection::new("coordination.k8s.io", "leases").key(namespace, name),
            identity: identity.to_owned(),
            timing,
        }
    }

    /// Stands for election until `group` is cancelled. Each time it wins, `lead` starts what a leader does in
    /// a group of tasks that is drained when leadership ends.
    pub async fn run(&self, group: &Tasks, lead: impl Fn(&Tasks) + Send + Sync) {
        let token = group.token();
        let mut sighting = Sighting::default();
        while !token.is_cancelled() {
            match self.attempt(&mut sighting).await {
                Ok(true) => {
                    info!(lease = %self.key, identity = self.identity, "leading");
                    let tasks = group.child();
                    lead(&tasks);
                    self.keep(token, &mut sighting).await;
                    tasks.drain().await;
                    info!(lease = %self.key, identity = self.identity, "no longer leading");
                }
                Ok(false) => {}
                Err(error) => {
                    warn!(lease = %self.key, error = %report(&error), "cannot stand for election");
                }
            }
            self.pause(token).await;
        }
    }

    /// Renews until the lease is lost, the deadline passes or the token is cancelled.
    async fn keep(&self, token: &CancellationToken, sighting: &mut Sighting) {
        let mut renewed = self.env.now();
        loop {
            self.pause(token).await;
            if token.is_cancelled() {
                self.release().await;
                return;
            }
            let left = remaining(renewed, self.timing.deadline, self.env.now());
            let attempt = tokio::select! {
                biased;
                attempt = self.attempt(sighting) => attempt,
                () = self.env.clock.sleep(left) => return,
            };
            match attempt {
                Ok(true) => renewed = self.env.now(),
                Ok(false) => return,
                Err(error) => {
                    warn!(lease = %self.key, error = %report(&error), "cannot renew the lease");
                }
            }
        }
    }

    /// Takes or renews the lease. `false` where another holds it.
    async fn attempt(&self, sighting: &mut Sighting) -> Result<bool, Error> {
        let current = match self.client.get(&self.key).await {
            Ok(lease) => Some(lease),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let now = self.env.now();
        sighting.see(version(current.as_ref()), now);
        let write = match intent(current.as_ref(), &self.identity, sighting, now) {
            Intent::Wait => return Ok(false),
            Intent::Hold {
                transitions,
                acquired,
            } => lease(
                &self.key,
                current,
                &self.identity,
                self.timing.duration,
                transitions,
                acquired,
                now,
            ),
        };
        match self.write(&write).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_conflict() || error.is_already_exists() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn write(&self, lease: &Object) -> Result<(), Error> {
        let options = WriteOptions {
            field_manager: "leader-election".into(),
            ..WriteOptions::default()
        };
        if lease.resource_version().0.is_empty() {
            self.client
                .create(&self.key.collection, lease, &options)
                .await?;
        } else {
            let target = Target::object(self.key.clone());
            self.client.replace(&target, lease, &options).await?;
        }
        Ok(())
    }

    /// Lets the next candidate in at once; failing only makes it wait.
    async fn release(&self) {
        if let Ok(mut lease) = self.client.get(&self.key).await
            && lease.text("/spec/holderIdentity") == self.identity
        {
            lease.body["spec"]["holderIdentity"] = "".into();
            if let Err(error) = self.write(&lease).await {
                warn!(lease = %self.key, error = %report(&error), "cannot release the lease");
            }
        }
    }

    async fn pause(&self, token: &CancellationToken) {
        tokio::select! {
            biased;
            () = token.cancelled() => {}
            () = self.env.clock.sleep(self.timing.retry) => {}
        }
    }
}

fn version(lease: Option<&Object>) -> ResourceVersion {
    lease.map(Object::resource_version).unwrap_or_default()
}

fn remaining(from: Timestamp, limit: Duration, now: Timestamp) -> Duration {
    let passed = Duration::try_from(now.duration_since(from)).unwrap_or(Duration::ZERO);
    limit.saturating_sub(passed)
}
