//! The orchestrator as one service: store, cache, permissions, API server, controllers.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use client::{Client, Drive, Election, Env, EventRecorder, Informers, Tasks, Timing};

use crate::auth::authenticate::{Authenticator, StaticTokens};
use crate::auth::pki::{Holder, Pki, ServingNames};
use crate::auth::rbac;
use crate::auth::token::{self, Keys, Tokens};
use crate::auth::{self, Authorizer, Identity, MASTERS, kubeconfig};
use crate::controllers;
use crate::registry::kinds::Served;
use crate::registry::{LocalClient, Pools, Registry, field_getter};
use crate::scheduler::Scheduler;
use crate::server::discovery::Discovery;
use crate::server::openapi::{Makers, OpenApi};
use crate::server::{self, App, Gate, Readiness};
use crate::store::{Retention, Router};
use crate::watch::Hub;

/// Everything the orchestrator must be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Keys and certificates of the instance; made where missing.
    pub pki: PathBuf,
    /// Written at start, for the owner's eyes alone: full rights on the cluster.
    pub admin_kubeconfig: PathBuf,
    /// Where the API listens, TLS. Port 0 picks a free one.
    pub listen: Vec<SocketAddr>,
    /// Where pods and nodes reach the API server: what the `kubernetes` Service points at.
    pub advertise: SocketAddr,
    /// What the serving certificate answers to, besides the usual names.
    pub names: Vec<String>,
    pub addresses: Vec<IpAddr>,
    pub pools: Pools,
    /// `cluster.local`
    pub cluster_domain: String,
    /// Issuer of service-account tokens: an address under which the API server is reached.
    pub issuer: String,
    /// A bearer token with all rights; empty for none.
    pub admin_token: String,
    /// A node without a sign of life for this long counts as unreachable.
    pub node_grace: Duration,
    /// How far the log of changes reaches back.
    pub history: Retention,
    /// Where nodes keep volumes of the class `local`: an absolute path, the same on each.
    pub local_volumes: String,
}

/// Why the orchestrator could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the store could not be read")]
    Store(#[from] crate::store::Error),
    #[error("keys and certificates could not be prepared")]
    Tls(#[from] tls::Error),
    #[error("the service-account key could not be read")]
    Token(#[from] token::Error),
    #[error("the API server's client certificate is unusable")]
    ClientCertificate(#[from] rustls::Error),
    #[error("the API server's client certificate cannot be parsed")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("the cluster's first objects could not be written")]
    Bootstrap(#[from] client::Error),
    #[error("permissions could not be read")]
    Permissions(#[from] crate::watch::Error),
}

/// A running orchestrator.
pub struct Orchestrator {
    pub registry: Arc<Registry>,
    /// Where the API listens, with the ports that were picked.
    pub addresses: Vec<SocketAddr>,
    pub ready: Readiness,
}

impl Orchestrator {
    /// Starts everything; it runs until the tasks are cancelled.
    pub async fn start(
        config: Config,
        stores: Router,
        env: Env,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let log = stores.clone();
        let hub = Hub::start(&stores, field_getter(), &env, tasks).await?;
        let authorizer = Arc::new(Authorizer::default());
        let registry = Arc::new(Registry::new(
            stores,
            hub.clone(),
            Arc::clone(&authorizer),
            env.clone(),
            config.pools.clone(),
        ));
        let bootstrap = LocalClient::new(Arc::clone(&registry), "bootstrap");
        rbac::install(&bootstrap).await?;
        controllers::install_local_class(&bootstrap).await?;
        auth::follow(&hub, &authorizer, &env, tasks).await?;
        let pki = Arc::new(Pki::open(&config.pki, env.now())?);
        let ready = Readiness::default();
        let metrics = server::Metrics::default();
        let lost = metrics.unaudited();
        let audit = server::Audit::start(Arc::clone(&log.objects), lost, &env, tasks);
        let app = Arc::new(App {
            registry: Arc::clone(&registry),
            gate: gate(&config, &pki, &hub, authorizer)?,
            discovery: server::Told::new(|served| Discovery::new(served.resources())),
            openapi: openapi(),
            node_tls: node_tls(&pki, &env)?,
            pki: Arc::clone(&pki),
            metrics,
            audit,
            tasks: tasks.clone(),
            ready: ready.clone(),
        });
        let names = ServingNames {
            cluster_domain: config.cluster_domain.clone(),
            service_address: config.pools.first_address().into(),
            names: config.names.clone(),
            addresses: config.addresses.clone(),
        };
        let admin = pki.client(Holder::Admin, env.now())?;
        let authority = pki.authority_pem().to_owned();
        let router = server::router(app);
        let limits = tls::Limits::default();
        let addresses = server::tls::listen(
            &config.listen,
            router,
            pki,
            names,
            &limits,
            env.clone(),
            tasks,
        )
        .await?;
        let first = addresses
            .first()
            .copied()
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 6443)));
        let text = kubeconfig::kubeconfig(&format!("https://{first}"), &authority, "admin", &admin);
        kubeconfig::write(&config.admin_kubeconfig, &text)?;
        let client = |component: &str| -> Arc<dyn Client> {
            Arc::new(LocalClient::new(Arc::clone(&registry), component))
        };
        let manage = management(controllers(&config, authority, first), client, &env);
        let keep = housekeeping(log, config.history, &registry);
        lead(client("leader-election"), &env, tasks, move |tasks| {
            manage(tasks);
            keep(tasks);
        });
        ready.set();
        Ok(Self {
            registry,
            addresses,
            ready,
        })
    }

    /// The client seam without a wire.
    pub fn client(&self, component: &str) -> LocalClient {
        LocalClient::new(Arc::clone(&self.registry), component)
    }
}

/// One orchestrator of several runs controllers and scheduler. A crashed leader is followed within
/// seconds: what it left half done is done again from observation.
const LEADERSHIP: Timing = Timing {
    duration: Duration::from_secs(6),
    deadline: Duration::from_secs(4),
    retry: Duration::from_secs(1),
};

/// What controllers are told. `listening` is where this API server really listens.
fn controllers(config: &Config, authority: String, listening: SocketAddr) -> controllers::Config {
    let mut server = config.advertise;
    if server.port() == 0 {
        server.set_port(listening.port());
    }
    controllers::Config {
        authority,
        service_address: config.pools.first_address().into(),
        servers: vec![server],
        node_grace: config.node_grace,
        local_volumes: config.local_volumes.clone(),
    }
}

/// Stands for the leadership of controllers and scheduler, and runs them while it has it.
/// `client` makes the client of one component.
pub fn control(
    config: controllers::Config,
    client: impl Fn(&str) -> Arc<dyn Client>,
    env: &Env,
    tasks: &Tasks,
) {
    let elector = client("leader-election");
    lead(elector, env, tasks, management(config, client, env));
}

/// Stands for leadership, and starts what a leader does each time it has it.
fn lead(
    elector: Arc<dyn Client>,
    env: &Env,
    tasks: &Tasks,
    start: impl Fn(&Tasks) + Send + Sync + 'static,
) {
    let (env, group) = (env.clone(), tasks.clone());
    let identity = format!("orchestrator-{}", env.ids.suffix(10));
    tasks.spawn(async move {
        let election = Election::new(
            elector,
            &env,
            "kube-system",
            "kedge-controllers",
            &identity,
            LEADERSHIP,
        );
        election.run(&group, start).await;
    });
}

/// Starts controllers and scheduler.
fn management(
    config: controllers::Config,
    client: impl Fn(&str) -> Arc<dyn Client>,
    env: &Env,
) -> impl Fn(&Tasks) + Send + Sync + 'static {
    let (manager, scheduler) = (client("controller-manager"), client("scheduler"));
    let env = env.clone();
    move |tasks| {
        let informers = Informers::new(Arc::clone(&manager), &env, tasks);
        controllers::start(&config, &manager, &informers, &env, tasks);
        let events =
            EventRecorder::start(Arc::clone(&scheduler), &env, "default-scheduler", "", tasks);
        Scheduler::new(Arc::clone(&scheduler), &informers, &env, events).start(1, tasks);
    }
}

/// Starts what keeps the store from growing for ever.
fn housekeeping(
    stores: Router,
    history: Retention,
    registry: &Arc<Registry>,
) -> impl Fn(&Tasks) + Send + Sync + 'static {
    let registry = Arc::clone(registry);
    move |tasks| {
        stores.retain(history, registry.env(), tasks);
        tasks.spawn_until_cancelled(Arc::clone(&registry).forget_events());
    }
}

/// The documents that kubectl validates and explains with.
fn openapi() -> OpenApi {
    OpenApi::new(Makers {
        v2: second,
        v2_protobuf: |served| api::openapi::v2_protobuf(&second(served)),
        v3: || Box::new(api::openapi::v3(&server::version::git_version())),
        v3_custom: |served| {
            let version = server::version::git_version();
            let custom = api::openapi::v3_custom(&version, definitions(served));
            Box::new(custom.into_iter())
        },
    })
}

fn second(served: &Served) -> serde_json::Value {
    api::openapi::v2(&server::version::git_version(), definitions(served))
}

fn definitions(served: &Served) -> impl Iterator<Item = &api::custom::Definition> {
    let defined = served.defined().values();
    defined.map(|defined| &*defined.definition)
}

fn gate(config: &Config, pki: &Pki, hub: &Hub, authorizer: Arc<Authorizer>) -> Result<Gate, Error> {
    let keys = Keys::from_pem(pki.service_account_key_pem())?;
    let tokens = Tokens::new(keys, config.issuer.clone(), Arc::new(hub.clone()));
    let mut fixed = StaticTokens::default();
    fixed.add(
        &config.admin_token,
        Identity::authenticated("admin", &[MASTERS]),
    );
    Ok(Gate {
        authenticator: Authenticator::new(Arc::new(tokens), fixed).refusing(Arc::new(hub.clone())),
        authorizer,
    })
}

/// How the API server calls node agents.
fn node_tls(pki: &Pki, env: &Env) -> Result<TlsConnector, Error> {
    let pair = pki.client(Holder::ApiServer, env.now())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pki.authority_pem().as_bytes()) {
        roots.add(certificate?)?;
    }
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pair.certificate_pem.as_bytes())
            .collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    Ok(TlsConnector::from(Arc::new(config)))
}
