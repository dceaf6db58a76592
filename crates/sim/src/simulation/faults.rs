//! A client whose calls go wrong: dropped, delayed, repeated, refused, carried out without an
//! answer; whose watches break, end or expire. It also checks what every watch promises.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{Collection, Object, ObjectKey, Reason, ResourceVersion, Revision, Status, WatchEvent};
use async_trait::async_trait;
use client::{
    Author, Client, DeleteOptions, Env, Error, List, ListOptions, Patch, PatchOptions, Step,
    Target, WatchOptions, WatchStream, WriteOptions,
};
use futures::future::BoxFuture;
use futures::{StreamExt, stream};

use super::server::Life;
use super::{Chance, Log, Server, Violations, Watch, Weather};

/// How long a caller waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(5);

/// What all wires of a cluster share.
#[derive(Clone)]
pub struct Air {
    pub server: Arc<Server>,
    pub env: Env,
    pub chance: Chance,
    pub weather: Arc<Mutex<Weather>>,
    pub violations: Violations,
    /// What watches are held against.
    pub log: Log,
}

impl Air {
    fn weather(&self) -> Weather {
        let weather = self.weather.lock();
        weather.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn travel(&self) {
        let delay = self.chance.up_to(self.weather().latency);
        self.env.clock.sleep(delay).await;
    }
}

/// The way of one machine to the API server: it can be cut as a whole.
#[derive(Clone, Default)]
pub struct Link {
    is_cut: Arc<AtomicBool>,
}

impl Link {
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }

    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::SeqCst)
    }
}

/// The client of one component.
pub struct FaultyClient {
    pub air: Air,
    pub link: Link,
    pub component: String,
}

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Well,
    Dropped,
    Refused,
    Conflict,
    Duplicated,
    Unanswered,
}

/// What a call may suffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Read,
    Create,
    Change,
}

fn lost(operation: &str) -> Error {
    Error::Transport {
        operation: operation.to_owned(),
        source: "the connection broke".into(),
    }
}

impl FaultyClient {
    fn fate(&self, call: Call) -> Fate {
        let weather = self.air.weather();
        let chance = &self.air.chance;
        if chance.happens(weather.drop_request) {
            return Fate::Dropped;
        }
        if chance.happens(weather.refuse) {
            return Fate::Refused;
        }
        if call == Call::Read {
            return Fate::Well;
        }
        if chance.happens(weather.lose_reply) {
            return Fate::Unanswered;
        }
        if chance.happens(weather.duplicate) {
            return Fate::Duplicated;
        }
        if call == Call::Change && chance.happens(weather.conflict) {
            return Fate::Conflict;
        }
        Fate::Well
    }

    async fn call<'a, T>(
        &self,
        operation: &str,
        kind: Call,
        run: impl Fn(Arc<dyn Client>) -> BoxFuture<'a, Result<T, Error>> + Send + Sync,
    ) -> Result<T, Error> {
        self.air.travel().await;
        let fate = self.fate(kind);
        let life = self.air.server.life().filter(|_| !self.link.is_cut());
        let Some(life) = life.filter(|_| fate != Fate::Dropped) else {
            self.air
                .env
                .clock
                .sleep(self.air.chance.up_to(PATIENCE))
                .await;
            return Err(lost(operation));
        };
        match fate {
            Fate::Refused => {
                let reason = [Reason::ServiceUnavailable, Reason::TooManyRequests];
                let reason = reason[self.air.chance.below(reason.len())];
                return Err(Status::new(reason, "the server is busy").into());
            }
            Fate::Conflict => {
                return Err(Status::new(Reason::Conflict, "somebody else wrote first").into());
            }
            _ => {}
        }
        let client = life.client(&self.component);
        let mut answer = carry_out(&life, operation, run(client.clone())).await;
        if fate == Fate::Duplicated {
            self.air.travel().await;
            answer = carry_out(&life, operation, run(client)).await;
        }
        self.air.travel().await;
        if fate == Fate::Unanswered || life.end.is_cancelled() || self.link.is_cut() {
            return Err(lost(operation));
        }
        answer
    }
}

/// A server that dies takes what it was doing with it.
async fn carry_out<T>(
    life: &Life,
    operation: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        () = life.end.cancelled() => Err(lost(operation)),
        answer = work => answer,
    }
}

#[async_trait]
impl Client for FaultyClient {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.call("get", Call::Read, |client| {
            Box::pin(async move { client.get(key).await })
        })
        .await
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        self.call("list", Call::Read, |client| {
            Box::pin(async move { client.list(collection, options).await })
        })
        .await
    }

    async fn watch(
        &self,
        collection: &Collection,
        from: &ResourceVersion,
        options: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        let stream = self
            .call("watch", Call::Read, |client| {
                Box::pin(async move { client.watch(collection, from, options).await })
            })
            .await?;
        let Some(life) = self.air.server.life() else {
            return Err(lost("watch"));
        };
        let watched = Watched {
            stream,
            life,
            air: self.air.clone(),
            link: self.link.clone(),
            place: from.revision(),
            watch: Watch::new(collection, options),
            of: format!("{} of {}", collection, self.component),
        };
        Ok(stream::unfold(Some(watched), Watched::next).boxed())
    }

    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        self.call("create", Call::Create, |client| {
            Box::pin(async move { client.create(collection, object, options).await })
        })
        .await
    }

    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        self.call("replace", Call::Change, |client| {
            Box::pin(async move { client.replace(target, object, options).await })
        })
        .await
    }

    async fn patch(
        &self,
        target: &Target,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Object, Error> {
        self.call("patch", Call::Change, |client| {
            Box::pin(async move { client.patch(target, patch, options).await })
        })
        .await
    }

    async fn delete(&self, key: &ObjectKey, options: &DeleteOptions) -> Result<Object, Error> {
        self.call("delete", Call::Change, |client| {
            Box::pin(async move { client.delete(key, options).await })
        })
        .await
    }

    async fn create_subresource(&self, target: &Target, body: &Object) -> Result<Object, Error> {
        self.call("create a subresource", Call::Change, |client| {
            Box::pin(async move { client.create_subresource(target, body).await })
        })
        .await
    }

    async fn transaction(
        &self,
        steps: &[Step],
        dry_run: bool,
        author: Author<'_>,
    ) -> Result<Vec<Object>, Error> {
        self.call("run a transaction", Call::Change, |client| {
            Box::pin(async move { client.transaction(steps, dry_run, author).await })
        })
        .await
    }
}

/// One open watch.
struct Watched {
    stream: WatchStream,
    life: Life,
    air: Air,
    link: Link,
    /// The last revision it delivered.
    place: Option<Revision>,
    watch: Watch,
    of: String,
}

type Item = Result<WatchEvent, Error>;

impl Watched {
    async fn next(this: Option<Self>) -> Option<(Item, Option<Self>)> {
        let mut this = this?;
        let item = tokio::select! {
            biased;
            () = this.life.end.cancelled() => return Some((Err(lost("watch")), None)),
            item = this.stream.next() => item?,
        };
        this.air.travel().await;
        let weather = this.air.weather();
        let chance = &this.air.chance;
        if this.link.is_cut() || this.life.end.is_cancelled() || chance.happens(weather.cut_watch) {
            return chance.happens(0.5).then_some((Err(lost("watch")), None));
        }
        if chance.happens(weather.expire_watch) {
            let status = Status::new(Reason::Expired, "the resource version is too old");
            return Some((Ok(WatchEvent::Error(status)), None));
        }
        if let Ok(event) = &item {
            this.check(event);
        }
        Some((item, Some(this)))
    }

    /// Revisions of a watch strictly increase, and none is left out; a bookmark may repeat the
    /// last one, and says that everything up to it was delivered.
    fn check(&mut self, event: &WatchEvent) {
        let (version, may_repeat) = match event {
            WatchEvent::Added(object)
            | WatchEvent::Modified(object)
            | WatchEvent::Deleted(object) => (object.resource_version(), false),
            WatchEvent::Bookmark {
                resource_version, ..
            } => (resource_version.clone(), true),
            WatchEvent::Error(_) => return,
        };
        let revision = version.revision();
        let is_in_order = match (self.place, revision) {
            (Some(place), Some(next)) => next > place || (may_repeat && next == place),
            (_, None) => false,
            (None, Some(_)) => true,
        };
        if !is_in_order {
            let (of, place) = (&self.of, self.place);
            let text = format!("the watch on {of} went from {place:?} to {version}: {event:?}");
            self.air.violations.report(text);
        }
        if let (Some(place), Some(next)) = (self.place, revision) {
            let end = Revision(next.0 + i64::from(may_repeat));
            if let Some(missed) = self.air.log.missed(&self.watch, place, end) {
                let of = &self.of;
                let text =
                    format!("the watch on {of} went from {place} to {next} without {missed}");
                self.air.violations.report(text);
            }
        }
        self.place = revision;
    }
}
