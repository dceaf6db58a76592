//! One way to fetch, for all repositories: with what opens them, and no oftener than their host
//! can take.

use std::sync::Arc;

use client::{Client, Env};

use super::credentials::Credentials;
use crate::config::Config;
use crate::history::Trigger;
use crate::source::{Access, Error, Hosts, Source, Upkeep};

/// Cheap to clone; all clones know the same hosts.
#[derive(Clone)]
pub(crate) struct Fetcher {
    credentials: Credentials,
    hosts: Hosts,
    upkeep: Upkeep,
    env: Env,
}

impl Fetcher {
    pub(crate) fn new(
        config: &Config,
        client: &Arc<dyn Client>,
        upkeep: &Upkeep,
        env: &Env,
    ) -> Self {
        Self {
            credentials: Credentials::new(config, client),
            hosts: Hosts::default(),
            upkeep: upkeep.clone(),
            env: env.clone(),
        }
    }

    /// Fetches what is new. A host that does not answer is spared, unless somebody knows of news.
    pub(crate) async fn fetch(&self, source: &Source, trigger: Trigger) -> Result<(), Error> {
        if source.is_hosted() {
            return Ok(());
        }
        let using = self.upkeep.using(&source.location.path).await;
        let fetched = self.download(source, trigger).await;
        drop(using);
        self.upkeep.look(&source.location.path);
        fetched
    }

    async fn download(&self, source: &Source, trigger: Trigger) -> Result<(), Error> {
        let Some((url, host)) = source.elsewhere() else {
            return source.refresh(&Access::default(), &self.env).await;
        };
        let access = self.credentials.of(url).await?;
        if trigger == Trigger::Poll {
            let may = self.hosts.ask(&host, self.env.now());
            may.map_err(|failure| Error::Remote {
                url: source.name.clone(),
                failure,
            })?;
        }
        let fetched = source.refresh(&access, &self.env).await;
        let failure = match &fetched {
            Err(Error::Remote { failure, .. }) => Some(failure),
            _ => None,
        };
        self.hosts.answered(&host, failure, &self.env);
        fetched
    }
}
