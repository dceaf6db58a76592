//! Keeps a [`Cache`] equal to a collection of the server: list, watch, resume, list again when
//! the server has forgotten the place. One informer per collection and selection per process.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info_span, warn};

use api::{Collection, Object, ResourceVersion, WatchEvent};

use crate::{Backoff, Cache, Client, Env, Error, ListOptions, Remedy, Tasks, WatchOptions};

/// What is done to every object before a cache keeps it, for example to have it take less memory.
pub type Trim = fn(&mut Object);

/// A running informer. Its cache stays readable whatever the server does.
#[derive(Clone)]
pub struct Informer {
    cache: Cache,
}

impl Informer {
    /// Starts to follow `collection`; ends with `tasks`.
    pub fn start(
        client: Arc<dyn Client>,
        collection: Collection,
        (options, trim): (WatchOptions, Trim),
        tasks: &Tasks,
        env: &Env,
    ) -> Self {
        let follower = Follower {
            client,
            options,
            trim,
            cache: Cache::new(collection),
            env: env.clone(),
        };
        let cache = follower.start(tasks, CancellationToken::new());
        Self { cache }
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }
}

struct Follower {
    client: Arc<dyn Client>,
    options: WatchOptions,
    trim: Trim,
    cache: Cache,
    env: Env,
}

/// Why one watch is over.
enum End {
    /// The place is known: watch on from there.
    Resume,
    /// The place is lost: list again.
    List,
}

impl Follower {
    /// Runs until `tasks` is cancelled, or until `end` is.
    fn start(self, tasks: &Tasks, end: CancellationToken) -> Cache {
        let cache = self.cache.clone();
        let span = info_span!("informer", collection = %cache.collection());
        let run = async move {
            tokio::select! {
                () = self.run() => {}
                () = end.cancelled() => {}
            }
        };
        tasks.spawn_until_cancelled(run.instrument(span));
        cache
    }

    async fn run(self) {
        let mut place: Option<ResourceVersion> = None;
        let mut failures = 0_u32;
        loop {
            let from = match place.take() {
                Some(from) => from,
                None => match self.list().await {
                    Ok(version) => version,
                    Err(error) => {
                        self.wait(&mut failures, &error).await;
                        continue;
                    }
                },
            };
            let (end, reached, failure) = self.watch(from).await;
            if matches!(end, End::Resume) {
                place = Some(reached.version);
            }
            if reached.events {
                failures = 0;
            }
            match failure {
                Some(error) => self.wait(&mut failures, &error).await,
                // A server that ends every watch at once must not be asked in a tight loop.
                None if !reached.events => self.pause(&mut failures).await,
                None => {}
            }
        }
    }

    async fn list(&self) -> Result<ResourceVersion, Error> {
        let options = ListOptions {
            namespace: self.options.namespace.clone(),
            labels: self.options.labels.clone(),
            fields: self.options.fields.clone(),
            newest: true,
        };
        let mut list = self.client.list(self.cache.collection(), &options).await?;
        list.items.iter_mut().for_each(self.trim);
        debug!(objects = list.items.len(), version = %list.resource_version, "listed");
        self.cache
            .replace(list.items, list.resource_version.clone());
        Ok(list.resource_version)
    }

    async fn watch(&self, from: ResourceVersion) -> (End, Reached, Option<Error>) {
        let mut reached = Reached {
            version: from,
            events: false,
        };
        let opened = self
            .client
            .watch(self.cache.collection(), &reached.version, &self.options)
            .await;
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => return ended(reached, error),
        };
        while let Some(item) = stream.next().await {
            match item {
                Ok(WatchEvent::Error(status)) => return ended(reached, status.into()),
                Ok(event) => self.take(event, &mut reached),
                Err(error) => return ended(reached, error),
            }
        }
        (End::Resume, reached, None)
    }

    fn take(&self, event: WatchEvent, reached: &mut Reached) {
        reached.events = true;
        match event {
            WatchEvent::Added(mut object) | WatchEvent::Modified(mut object) => {
                (self.trim)(&mut object);
                reached.version = object.resource_version();
                self.cache.upsert(object);
            }
            WatchEvent::Deleted(object) => {
                reached.version = object.resource_version();
                self.cache.remove(&object);
            }
            WatchEvent::Bookmark {
                resource_version, ..
            } => {
                reached.version = resource_version.clone();
                self.cache.bookmark(resource_version);
            }
            WatchEvent::Error(_) => unreachable!("errors end the watch above"),
        }
    }

    async fn wait(&self, failures: &mut u32, error: &Error) {
        if error.is_expired() {
            debug!(%error, "the watch is too old; listing again");
        } else {
            warn!(error = %report(error), failures = *failures, "cannot follow the collection");
        }
        self.pause(failures).await;
    }

    async fn pause(&self, failures: &mut u32) {
        *failures = failures.saturating_add(1);
        let delay = Backoff::SERVER.jittered(*failures, &*self.env.ids);
        self.env.clock.sleep(delay).await;
    }
}

struct Reached {
    version: ResourceVersion,
    /// The watch delivered something.
    events: bool,
}

fn ended(reached: Reached, error: Error) -> (End, Reached, Option<Error>) {
    // The place stays valid while the server is away or busy; any other answer may be about it.
    let end = match &error {
        Error::Decode { .. } => End::List,
        error if error.remedy() == Remedy::Transient => End::Resume,
        _ => End::List,
    };
    (end, reached, Some(error))
}

/// The error with its causes, for one log line.
pub(crate) fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The informers of one process. Cheap to clone.
#[derive(Clone)]
pub struct Informers {
    shared: Arc<Shared>,
}

/// An informer, and what ends it before its tasks do.
struct Running {
    cache: Cache,
    end: CancellationToken,
}

struct Shared {
    client: Arc<dyn Client>,
    env: Env,
    tasks: Tasks,
    trim: Trim,
    running: Mutex<BTreeMap<(Collection, String), Running>>,
}

impl Informers {
    /// Their caches keep objects as the server sends them.
    pub fn new(client: Arc<dyn Client>, env: &Env, tasks: &Tasks) -> Self {
        Self::trimmed(client, env, tasks, |_| {})
    }

    /// Their caches keep what `trim` leaves of each object.
    pub fn trimmed(client: Arc<dyn Client>, env: &Env, tasks: &Tasks, trim: Trim) -> Self {
        Self {
            shared: Arc::new(Shared {
                client,
                env: env.clone(),
                tasks: tasks.clone(),
                trim,
                running: Mutex::default(),
            }),
        }
    }

    /// The cache of a whole collection; starts its informer at the first call.
    pub fn cache(&self, collection: &Collection) -> Cache {
        self.selected(collection, &WatchOptions::default())
    }

    /// The cache of a part of a collection, for example the pods of one node.
    pub fn selected(&self, collection: &Collection, options: &WatchOptions) -> Cache {
        let id = (collection.clone(), selection(options));
        let mut running = self.running();
        let started = running.entry(id).or_insert_with(|| {
            let Shared {
                client,
                env,
                tasks,
                trim,
                ..
            } = &*self.shared;
            let follower = Follower {
                client: client.clone(),
                options: options.clone(),
                trim: *trim,
                cache: Cache::new(collection.clone()),
                env: env.clone(),
            };
            let end = CancellationToken::new();
            Running {
                cache: follower.start(tasks, end.clone()),
                end,
            }
        });
        started.cache.clone()
    }

    /// Ends what follows a collection that is no more. Who has a cache of it keeps what was there;
    /// who asks for one again has a new one.
    pub fn forget(&self, collection: &Collection) {
        self.running().retain(|(of, _), running| {
            let keep = of != collection;
            if !keep {
                running.end.cancel();
            }
            keep
        });
    }

    /// The cache of a whole collection, if its informer runs.
    pub fn running_cache(&self, collection: &Collection) -> Option<Cache> {
        let id = (collection.clone(), selection(&WatchOptions::default()));
        self.running().get(&id).map(|it| it.cache.clone())
    }

    /// Waits for the first list of every informer started so far.
    pub async fn synced(&self) {
        let caches: Vec<Cache> = self.running().values().map(|it| it.cache.clone()).collect();
        for cache in caches {
            cache.synced().await;
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Collection, String), Running>> {
        self.shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn selection(options: &WatchOptions) -> String {
    format!(
        "{}|{}|{}|{}",
        options.namespace.as_deref().unwrap_or_default(),
        options.labels,
        options.labels.nothing,
        options.fields
    )
}
