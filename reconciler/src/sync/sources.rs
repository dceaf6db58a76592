//! Repositories that single Applications name: one mirror and one poll for each, however many
//! Applications share it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tracing::{Instrument, info_span, warn};

use client::{Env, Tasks};

use super::fetch::Fetcher;
use crate::githost::Repositories;
use crate::history::Trigger;
use crate::service::Trouble;
use crate::source::{Polling, Source, Waker};

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Sources {
    shared: Arc<Shared>,
}

struct Shared {
    mirrors: PathBuf,
    hosted: Arc<Repositories>,
    fetcher: Fetcher,
    poll: Duration,
    env: Env,
    tasks: Tasks,
    known: Mutex<BTreeMap<String, (Source, Waker)>>,
    /// By URL, of those that cannot be fetched.
    troubles: Mutex<BTreeMap<String, Trouble>>,
    /// Those that were fetched, or cannot be, since somebody took note of it.
    fresh: Mutex<BTreeSet<PathBuf>>,
    /// Moves when any of them has something new.
    news: watch::Sender<u64>,
}

impl Sources {
    pub(crate) fn new(
        (mirrors, hosted): (PathBuf, &Arc<Repositories>),
        fetcher: &Fetcher,
        poll: Duration,
        env: &Env,
        tasks: &Tasks,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                mirrors,
                hosted: hosted.clone(),
                fetcher: fetcher.clone(),
                poll,
                env: env.clone(),
                tasks: tasks.clone(),
                known: Mutex::default(),
                troubles: Mutex::default(),
                fresh: Mutex::default(),
                news: watch::Sender::default(),
            }),
        }
    }

    /// The repository with this URL, whether or not it is followed.
    pub(crate) fn source(&self, url: &str) -> Source {
        match self.shared.hosted.named(url) {
            Some(hosted) => Source::kept(&hosted.name, &hosted.path),
            None => Source::remote(url, &self.shared.mirrors),
        }
    }

    /// The repository with this URL; it is followed from now on.
    pub(crate) fn get(&self, url: &str) -> Source {
        let shared = &self.shared;
        let hosted = shared.hosted.named(url);
        let url = hosted.as_ref().map_or(url, |hosted| &hosted.name);
        let mut known = shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        let source = self.source(url);
        // A repository that was made, or deleted, since is another one.
        if let Some((known, _)) = known.get(url)
            && known.location == source.location
        {
            return known.clone();
        }
        let waker = Waker::default();
        known.insert(url.to_owned(), (source.clone(), waker.clone()));
        let span = info_span!("source", repository = %source.name);
        let follower = follow(self.shared.clone(), url.to_owned(), source.clone(), waker);
        shared
            .tasks
            .spawn_until_cancelled(follower.instrument(span));
        source
    }

    /// Those that are followed.
    pub(crate) fn followed(&self) -> Vec<Source> {
        let known = self.shared.known.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        known.values().map(|(source, _)| source.clone()).collect()
    }

    /// Has the repositories looked at whose URL `fits`; answers how many that are.
    pub(crate) fn wake(&self, trigger: Trigger, fits: impl Fn(&str) -> bool) -> usize {
        let known = self.shared.known.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        let fitting = known.iter().filter(|(url, _)| fits(url));
        fitting.map(|(_, (_, waker))| waker.wake(trigger)).count()
    }

    /// Why the repository with this URL cannot be fetched.
    pub(crate) fn trouble(&self, url: &str) -> Option<Trouble> {
        let troubles = self.shared.troubles.lock();
        let troubles = troubles.unwrap_or_else(PoisonError::into_inner);
        let hosted = self.shared.hosted.named(url);
        let url = hosted.as_ref().map_or(url, |hosted| &hosted.name);
        troubles.get(url).cloned()
    }

    /// Moves when any of them was fetched, or cannot be.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }

    /// The paths of those that this is about; nobody is told of them twice.
    pub(crate) fn take_news(&self) -> BTreeSet<PathBuf> {
        let fresh = self.shared.fresh.lock();
        std::mem::take(&mut *fresh.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shared {
    /// Whether the URL still means this repository.
    fn is_followed(&self, url: &str, source: &Source) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let current = known.get(url);
        current.is_some_and(|(current, _)| current.location == source.location)
    }

    fn tell(&self, source: &Source) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.insert(source.location.path.clone());
        drop(fresh);
        self.news.send_modify(|news| *news = news.wrapping_add(1));
    }

    /// Answers whether it is another trouble than before.
    fn note(&self, url: &str, trouble: Option<&Trouble>) -> bool {
        let troubles = self.troubles.lock();
        let mut troubles = troubles.unwrap_or_else(PoisonError::into_inner);
        let before = match trouble {
            Some(trouble) => troubles.insert(url.to_owned(), trouble.clone()),
            None => troubles.remove(url),
        };
        before.as_ref() != trouble
    }
}

async fn follow(shared: Arc<Shared>, url: String, source: Source, waker: Waker) {
    let mut polling = Polling::new(&source, shared.poll, &waker, &shared.env);
    let mut trigger = Trigger::Start;
    loop {
        let fetched = shared.fetcher.fetch(&source, trigger).await;
        let trouble = fetched.as_ref().err().map(Trouble::unfetched);
        if let Some(trouble) = &trouble {
            warn!(error = trouble.message, "cannot fetch the repository");
        }
        let changed = shared.note(&url, trouble.as_ref());
        if changed || fetched.is_ok() {
            shared.tell(&source);
        }
        polling.looked(fetched.is_ok());
        trigger = polling.next().await;
        if !shared.is_followed(&url, &source) {
            return;
        }
    }
}
