//! The runtime without containers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::Uid;
use async_trait::async_trait;
use client::Env;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::Notify;

use super::state::State;
use crate::build::image::registry;
use crate::config::Simulation;
use crate::pods::spec::between;
use crate::runtime::{
    ContainerConfig, ContainerId, CpuTime, Credentials, Error, ExecEndpoint, ExecOutput,
    ExecRequest, Failure, Image, Listing, Memory, PodRecord, Runtime, RuntimeStatus, SandboxConfig,
    SandboxId, Usage, Version,
};
use crate::usage::NodeUsage;

/// Cheap to clone; all clones are one node.
#[derive(Clone)]
pub struct Simulated {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changes: AtomicU64,
    changed: Notify,
    settings: Simulation,
    env: Env,
}

impl Simulated {
    /// A node whose pods get their addresses from `pod_range`, `10.244.1.0/24`.
    pub fn new(settings: Simulation, pod_range: &str, env: &Env) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State::new(pod_range)),
                changes: AtomicU64::new(0),
                changed: Notify::new(),
                settings,
                env: env.clone(),
            }),
        }
    }

    /// How often something was started, stopped or removed so far.
    pub fn changes(&self) -> u64 {
        self.shared.changes.load(Ordering::SeqCst)
    }

    /// Name and version, as every simulated node tells them.
    pub(crate) fn identity() -> Version {
        Version {
            name: "simulated".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// What its containers use together: the simulated machine does nothing else.
    pub(super) fn node_usage(&self) -> NodeUsage {
        let at = self.shared.env.now();
        let all = self.state().usage(at);
        let cpu = all.iter().filter_map(|it| it.cpu);
        let memory: u64 = all
            .iter()
            .filter_map(|it| it.memory)
            .map(|it| it.working_set)
            .sum();
        let total = u64::try_from(self.shared.settings.memory_bytes).unwrap_or(0);
        NodeUsage {
            cpu: CpuTime {
                at,
                nanoseconds: cpu.map(|it| it.nanoseconds).sum(),
            },
            memory: Memory {
                at,
                working_set: memory,
                usage: Some(memory),
            },
            available: total.saturating_sub(memory),
        }
    }

    /// Waits until the probes of a container would succeed. `false`: they never will.
    pub(super) async fn until_ready(&self, id: &ContainerId) -> bool {
        let Some(at) = self.state().ready_at(id, &self.shared.settings) else {
            return false;
        };
        let now = self.shared.env.now();
        self.shared.env.clock.sleep(between(now, at)).await;
        true
    }

    /// Waits until a container ends by itself.
    async fn next_end(&self) {
        loop {
            let end = self.state().next_end();
            let Some(at) = end else {
                self.shared.changed.notified().await;
                continue;
            };
            let wait = between(self.shared.env.now(), at);
            tokio::select! {
                biased;
                () = self.shared.changed.notified() => {}
                () = self.shared.env.clock.sleep(wait) => {
                    self.state().settle(self.shared.env.now());
                    return;
                }
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let outcome = change(&mut self.state());
        self.shared.changes.fetch_add(1, Ordering::SeqCst);
        self.shared.changed.notify_one();
        outcome
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one call that does not panic half-way.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn id(&self) -> String {
        self.shared.env.ids.uid().replace('-', "")
    }
}

fn refused(operation: &'static str, failure: Failure, message: impl Into<String>) -> Error {
    Error::Call {
        operation,
        failure,
        message: message.into(),
    }
}

#[async_trait]
impl Runtime for Simulated {
    async fn version(&self) -> Result<Version, Error> {
        Ok(Self::identity())
    }

    async fn status(&self) -> Result<RuntimeStatus, Error> {
        Ok(RuntimeStatus {
            runtime_ready: true,
            network_ready: true,
            message: String::new(),
        })
    }

    async fn list(&self) -> Result<Listing, Error> {
        let mut state = self.state();
        state.settle(self.shared.env.now());
        Ok(Listing {
            sandboxes: state.sandboxes().cloned().collect(),
            containers: state.containers().cloned().collect(),
        })
    }

    async fn inspect(&self, pod: &Uid) -> Result<PodRecord, Error> {
        let mut state = self.state();
        state.settle(self.shared.env.now());
        Ok(state.record(pod))
    }

    async fn usage(&self) -> Result<Vec<Usage>, Error> {
        let now = self.shared.env.now();
        let mut state = self.state();
        state.settle(now);
        Ok(state.usage(now))
    }

    async fn run_sandbox(&self, config: &SandboxConfig) -> Result<SandboxId, Error> {
        let id = SandboxId(self.id());
        let now = self.shared.env.now();
        self.change(|state| state.add_sandbox(id.clone(), config, now))
            .ok_or_else(|| {
                let text = "no address is free in the node's pod range";
                refused("run a sandbox", Failure::Refused, text)
            })?;
        Ok(id)
    }

    async fn stop_sandbox(&self, id: &SandboxId) -> Result<(), Error> {
        let now = self.shared.env.now();
        self.change(|state| state.stop_sandbox(id, now));
        Ok(())
    }

    async fn remove_sandbox(&self, id: &SandboxId) -> Result<(), Error> {
        self.change(|state| state.remove_sandbox(id));
        Ok(())
    }

    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        _sandbox_config: &SandboxConfig,
    ) -> Result<ContainerId, Error> {
        let id = ContainerId(self.id());
        let now = self.shared.env.now();
        let settings = &self.shared.settings;
        self.change(|state| state.add_container(id.clone(), sandbox, config, settings, now))
            .ok_or_else(|| refused("create a container", Failure::NotFound, "no such sandbox"))?;
        Ok(id)
    }

    async fn start_container(&self, id: &ContainerId) -> Result<(), Error> {
        self.shared
            .env
            .clock
            .sleep(self.shared.settings.start)
            .await;
        let now = self.shared.env.now();
        if self.change(|state| state.start(id, now)) {
            return Ok(());
        }
        Err(refused(
            "start a container",
            Failure::NotFound,
            "no such container",
        ))
    }

    async fn stop_container(&self, id: &ContainerId, _grace: Duration) -> Result<(), Error> {
        let now = self.shared.env.now();
        self.change(|state| state.stop(id, 0, now));
        Ok(())
    }

    async fn remove_container(&self, id: &ContainerId) -> Result<(), Error> {
        self.change(|state| state.remove(id));
        Ok(())
    }

    async fn reopen_log(&self, _id: &ContainerId) -> Result<(), Error> {
        Ok(())
    }

    async fn exec_sync(
        &self,
        _id: &ContainerId,
        _command: &[String],
        _timeout: Duration,
    ) -> Result<ExecOutput, Error> {
        Ok(ExecOutput::default())
    }

    async fn exec(&self, _id: &ContainerId, _request: &ExecRequest) -> Result<ExecEndpoint, Error> {
        let text = "this node is simulated: its containers have no processes to join";
        Err(refused("exec", Failure::Unsupported, text))
    }

    async fn image(&self, reference: &str) -> Result<Option<Image>, Error> {
        let is_there = self.state().images().contains(reference);
        Ok(is_there.then(|| image(reference)))
    }

    async fn images(&self) -> Result<Vec<Image>, Error> {
        Ok(self
            .state()
            .images()
            .iter()
            .map(|reference| image(reference))
            .collect())
    }

    async fn pull_image(
        &self,
        reference: &str,
        _credentials: Option<&Credentials>,
        _sandbox: &SandboxConfig,
    ) -> Result<(), Error> {
        if registry(reference).ends_with(".invalid") {
            let text = format!("failed to resolve reference \"{reference}\": no such host");
            return Err(refused("pull an image", Failure::NotFound, text));
        }
        self.state().images().insert(reference.to_owned());
        Ok(())
    }

    async fn events(&self) -> Result<BoxStream<'static, ()>, Error> {
        let node = self.clone();
        Ok(futures::stream::unfold(node, |node| async move {
            node.next_end().await;
            Some(((), node))
        })
        .boxed())
    }
}

fn image(reference: &str) -> Image {
    Image {
        id: reference.to_owned(),
        tags: vec![reference.to_owned()],
        ..Image::default()
    }
}
