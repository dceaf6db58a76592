//! All repositories that are hosted here, on disk and in the history.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use client::Env;

use super::mirrors::Mirrors;
use super::{CLUSTER, Hosted, Shelf, decide};
use crate::githost::repository;
use crate::githost::rule::Rule;
use crate::history::{self, History};

/// The first branch of a new repository.
const BRANCH: &str = "main";
/// How many there can be.
const MOST: usize = 10_000;

/// Why a repository was not made or deleted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Wrong(String),
    #[error("there is a repository {0} already")]
    Exists(String),
    #[error("there is no repository {0} here")]
    Missing(String),
    #[error("repository {repository} has no rule {pattern}")]
    NoRule { repository: String, pattern: String },
    #[error("the history cannot be read or written")]
    History(#[from] history::Error),
    #[error("the repository cannot be made")]
    Make(#[from] repository::Error),
    #[error("cannot delete {}", path.display())]
    Delete {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("a task broke down")]
    Broken(#[source] tokio::task::JoinError),
}

/// Knows every hosted repository.
pub struct Repositories {
    directory: PathBuf,
    /// The branch that the cluster follows.
    branch: String,
    /// Where the web pages are: `http://127.0.0.1:8080`, and other ways to say so.
    addresses: Vec<String>,
    pub(super) history: History,
    pub(super) env: Env,
    known: Mutex<BTreeMap<String, Hosted>>,
    /// By repository.
    pub(super) rules: Mutex<BTreeMap<String, Vec<Rule>>>,
    pub(super) mirrors: Mirrors,
}

impl Repositories {
    /// Those in `directory` that the history knows, and the cluster's own at `cluster`, if it is
    /// hosted.
    pub async fn load(
        directory: PathBuf,
        cluster: Option<(PathBuf, String)>,
        address: &str,
        history: &History,
        env: &Env,
    ) -> Result<Self, Error> {
        let mut known = BTreeMap::new();
        let mut branch = BRANCH.to_owned();
        if let Some((path, followed)) = cluster {
            branch = followed;
            let own = Hosted {
                name: CLUSTER.to_owned(),
                path,
                created_by: String::new(),
                created_at: None,
            };
            known.insert(own.name.clone(), own);
        }
        for (name, created_by, created_at) in history.reader().repositories().await? {
            let path = directory.join(format!("{name}.git"));
            // One that a crash, or somebody with a shell, took away is made again, empty.
            prepare(&path).await?;
            let hosted = Hosted {
                name: name.clone(),
                path,
                created_by,
                created_at: Some(created_at),
            };
            known.insert(name, hosted);
        }
        Ok(Self {
            directory,
            branch,
            addresses: addresses(address),
            history: history.clone(),
            env: env.clone(),
            known: Mutex::new(known),
            rules: Mutex::new(super::rules::read(history).await?),
            mirrors: Mirrors::read(history).await?,
        })
    }

    /// The branch that is protected though nobody says so.
    pub fn default_branch(&self, name: &str) -> &str {
        if name == CLUSTER {
            &self.branch
        } else {
            BRANCH
        }
    }

    /// By name.
    pub fn list(&self) -> Vec<Hosted> {
        self.known().values().cloned().collect()
    }

    pub fn get(&self, name: &str) -> Option<Hosted> {
        self.known().get(name).cloned()
    }

    /// The one that `source.repo` of an Application means, if it means one of ours.
    pub fn named(&self, repo: &str) -> Option<Hosted> {
        self.get(decide::named(repo, &self.addresses)?)
    }

    /// Makes an empty one.
    ///
    /// # Errors
    /// The name is taken, or is none.
    pub async fn create(&self, name: &str, by: &str) -> Result<Hosted, Error> {
        if let Some(problem) = decide::problem(name) {
            return Err(Error::Wrong(problem));
        }
        if self.get(name).is_some() {
            return Err(Error::Exists(name.to_owned()));
        }
        if self.list().len() >= MOST {
            return Err(Error::Wrong(format!("there are {MOST} repositories")));
        }
        let now = self.env.now();
        let hosted = Hosted {
            name: name.to_owned(),
            path: self.directory.join(format!("{name}.git")),
            created_by: by.to_owned(),
            created_at: Some(now),
        };
        // Recorded first: what a crash leaves out is made at the next start.
        if !self.history.add_repository(name, by, now).await? {
            return Err(Error::Exists(name.to_owned()));
        }
        prepare(&hosted.path).await?;
        self.known().insert(name.to_owned(), hosted.clone());
        Ok(hosted)
    }

    /// Removes one with all that is in it.
    ///
    /// # Errors
    /// There is none, or it is the cluster's own.
    pub async fn delete(&self, name: &str) -> Result<Hosted, Error> {
        if name == CLUSTER {
            let text = format!(
                "{CLUSTER} is what the cluster follows: it stays as long as it is; `kedge up --repo URL` \
                 follows another one"
            );
            return Err(Error::Wrong(text));
        }
        let hosted = self.get(name);
        let hosted = hosted.ok_or_else(|| Error::Missing(name.to_owned()))?;
        self.history.remove_repository(name, self.env.now()).await?;
        self.known().remove(name);
        self.forget_rules(name);
        self.forget_mirrors(name);
        let path = hosted.path.clone();
        let removing = client::blocking(move || {
            std::fs::remove_dir_all(&path).map_err(|source| Error::Delete { path, source })
        });
        removing.await.map_err(Error::Broken)??;
        Ok(hosted)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Hosted>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf for Repositories {
    fn find(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(|hosted| hosted.path)
    }
}

async fn prepare(path: &std::path::Path) -> Result<(), Error> {
    let path = path.to_owned();
    let preparing = client::blocking(move || repository::prepare(&path, BRANCH, None));
    let prepared = preparing.await.map_err(Error::Broken)?;
    prepared.map(drop).map_err(Error::Make)
}

/// The address, and the name that this machine has for itself.
fn addresses(address: &str) -> Vec<String> {
    let other = address.replace("://127.0.0.1", "://localhost");
    let mut all = vec![address.trim_end_matches('/').to_owned()];
    if other != address {
        all.push(other.trim_end_matches('/').to_owned());
    }
    all
}
