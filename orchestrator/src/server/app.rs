//! What every handler works with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use client::Tasks;
use tokio_rustls::TlsConnector;

use crate::auth::pki::Pki;
use crate::registry::Registry;

use super::audit::Audit;
use super::discovery::Discovery;
use super::gate::Gate;
use super::metrics::Metrics;
use super::openapi::OpenApi;
use super::told::Told;

pub(crate) struct App {
    pub(crate) registry: Arc<Registry>,
    pub(crate) gate: Gate,
    pub(crate) discovery: Told<Discovery>,
    pub(crate) openapi: OpenApi,
    /// Towards node agents, with the API server's own client certificate.
    pub(crate) node_tls: TlsConnector,
    /// What agents' new certificates are signed with.
    pub(crate) pki: Arc<Pki>,
    pub(crate) metrics: Metrics,
    pub(crate) audit: Audit,
    pub(crate) tasks: Tasks,
    /// Set once the first controllers have caught up.
    pub(crate) ready: Readiness,
}

/// Whether the server may be sent work.
#[derive(Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
