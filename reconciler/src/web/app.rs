//! What the pages are given.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use prometheus_client::registry::Registry;
use tokio::sync::{Semaphore, watch};

use api::{Collection, Object, ObjectKey};
use client::{Client, Env, Informers, Logs, Tasks};

use super::access::Access;
use super::auth::Auth;
use super::auth::oidc::Provider;
use super::backend::{Backend, ServiceBackend};
use super::counts::Counted;
use super::dry_runs::DryRuns;
use super::live::Hub;
use super::past::Past;
use super::pulse::Pulse;
use crate::service::Service;

/// Answers whether the role can do its work.
pub type Ready = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Everything the web pages stand on.
pub struct Deps {
    pub service: Arc<dyn Service>,
    pub client: Arc<dyn Client>,
    pub informers: Informers,
    pub logs: Arc<dyn Logs>,
    pub auth: Arc<Auth>,
    /// Who may do what, of those who sign in.
    pub access: Access,
    /// Where people prove who they are; `None`: with the admin token alone.
    pub provider: Option<Provider>,
    pub ready: Ready,
    pub registry: Arc<Registry>,
    pub settings: Settings,
    pub env: Env,
    pub tasks: Tasks,
}

/// What the operator chose.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The cluster's name, in the side bar.
    pub cluster: String,
    /// Something every page must say, such as that no containers run here. May be empty.
    pub notice: String,
    /// The address to clone the cluster repository from.
    pub clone_url: String,
}

/// Streams that are open at the same time, of pages and of logs.
const STREAMS: usize = 256;

/// The pages' own state.
pub(super) struct App {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) client: Arc<dyn Client>,
    pub(super) informers: Informers,
    pub(super) logs: Arc<dyn Logs>,
    pub(super) auth: Arc<Auth>,
    pub(super) access: Arc<Access>,
    pub(super) provider: Option<Arc<Provider>>,
    pub(super) ready: Ready,
    pub(super) registry: Arc<Registry>,
    pub(super) settings: Settings,
    pub(super) env: Env,
    pub(super) tasks: Tasks,
    pub(super) hub: Hub,
    /// Moves when anything changed that a page may show.
    pub(super) changes: watch::Receiver<u64>,
    /// Whether what is shown of the cluster is old.
    pub(super) pulse: Pulse,
    pub(super) streams: Arc<Semaphore>,
    pub(super) counted: Arc<Counted>,
    /// Repositories and branches that are being planned anew because a page shows them.
    pub(super) planning: Arc<Mutex<BTreeSet<(String, String)>>>,
    pub(super) dry_runs: Arc<DryRuns>,
    /// What there was, where a moment of the past is asked for.
    pub(super) past: Option<Arc<Past>>,
}

impl App {
    pub(super) fn new(deps: Deps, changes: watch::Receiver<u64>, pulse: Pulse) -> Self {
        Self {
            backend: Arc::new(ServiceBackend(deps.service)),
            hub: Hub::new(deps.env.now()),
            streams: Arc::new(Semaphore::new(STREAMS)),
            counted: Arc::default(),
            planning: Arc::default(),
            dry_runs: Arc::new(DryRuns::new(deps.env.clone())),
            past: None,
            changes,
            pulse,
            client: deps.client,
            informers: deps.informers,
            logs: deps.logs,
            auth: deps.auth,
            access: Arc::new(deps.access),
            provider: deps.provider.map(Arc::new),
            ready: deps.ready,
            registry: deps.registry,
            settings: deps.settings,
            env: deps.env,
            tasks: deps.tasks,
        }
    }

    /// The live object, if its collection is followed already.
    pub(super) fn cached(&self, key: &ObjectKey) -> Option<Arc<Object>> {
        match &self.past {
            Some(past) => past.get(key),
            None => self.informers.running_cache(&key.collection)?.get(key),
        }
    }

    /// A collection's objects. Waits a moment for the first list.
    pub(super) async fn all(&self, collection: &Collection) -> Option<Vec<Arc<Object>>> {
        if let Some(past) = &self.past {
            return Some(past.all(collection));
        }
        let cache = self.informers.cache(collection);
        tokio::time::timeout(FIRST_LIST, cache.synced())
            .await
            .ok()?;
        Some(cache.all())
    }
}

/// How long a page waits for an informer that has only just begun.
const FIRST_LIST: Duration = Duration::from_secs(2);
/// A watch that failed is tried again after this.
const RETRY: Duration = Duration::from_secs(5);

/// What pages look at besides the history.
pub(super) fn followed() -> Vec<Collection> {
    vec![
        Collection::new(api::kinds::GROUP, "applications"),
        Collection::new("", "pods"),
        Collection::new("", "nodes"),
        Collection::new("apps", "deployments"),
        Collection::new("apps", "replicasets"),
        Collection::new("batch", "jobs"),
    ]
}

/// Follows the history and the cluster, and moves the answer with every change.
pub(super) fn changes(deps: &Deps, pulse: &Pulse) -> watch::Receiver<u64> {
    let (sender, receiver) = watch::channel(0);
    let sender = Arc::new(sender);
    for collection in followed() {
        let mut ticks = deps.informers.cache(&collection).ticks();
        let sender = sender.clone();
        deps.tasks.spawn_until_cancelled(async move {
            while ticks.changed().await.is_ok() {
                sender.send_modify(|count| *count += 1);
            }
        });
    }
    let (mut used, counter) = (deps.service.used(), sender.clone());
    deps.tasks.spawn_until_cancelled(async move {
        while used.changed().await.is_ok() {
            counter.send_modify(|count| *count += 1);
        }
    });
    let (mut pulse, counter) = (pulse.clone(), sender.clone());
    deps.tasks.spawn_until_cancelled(async move {
        while pulse.changed().await.is_ok() {
            counter.send_modify(|count| *count += 1);
        }
    });
    let (service, clock) = (deps.service.clone(), deps.env.clock.clone());
    deps.tasks.spawn_until_cancelled(async move {
        loop {
            match service.history().newest_step().await {
                Ok(newest) => {
                    let mut feed = service.follow(newest);
                    while let Ok(Some(_)) = feed.next().await {
                        sender.send_modify(|count| *count += 1);
                    }
                }
                Err(error) => tracing::debug!(%error, "cannot follow the history yet"),
            }
            clock.sleep(RETRY).await;
        }
    });
    receiver
}
