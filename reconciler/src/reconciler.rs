//! The service as a whole: put together here, asked through [`crate::service::Service`].

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, watch};
use tracing::Instrument;

use client::{Cache, Client, Drive, Driver, Env, Informers, Tasks};

use crate::config::{Config, RepositoryConfig};
use crate::events::{self, Events};
use crate::forge::Pull;
use crate::githost::{self, Authenticate, GitHost, Guard, Repositories, Tokens};
use crate::history::{self, History, Trigger};
use crate::metrics::{Counted, Metrics, follow};
use crate::reports;
use crate::service::Blames;
use crate::source::signature::sign;
use crate::source::{Limits, Source, Upkeep, Waker, mirrors};
use crate::sync::branches::{self, Branches};
use crate::sync::core::Core;
use crate::sync::pulls::{self, Changes};
use crate::sync::trim::trim;
use crate::sync::{
    Cluster, Definitions, Fetcher, Holds, Inventory, Mirroring, PushGate, Reads, Renders,
    Signatures, Sources, Standings, Tracker, Troubles, Worker, kinds, wake,
};
use crate::traces;
use crate::usage;
use crate::web::webhook::Deliveries;

/// Applications that are worked on at once: most of a pass is waiting for the server's answers.
const WORKERS: usize = 12;
/// A Unix socket's path may not be longer.
const SOCKET_PATH: usize = 100;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot open the history")]
    History(#[from] history::Error),
    #[error("cannot prepare the hosted repository")]
    Repository(#[from] githost::repository::Error),
    #[error("cannot use the hosted repositories")]
    Hosted(#[from] githost::hosted::Error),
    #[error("cannot host the repository")]
    Host(#[source] std::io::Error),
    #[error("cannot sign the first commit")]
    Sign(#[source] crate::source::Error),
    #[error("a task of the start broke down")]
    Broken(#[source] tokio::task::JoinError),
}

/// The running service. Cheap to clone; ends with the tasks it was started with.
#[derive(Clone)]
pub struct Reconciler {
    pub(crate) core: Arc<Core>,
    informers: Informers,
    host: GitHost,
    pub(crate) tokens: Arc<Tokens>,
    metrics: Metrics,
}

impl Reconciler {
    /// The caches it reads the cluster from, for whoever shows the same objects.
    pub fn informers(&self) -> Informers {
        self.informers.clone()
    }

    /// Opens the history, prepares the repository, and begins to follow it.
    ///
    /// # Errors
    /// Where the database or the repository cannot be used. That the cluster is away is no error.
    pub async fn start(
        config: Config,
        client: Arc<dyn Client>,
        env: Env,
        tasks: Tasks,
    ) -> Result<Self, Error> {
        let history = opened(&config, &env).await?;
        let metrics = Metrics::new();
        let source = source(&config, &env).await?;
        let informers = Informers::trimmed(client.clone(), &env, &tasks, trim);
        let (cluster, new_kinds) = Cluster::new(&client, &informers, &env);
        let inventory = Inventory::load(history.reader()).await?;
        let upkeep = Upkeep::new(Limits::default(), &env, &tasks);
        let fetcher = Fetcher::new(&config, &client, (&upkeep, &metrics), &env);
        let hosted = hosted(&config, &source, &history, &env).await?;
        let mirrors = (mirrors(&config.data), &hosted);
        let core = Arc::new(Core {
            sources: Sources::new(mirrors, &fetcher, config.poll, &env, &tasks),
            env: env.clone(),
            tasks: tasks.clone(),
            client: client.clone(),
            deliveries: Deliveries::load(&history).await?,
            holds: Holds::load(history.reader()).await?,
            history,
            cluster,
            inventory,
            renders: Renders::new(&config.keys),
            definitions: Definitions::default(),
            signatures: Signatures::new(&config, &env),
            reads: Reads::default(),
            source,
            changes: Changes::default(),
            branches: Branches::default(),
            mirroring: Mirroring::new(&hosted, &fetcher, config.poll, &env, &tasks),
            hosted,
            fetcher,
            waker: Waker::default(),
            target: watch::Sender::default(),
            standings: Standings::default(),
            troubles: Troubles::default(),
            events: Events::new(&client, &env, &tasks),
            blames: Blames::default(),
            used: watch::Sender::default(),
            queue: OnceLock::new(),
            config,
        });
        let driver = driver(&core, client, &informers, &metrics);
        follow_news(&core, new_kinds, &informers, &metrics).await?;
        start_driver(&core, driver);
        let host = host(&core, upkeep)?;
        let tokens = Tokens::load(&core.history, &env, &tasks).await?;
        track(&core);
        Ok(Self {
            core,
            informers,
            host,
            tokens: Arc::new(tokens),
            metrics,
        })
    }

    /// Makes its figures known.
    pub fn measure(&self, registry: &mut Registry) {
        let queue = self.core.queue.get().cloned();
        self.metrics
            .register(registry, &self.core.standings, &self.core.renders, queue);
    }

    /// The Git endpoint of the hosted repositories. See [`githost::router`].
    pub fn git(&self, authenticate: Arc<dyn Authenticate>) -> axum::Router {
        githost::router(&self.host, authenticate)
    }

    /// The tokens of people and programs.
    pub fn tokens(&self) -> Arc<Tokens> {
        self.tokens.clone()
    }

    /// Sessions of the web pages that were ended before their time.
    ///
    /// # Errors
    /// Where the history does not answer.
    pub async fn ended_sessions(&self) -> Result<crate::web::auth::Ended, Error> {
        let ended = crate::web::auth::Ended::load(&self.core.history).await;
        Ok(ended?)
    }

    /// Hosted Git, for programs; see [`crate::web::hosting`].
    pub fn hosting(&self, auth: Arc<crate::web::auth::Auth>) -> axum::Router {
        crate::web::hosting::router(crate::web::hosting::Deps {
            auth,
            tokens: self.tokens.clone(),
            repositories: self.core.hosted.clone(),
            operations: Arc::new(self.clone()),
            address: self.core.config.address.clone(),
            history: self.core.history.reader().clone(),
            env: self.core.env.clone(),
        })
    }

    /// Has what people and programs ask for behind `router`, reading apart, recorded with who they
    /// are: `reconciler.audit` in SQL.
    pub fn audited(&self, router: axum::Router, auth: Arc<crate::web::auth::Auth>) -> axum::Router {
        let (history, env) = (self.core.history.clone(), self.core.env.clone());
        crate::web::audited(router, auth, history, env)
    }

    /// Takes what forges say about repositories; see [`crate::web::webhook`].
    pub fn webhooks(&self, secret: &str) -> axum::Router {
        let news = Arc::new(self.clone());
        crate::web::webhook::webhooks(news, secret, self.core.deliveries.clone(), &self.core.env)
    }

    /// Whether it can do its work: the history answers, and the cluster has answered.
    pub async fn is_ready(&self) -> bool {
        let history = self.core.history.reader().newest_step().await;
        history.is_ok() && self.core.applications().is_synced()
    }
}

impl crate::web::webhook::News for Reconciler {
    fn news(&self, repositories: &[String]) -> usize {
        self.core.news(repositories)
    }

    fn pull(&self, repositories: &[String], pull: &Pull) -> usize {
        pulls::pull(&self.core, repositories, pull)
    }
}

#[async_trait]
impl crate::web::hosting::Operations for Reconciler {
    fn readers(&self, repository: &str) -> Vec<String> {
        self.core.readers(repository)
    }

    fn changed(&self, repository: &str) {
        self.core.sources.wake(Trigger::Push, |it| it == repository);
        self.core.wake_all();
    }
}

/// Has whoever is concerned look when something is new.
async fn follow_news(
    core: &Arc<Core>,
    new_kinds: mpsc::UnboundedReceiver<Cache>,
    informers: &Informers,
    metrics: &Metrics,
) -> Result<(), history::Error> {
    let tasks = &core.tasks;
    let newest = core.history.reader().newest_step().await?;
    let told = core.history.follow(newest);
    tasks.spawn_until_cancelled(events::follow(core.clone(), told));
    if telemetry::is_on() {
        let (feed, reader) = (core.history.follow(newest), core.history.reader().clone());
        tasks.spawn_until_cancelled(traces::follow(feed, reader, core.env.clone()));
    }
    let feed = core.history.follow(newest);
    tasks.spawn_until_cancelled(follow(core.clone(), feed, metrics.clone()));
    tasks.spawn_until_cancelled(kinds::follow(core.clone()));
    tasks.spawn_until_cancelled(wake::objects(core.clone(), new_kinds));
    tasks.spawn_until_cancelled(wake::sources(core.clone(), core.sources.news()));
    tasks.spawn_until_cancelled(branches::follow(core.clone()));
    let (history, env) = (core.history.clone(), core.env.clone());
    tasks.spawn_until_cancelled(reports::keep(history, core.client.clone(), env));
    tasks.spawn_until_cancelled(usage::keep(core.clone(), informers.clone()));
    tasks.spawn_until_cancelled(core.mirroring.clone().run());
    core.cluster.follow(&core.inventory.collections());
    Ok(())
}

/// Nothing is compared with a cluster whose kinds nobody knows.
fn start_driver(core: &Arc<Core>, driver: Driver<Counted<Worker>>) {
    let (core, tasks) = (core.clone(), core.tasks.clone());
    tasks.clone().spawn_until_cancelled(async move {
        core.cluster.lacking.asked().await;
        driver.start(WORKERS, &tasks);
    });
}

async fn hosted(
    config: &Config,
    source: &Source,
    history: &History,
    env: &Env,
) -> Result<Arc<Repositories>, Error> {
    let own = source.is_hosted().then(|| source.location.path.clone());
    let directory = config.data.join("git/repositories");
    let own = own.map(|path| (path, config.branch.clone()));
    let all = Repositories::load(directory, own, &config.address, history, env).await?;
    Ok(Arc::new(all))
}

/// The one who looks at Applications, each look counted.
fn driver(
    core: &Arc<Core>,
    client: Arc<dyn Client>,
    informers: &Informers,
    metrics: &Metrics,
) -> Driver<Counted<Worker>> {
    let worker = Counted::new(Worker::new(core), metrics);
    let driver = Driver::new(worker, client, informers, &core.env);
    // It is set only here.
    let _ = core.queue.set(driver.queue().clone());
    driver
}

/// The history, in which what another process left goes on.
async fn opened(config: &Config, env: &Env) -> Result<History, Error> {
    let history = History::connect(&config.database_url).await?;
    history.resume(env.now()).await?;
    Ok(history)
}

async fn source(config: &Config, env: &Env) -> Result<Source, Error> {
    match &config.repository {
        RepositoryConfig::Hosted { seed } => {
            let path = config.data.join(githost::repository::PATH);
            let (at, branch, seed) = (path.clone(), config.branch.clone(), seed.clone());
            let preparing = client::blocking(move || {
                githost::repository::prepare(&at, &branch, seed.as_deref())
            });
            let seeded = preparing.await.map_err(Error::Broken)??;
            let source = Source::hosted(&path);
            if let (Some(first), Some(_)) = (seeded, &config.signing_key) {
                let signed = sign(config, env, &source.location, &first);
                let signed = signed.await.map_err(Error::Sign)?;
                let (branch, log) = (config.branch.clone(), "signed");
                let moving = client::blocking(move || {
                    githost::repository::advance(&path, &branch, &first, &signed, log)
                });
                moving.await.map_err(Error::Broken)??;
            }
            Ok(source)
        }
        RepositoryConfig::Remote { url, .. } => Ok(Source::remote(url, &mirrors(&config.data))),
    }
}

fn track(core: &Arc<Core>) {
    let span = tracing::info_span!("tracker", repository = %core.source.name);
    let tracking = Tracker::new(core).run().instrument(span);
    core.tasks.spawn_until_cancelled(tracking);
}

fn host(core: &Arc<Core>, upkeep: Upkeep) -> Result<GitHost, Error> {
    let config = &core.config;
    let options = githost::Options {
        repositories: core.hosted.clone(),
        hooks: config.data.join("git/hooks"),
        socket: socket(&config.data),
        executable: config.executable.clone(),
        push_limit: config.push_limit,
        upkeep,
    };
    let gate = Arc::new(Guard {
        inner: Arc::new(PushGate::new(core)),
        repositories: core.hosted.clone(),
        history: core.history.clone(),
        env: core.env.clone(),
    });
    GitHost::start(options, gate, &core.env, &core.tasks).map_err(Error::Host)
}

/// Below the data directory, unless its path is too long for a socket.
fn socket(data: &Path) -> PathBuf {
    let path = data.join("git/run/hooks.socket");
    if path.as_os_str().len() <= SOCKET_PATH {
        return path;
    }
    let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
    let name: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    std::env::temp_dir().join(format!("kedge-hooks-{name}/hooks.socket"))
}
