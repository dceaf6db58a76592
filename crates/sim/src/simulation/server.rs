//! The API server of a simulated cluster, as far as it can be up or down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use client::Client;
use orchestrator::registry::{LocalClient, Registry};
use tokio_util::sync::CancellationToken;

/// One life of the API server.
#[derive(Clone)]
pub struct Life {
    pub registry: Arc<Registry>,
    /// Cancelled when it dies: whoever waits for an answer gets none.
    pub end: CancellationToken,
}

impl Life {
    pub fn client(&self, component: &str) -> Arc<dyn Client> {
        Arc::new(LocalClient::new(self.registry.clone(), component))
    }
}

/// Where the API server is found, if it is up.
#[derive(Default)]
pub struct Server {
    life: Mutex<Option<Life>>,
}

impl Server {
    pub fn life(&self) -> Option<Life> {
        self.locked().clone()
    }

    pub fn is_up(&self) -> bool {
        self.locked().is_some()
    }

    pub fn rise(&self, registry: Arc<Registry>) {
        *self.locked() = Some(Life {
            registry,
            end: CancellationToken::new(),
        });
    }

    pub fn fall(&self) {
        if let Some(life) = self.locked().take() {
            life.end.cancel();
        }
    }

    fn locked(&self) -> MutexGuard<'_, Option<Life>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
