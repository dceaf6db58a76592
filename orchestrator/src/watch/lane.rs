//! One store's cache and the one task that fills it.
//!
//! Own commits are applied as they come; everything else is read from the log: a hint makes it
//! soon, a short poll makes it certain.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

use api::Revision;
use client::{Env, Tasks};

use super::coalescer::Coalescer;
use super::state::State;
use super::{Error, FieldGetter};
use crate::store::{self, Change, Commit, Store, epoch};

/// How long another process's write can stay unseen when every hint is lost.
const POLL: Duration = Duration::from_secs(1);
/// The longest pause between attempts while the store cannot be read.
const BACK_OFF: Duration = Duration::from_secs(10);
/// Changes read at once.
const PAGE: usize = 512;
/// How long a read waits for a revision, as Kubernetes does.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) struct Lane {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) fields: FieldGetter,
    pub(crate) env: Env,
    state: RwLock<State>,
    /// How far the cache has read.
    position: watch::Sender<Revision>,
    /// Somebody waits for a revision: read the log now. Which one is not said, lest a client
    /// that names one of the far future keeps the others from being heard.
    wanted: watch::Sender<()>,
    newest: Coalescer,
}

impl Lane {
    /// Reads everything, then keeps up in a task.
    pub(crate) async fn start(
        store: Arc<dyn Store>,
        fields: FieldGetter,
        env: Env,
        tasks: &Tasks,
    ) -> Result<Arc<Self>, store::Error> {
        let commits = store.commits();
        let state = State::load(store.list(None).await?);
        let lane = Arc::new(Self {
            position: watch::Sender::new(state.position),
            wanted: watch::Sender::new(()),
            state: RwLock::new(state),
            newest: Coalescer::default(),
            store,
            fields,
            env,
        });
        tasks.spawn_until_cancelled(Arc::clone(&lane).follow(commits));
        Ok(lane)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the cache holds `revision`.
    pub(crate) async fn at_least(&self, revision: Revision) -> Result<(), Error> {
        let mut position = self.position.subscribe();
        if *position.borrow() >= revision {
            return Ok(());
        }
        self.wanted.send_replace(());
        let seen = position.wait_for(|position| *position >= revision);
        tokio::select! {
            biased;
            _ = seen => Ok(()),
            () = self.env.clock.sleep(PATIENCE) => {
                Err(Error::NotYet { requested: revision, current: self.read().position })
            }
        }
    }

    /// Brings the cache to the newest revision there was when this was called.
    pub(crate) async fn newest(&self) -> Result<Revision, Error> {
        let revision = self.newest.share(|| self.store.revision()).await?;
        self.at_least(revision).await?;
        Ok(revision)
    }

    async fn follow(self: Arc<Self>, mut commits: broadcast::Receiver<Commit>) {
        let mut wanted = self.wanted.subscribe();
        let mut pause = POLL;
        loop {
            let outcome = tokio::select! {
                biased;
                commit = commits.recv() => match commit {
                    Ok(Commit::Own { after, changes }) => self.publish(after, &changes).await,
                    Ok(Commit::Hint(revision)) if revision <= self.position() => Ok(()),
                    Ok(Commit::Hint(_)) | Err(RecvError::Lagged(_)) => self.catch_up().await,
                    Err(RecvError::Closed) => return,
                },
                Ok(()) = wanted.changed() => self.catch_up().await,
                () = self.env.clock.sleep(pause) => self.catch_up().await,
            };
            match outcome {
                Ok(()) => pause = POLL,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot read the change log");
                    pause = (pause * 2).min(BACK_OFF);
                    self.env.clock.sleep(pause.min(POLL)).await;
                }
            }
        }
    }

    fn position(&self) -> Revision {
        *self.position.borrow()
    }

    /// Applies a batch of this process, where nothing of another process came in between.
    async fn publish(&self, after: Revision, changes: &[Arc<Change>]) -> Result<(), store::Error> {
        let position = self.position();
        if after == position {
            self.apply(changes);
            return Ok(());
        }
        match changes.last() {
            Some(last) if last.revision > position => self.catch_up().await,
            _ => Ok(()),
        }
    }

    fn apply(&self, changes: &[Arc<Change>]) {
        let mut state = self.write();
        for change in changes {
            state.apply(change);
        }
        let position = state.position;
        drop(state);
        self.position.send_replace(position);
    }

    /// Reads the log up to what is committed now.
    async fn catch_up(&self) -> Result<(), store::Error> {
        let newest = self.store.revision().await?;
        if newest == self.position() {
            return Ok(());
        }
        if newest < self.position() || epoch(newest) != epoch(self.position()) {
            return self.reload().await;
        }
        while self.position() < newest {
            match self.store.changes(self.position(), PAGE).await {
                Ok(changes) if changes.is_empty() => {
                    // Numbers that no change has: nothing is missing below them.
                    self.write().position = newest;
                    self.position.send_replace(newest);
                }
                Ok(changes) if changes.iter().any(|c| epoch(c.revision) != epoch(newest)) => {
                    return self.reload().await;
                }
                Ok(changes) => self.apply(&changes),
                Err(store::Error::Compacted { .. }) => return self.reload().await,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Starts over: the database may have lost what the cache holds. Every watcher must list
    /// again.
    async fn reload(&self) -> Result<(), store::Error> {
        let listing = self.store.list(None).await?;
        tracing::info!(revision = %listing.revision, "the cache was read anew");
        let position = listing.revision;
        self.write().reload(listing);
        self.position.send_replace(position);
        Ok(())
    }
}
