//! Repositories that single Applications name: one mirror and one poll for each, however many
//! Applications share it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tracing::{Instrument, info_span, warn};

use client::{Env, Tasks};

use crate::source::{Access, Polling, Source, Waker};

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Sources {
    shared: Arc<Shared>,
}

struct Shared {
    mirrors: PathBuf,
    poll: Duration,
    env: Env,
    tasks: Tasks,
    known: Mutex<BTreeMap<String, Source>>,
    /// Moves when any of them has something new.
    news: watch::Sender<u64>,
}

impl Sources {
    pub(crate) fn new(mirrors: PathBuf, poll: Duration, env: &Env, tasks: &Tasks) -> Self {
        Self {
            shared: Arc::new(Shared {
                mirrors,
                poll,
                env: env.clone(),
                tasks: tasks.clone(),
                known: Mutex::default(),
                news: watch::Sender::default(),
            }),
        }
    }

    /// The repository with this URL; it is followed from now on.
    pub(crate) fn get(&self, url: &str) -> Source {
        let shared = &self.shared;
        let mut known = shared.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = known.get(url) {
            return source.clone();
        }
        let source = Source::remote(url, Access::default(), &shared.mirrors);
        known.insert(url.to_owned(), source.clone());
        let span = info_span!("source", repository = %source.name);
        let follower = follow(self.shared.clone(), source.clone());
        shared
            .tasks
            .spawn_until_cancelled(follower.instrument(span));
        source
    }

    /// Moves when any of them was fetched.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.shared.news.subscribe()
    }
}

async fn follow(shared: Arc<Shared>, source: Source) {
    let waker = Waker::default();
    let mut polling = Polling::new(&source, shared.poll, &waker, &shared.env);
    loop {
        let fetched = source.refresh(&shared.env).await;
        match &fetched {
            Ok(()) => shared.news.send_modify(|news| *news = news.wrapping_add(1)),
            Err(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                warn!(%error, cause, "cannot fetch the repository");
            }
        }
        polling.looked(fetched.is_ok());
        polling.next().await;
    }
}
