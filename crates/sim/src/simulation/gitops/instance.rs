//! A reconciler that ends and begins again, and what it has of its own: a database and a
//! directory, both of which outlive it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use client::Env;
use reconciler::history::{self, History, Reader};
use reconciler::{Config, News, Reconciler, RepositoryConfig};

use crate::simulation::faults::Link;
use crate::simulation::{ProcessId, World};

/// How often the branch is looked at.
const POLL: Duration = Duration::from_secs(8);
/// How long a start takes that failed, before somebody starts it again.
const AGAIN: Duration = Duration::from_secs(2);

pub(super) struct Instance {
    pub(super) link: Link,
    config: Config,
    process: Option<ProcessId>,
    directory: PathBuf,
    /// Of nobody's process: for whoever looks from outside.
    reader: History,
}

impl Instance {
    /// A new database and an empty directory; nothing runs yet.
    pub(super) fn new(world: &mut World, seed: u64) -> anyhow::Result<Self> {
        let name = format!("kedge-simulation-{}-{seed}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _left = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).context("cannot make a directory")?;
        let runtime = tokio::runtime::Handle::current();
        let url = runtime.block_on(embedded_postgres::testing::database("reconciler", prepare));
        let config = Config {
            repository: RepositoryConfig::Remote {
                url: repository(&directory).display().to_string(),
                credentials: None,
            },
            poll: POLL,
            news: News::Poll,
            ..Config::hosted(directory.join("data"), url.clone(), "/bin/true".into())
        };
        std::fs::create_dir_all(&config.data)?;
        let reader = world.block_on(async move { History::connect(&url).await })??;
        Ok(Self {
            link: Link::default(),
            config,
            process: None,
            directory,
            reader,
        })
    }

    pub(super) fn repository(&self) -> PathBuf {
        repository(&self.directory)
    }

    pub(super) fn history(&self) -> Reader {
        self.reader.reader().clone()
    }

    pub(super) fn start(&mut self, world: &mut World) {
        let (process, tasks, client) = world.start_user("reconciler", &self.link);
        let (config, env) = (self.config.clone(), world.env.clone());
        let running: Arc<Mutex<Option<Reconciler>>> = Arc::default();
        let inner = tasks.clone();
        tasks.spawn_until_cancelled(async move {
            loop {
                let (config, client) = (config.clone(), client.clone());
                let started = Reconciler::start(config, client, env.clone(), inner.clone());
                match started.await {
                    Ok(started) => {
                        let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
                        *running = Some(started);
                        break;
                    }
                    Err(error) => retry(&env, &error).await,
                }
            }
            std::future::pending::<()>().await;
        });
        self.process = Some(process);
    }

    /// Ends it where it stands.
    pub(super) fn kill(&mut self, world: &mut World) {
        if let Some(process) = self.process.take() {
            world.kill(process);
        }
    }

    /// Nothing is left of it.
    pub(super) fn remove(mut self, world: &mut World) {
        self.kill(world);
        let url = self.config.database_url;
        tokio::runtime::Handle::current().block_on(async {
            self.reader.close().await;
            embedded_postgres::testing::discard(&url).await;
        });
        let _left = std::fs::remove_dir_all(&self.directory);
    }
}

async fn retry(env: &Env, error: &reconciler::Error) {
    tracing::warn!(%error, "cannot start the reconciler");
    env.clock.sleep(AGAIN).await;
}

async fn prepare(url: String) -> Result<(), history::Error> {
    History::connect(&url).await?.close().await;
    Ok(())
}

fn repository(directory: &Path) -> PathBuf {
    directory.join("repository.git")
}
