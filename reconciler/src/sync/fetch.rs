//! One way to fetch, for all repositories: with what opens them, and no oftener than their host
//! can take.

use std::sync::Arc;

use client::{Client, Env};
use tracing::Instrument;

use super::credentials::{Credentials, ForgeAccess};
use crate::config::Config;
use crate::githost::hosted::Direction;
use crate::history::Trigger;
use crate::metrics::Metrics;
use crate::source::{Access, Apps, Error, Hosts, Source, Upkeep};

/// Cheap to clone; all clones know the same hosts.
#[derive(Clone)]
pub(crate) struct Fetcher {
    credentials: Credentials,
    hosts: Hosts,
    upkeep: Upkeep,
    apps: Apps,
    metrics: Metrics,
    env: Env,
}

impl Fetcher {
    pub(crate) fn new(
        config: &Config,
        client: &Arc<dyn Client>,
        (upkeep, metrics): (&Upkeep, &Metrics),
        env: &Env,
    ) -> Self {
        Self {
            credentials: Credentials::new(config, client),
            hosts: Hosts::default(),
            upkeep: upkeep.clone(),
            apps: Apps::default(),
            metrics: metrics.clone(),
            env: env.clone(),
        }
    }

    /// Fetches what is new. A host that does not answer is spared, unless somebody knows of news.
    pub(crate) async fn fetch(&self, source: &Source, trigger: Trigger) -> Result<(), Error> {
        if source.is_hosted() {
            return Ok(());
        }
        let using = self.upkeep.fetching(&source.location.path).await;
        let began = self.env.now();
        let downloading = self.download(source, trigger);
        let span = tracing::info_span!("fetch", kedge.repository = source.name);
        let fetched = downloading.instrument(span).await;
        let result = if fetched.is_ok() { "done" } else { "error" };
        self.metrics.fetched(result, began, self.env.now());
        drop(using);
        self.upkeep.look(&source.location.path);
        fetched
    }

    /// Fetches a ref that nobody follows.
    pub(crate) async fn fetch_ref(&self, source: &Source, reference: &str) -> Result<(), Error> {
        let access = match source.elsewhere() {
            Some((url, _)) => self.credentials.of(url).await?,
            None => Access::default(),
        };
        let access = self.apps.signed_in(&access, &self.env).await?;
        let using = self.upkeep.fetching(&source.location.path).await;
        let fetched = source.refresh_with(reference, &access, &self.env).await;
        drop(using);
        fetched
    }

    /// What opens the API of the forge that has this repository, if anything does: a token for it,
    /// or else that of a GitHub App.
    pub(crate) async fn forge(&self, url: &str) -> Result<Option<ForgeAccess>, Error> {
        if let Some(access) = self.credentials.forge(url).await? {
            return Ok(Some(access));
        }
        let access = self.credentials.of(url).await?;
        let signed = self.apps.signed_in(&access, &self.env).await?;
        let is_app = signed.password != access.password;
        Ok(is_app.then(|| ForgeAccess {
            token: signed.password.clone(),
            api: String::new(),
            authority: access.authority.clone(),
        }))
    }

    /// Makes a hosted repository the same as its mirror, or the mirror the same as it.
    pub(crate) async fn copy(
        &self,
        hosted: &Source,
        direction: Direction,
        url: &str,
        trigger: Trigger,
    ) -> Result<(), Error> {
        let host = self.admitted(url, trigger)?;
        let access = self.credentials.of(url).await?;
        let access = self.apps.signed_in(&access, &self.env).await?;
        let using = self.upkeep.fetching(&hosted.location.path).await;
        let copied = match direction {
            Direction::To => hosted.publish(url, &access, &self.env).await,
            Direction::From => hosted.adopt(url, &access, &self.env).await,
        };
        drop(using);
        self.upkeep.look(&hosted.location.path);
        let failure = match &copied {
            Err(Error::Remote { failure, .. } | Error::Publish { failure, .. }) => Some(failure),
            _ => None,
        };
        if let Some(host) = host {
            self.hosts.answered(&host, failure, &self.env);
        }
        copied
    }

    /// The host of a repository that is not on this machine, unless it is spared for now.
    fn admitted(&self, url: &str, trigger: Trigger) -> Result<Option<String>, Error> {
        let Some(host) = crate::source::host(url) else {
            return Ok(None);
        };
        if trigger == Trigger::Poll {
            let may = self.hosts.ask(&host, self.env.now());
            may.map_err(|failure| Error::Remote {
                url: url.to_owned(),
                failure,
            })?;
        }
        Ok(Some(host))
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
        let fetched = self.refresh(source, access).await;
        let failure = match &fetched {
            Err(Error::Remote { failure, .. }) => Some(failure),
            _ => None,
        };
        self.hosts.answered(&host, failure, &self.env);
        fetched
    }

    /// Fetches, with a token in the place of a GitHub App. One that is refused is forgotten.
    async fn refresh(&self, source: &Source, access: Access) -> Result<(), Error> {
        let token = self.apps.signed_in(&access, &self.env).await?;
        let fetched = source.refresh(&token, &self.env).await;
        if fetched.is_err() {
            self.apps.forget(&access);
        }
        fetched
    }
}
