//! The machine's side of simulated pods: nothing.

use std::path::Path;
use std::time::Duration;

use api::Uid;
use api::k8s::core::v1 as core;
use async_trait::async_trait;

use super::Simulated;
use crate::host::{Error, Host, MountRequest};
use crate::probes::{Check, HttpCheck, Outcome};
use crate::runtime::{Container, ContainerId, Mount};
use crate::usage::NodeUsage;
use crate::volumes::Plan;

/// Makes nothing; its probes succeed by the clock.
pub struct SimulatedHost {
    node: Simulated,
}

impl SimulatedHost {
    pub fn new(node: Simulated) -> Self {
        Self { node }
    }
}

#[async_trait]
impl Host for SimulatedHost {
    async fn prepare(&self, _pod: &core::Pod, _volumes: &[Plan]) -> Result<(), Error> {
        Ok(())
    }

    async fn refresh(&self, _pod: &core::Pod, _volumes: &[Plan]) -> Result<(), Error> {
        Ok(())
    }

    async fn mounts(
        &self,
        _pod: &core::Pod,
        _container: &core::Container,
        _request: &MountRequest<'_>,
    ) -> Result<Vec<Mount>, Error> {
        Ok(Vec::new())
    }

    async fn last_words(&self, _container: &Container) -> String {
        String::new()
    }

    async fn probe(&self, id: &ContainerId, _check: &Check, _limit: Duration) -> Outcome {
        if self.node.until_ready(id).await {
            Outcome::Success
        } else {
            Outcome::Failure("this container is simulated never to be ready".into())
        }
    }

    async fn call(&self, _check: &HttpCheck, _limit: Duration) -> Result<(), String> {
        Ok(())
    }

    async fn usage(&self) -> Option<NodeUsage> {
        Some(self.node.node_usage())
    }

    async fn memory_peak(&self, _pod: &Uid) -> Option<u64> {
        None
    }

    async fn forget_log(&self, _container: &Container) {}

    async fn release(&self, _pod: &Uid) -> Result<(), Error> {
        Ok(())
    }

    async fn remove_volume(&self, _path: &Path) -> Result<(), Error> {
        Ok(())
    }
}
