//! The cluster as one Application's pass sees it: informer caches to read, transactions to write.
//! A server without transactions is asked object by object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use api::patch::apply::Conflicts;
use api::patch::{self, Manager};
use api::{Collection, Object, ObjectKey, Reason, Uid};
use client::{Author, Cache, Client, DeleteOptions, Env, Error, Informers, Propagation, Step};
use engine::apply::{Method, checked as method};
use engine::definition::makes_room;
use engine::{Kinds, Manifest};
use jiff::Timestamp;
use tracing::Instrument;

use super::each::{self, Write};
use super::expected::Expected;
use super::kinds::Lacking;
use crate::config::MANAGER;

/// A server takes no more steps than this in one transaction.
const STEPS: usize = 1000;
/// Nor more bytes than this: the server's limit is 8 MiB.
const BYTES: usize = 6 << 20;
/// How long the first list of a kind may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(super) client: Arc<dyn Client>,
    informers: Informers,
    env: Env,
    /// Kinds that commits define.
    pub(super) expected: Expected,
    /// Kinds that are asked for and that nobody has.
    pub(crate) lacking: Lacking,
    /// Whether the server has transactions, once that is known.
    transactions: Arc<OnceLock<bool>>,
    known: Arc<Mutex<BTreeSet<Collection>>>,
    /// Tells of each kind that is read for the first time. There are only so many kinds.
    new: mpsc::UnboundedSender<Cache>,
}

impl Cluster {
    /// With it come the caches of the kinds it reads, each when it is read for the first time.
    pub(crate) fn new(
        client: &Arc<dyn Client>,
        informers: &Informers,
        env: &Env,
    ) -> (Self, mpsc::UnboundedReceiver<Cache>) {
        let (new, receiver) = mpsc::unbounded_channel();
        let cluster = Self {
            client: client.clone(),
            informers: informers.clone(),
            env: env.clone(),
            expected: Expected::default(),
            lacking: Lacking::default(),
            transactions: Arc::default(),
            known: Arc::default(),
            new,
        };
        (cluster, receiver)
    }

    /// Empty, and never synced, where the server has no such kind yet.
    pub(crate) fn cache(&self, collection: &Collection) -> Cache {
        if !self.has(collection) {
            return Cache::new(collection.clone());
        }
        let cache = self.informers.cache(collection);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(collection.clone()) {
            // Nobody listens any more once the service ends.
            let _ = self.new.send(cache.clone());
        }
        cache
    }

    /// The live objects among `keys`, as the caches have them.
    pub(crate) async fn live(
        &self,
        keys: &BTreeSet<ObjectKey>,
    ) -> Result<BTreeMap<ObjectKey, Object>, Error> {
        let collections: BTreeSet<&Collection> = keys.iter().map(|key| &key.collection).collect();
        // Of a kind that the server does not have, nothing is there.
        for collection in collections.into_iter().filter(|it| self.has(it)) {
            self.synced(collection).await?;
        }
        let live = |key: &ObjectKey| {
            let object = self.cache(&key.collection).get(key)?;
            Some((key.clone(), (*object).clone()))
        };
        Ok(keys.iter().filter_map(live).collect())
    }

    /// The same, those that are asked for in another version than the caches have in theirs.
    pub(crate) async fn live_as(
        &self,
        keys: &BTreeSet<ObjectKey>,
        manifests: &[Manifest],
    ) -> Result<BTreeMap<ObjectKey, Object>, Error> {
        let mut live = self.live(keys).await?;
        let kinds = self.kinds();
        for manifest in manifests {
            let gvk = manifest.object.gvk();
            if !kinds.is_converted(&gvk) {
                continue;
            }
            let Some(key) = kinds
                .key(&manifest.object)
                .filter(|it| live.contains_key(it))
            else {
                continue;
            };
            match self.client.get_in_version(&key, &gvk.version).await {
                Ok(object) => live.insert(key, object),
                Err(error) if error.is_not_found() => live.remove(&key),
                Err(error) => return Err(error),
            };
        }
        Ok(live)
    }

    async fn synced(&self, collection: &Collection) -> Result<(), Error> {
        let cache = self.cache(collection);
        tokio::select! {
            biased;
            () = cache.synced() => Ok(()),
            () = self.env.clock.sleep(PATIENCE) => Err(Error::Transport {
                operation: format!("list {collection}"),
                source: format!("no answer within {} s", PATIENCE.as_secs()).into(),
            }),
        }
    }

    /// What the server would store for each object; nothing is changed. `None` where it does not
    /// say.
    ///
    /// # Errors
    /// [`Refusal`] names the object that is at fault.
    pub(crate) async fn stored(
        &self,
        client: &dyn Client,
        objects: &[&Object],
    ) -> Result<Vec<Option<Object>>, Refusal> {
        if !self.has_transactions(client).await? {
            return each::stored(client, &self.kinds(), objects).await;
        }
        let mut stored = Vec::new();
        // What comes first makes room for the rest: it is in every part.
        let room: Vec<usize> = objects
            .iter()
            .enumerate()
            .filter(|(_, object)| makes_room(object))
            .map(|(index, _)| index)
            .collect();
        let mut from = 0;
        while from < objects.len() {
            let before: Vec<usize> = room.iter().copied().filter(|n| *n < from).collect();
            let left = STEPS.saturating_sub(before.len()).max(1);
            let to = from + fitting(objects[from..].iter().copied(), left);
            let part: Vec<usize> = before.iter().copied().chain(from..to).collect();
            let steps: Vec<Step> = part.iter().map(|at| apply(objects[*at], None)).collect();
            let answer = client.transaction(&steps, true, MANAGER.into()).await;
            let answer = answer.map_err(|error| Refusal::of(error, &part))?;
            stored.extend(answer.into_iter().skip(before.len()).map(Some));
            from = to;
        }
        Ok(stored)
    }

    /// Applies all of `objects`, or none of them where the server can do that. Answers them as
    /// they came to be. `commit` is what asks for them; empty for none.
    pub(crate) async fn apply(
        &self,
        client: &dyn Client,
        objects: &[Object],
        commit: &str,
    ) -> Result<Vec<Object>, Error> {
        let span = tracing::info_span!("apply", kedge.objects = objects.len());
        self.apply_all(client, objects, commit)
            .instrument(span)
            .await
    }

    async fn apply_all(
        &self,
        client: &dyn Client,
        objects: &[Object],
        commit: &str,
    ) -> Result<Vec<Object>, Error> {
        let mut made = Vec::with_capacity(objects.len());
        if self.has_transactions(client).await? {
            let mut left = objects;
            while !left.is_empty() {
                let (part, rest) = left.split_at(fitting(left, STEPS));
                let now = self.env.now();
                let steps: Vec<Step> = part.iter().map(|object| write(object, now)).collect();
                made.extend(client.transaction(&steps, false, author(commit)).await?);
                left = rest;
            }
            return Ok(made);
        }
        let kinds = self.kinds();
        for object in objects {
            made.push(match method(object) {
                Method::Replace => self.replace_one(client, &kinds, object).await?,
                _ => each::apply(client, &kinds, object, Write::Real).await?,
            });
        }
        Ok(made)
    }

    /// Deletes exactly these, in this order. `commit` is what no longer asks for them.
    pub(crate) async fn delete(
        &self,
        client: &dyn Client,
        objects: &[(ObjectKey, Uid)],
        commit: &str,
    ) -> Result<(), Error> {
        if self.has_transactions(client).await? {
            for part in objects.chunks(STEPS) {
                let step = |(key, uid): &(ObjectKey, Uid)| Step::Delete {
                    key: key.clone(),
                    uid: Some(uid.clone()),
                };
                let steps: Vec<Step> = part.iter().map(step).collect();
                client.transaction(&steps, false, author(commit)).await?;
            }
            return Ok(());
        }
        for (key, uid) in objects {
            let options = DeleteOptions {
                propagation: Some(Propagation::Background),
                uid: Some(uid.clone()),
                ..DeleteOptions::default()
            };
            match client.delete(key, &options).await {
                // It is gone, or somebody else's by now.
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                answer => drop(answer?),
            }
        }
        Ok(())
    }

    /// Replaces what is there, and creates what is not.
    async fn replace_one(
        &self,
        client: &dyn Client,
        kinds: &Kinds,
        object: &Object,
    ) -> Result<Object, Error> {
        let key = kinds.key(object);
        let live = key.and_then(|key| Some((self.cache(&key.collection).get(&key)?, key)));
        let Some((live, key)) = live else {
            return each::apply(client, kinds, object, Write::Real).await;
        };
        let next = whole(object, self.env.now());
        each::replace(client, key, next, &live).await
    }

    async fn has_transactions(&self, client: &dyn Client) -> Result<bool, Error> {
        if let Some(known) = self.transactions.get() {
            return Ok(*known);
        }
        let has = match client.transaction(&[], true, MANAGER.into()).await {
            Ok(_) => true,
            Err(Error::Api(status)) if status.reason == Reason::NotFound => false,
            Err(error) => return Err(error),
        };
        Ok(*self.transactions.get_or_init(|| has))
    }
}

fn author(commit: &str) -> Author<'_> {
    Author {
        field_manager: MANAGER,
        commit,
    }
}

/// How many of the first objects go into one transaction: at least one.
fn fitting<'a>(objects: impl IntoIterator<Item = &'a Object>, most: usize) -> usize {
    let mut bytes = 0;
    let fits = |object: &&Object| {
        bytes += object.body.to_string().len();
        bytes <= BYTES
    };
    objects
        .into_iter()
        .take(most)
        .take_while(fits)
        .count()
        .max(1)
}

/// Git wins: what others own by now is taken over.
fn apply(object: &Object, uid: Option<Uid>) -> Step {
    Step::Apply {
        object: object.clone(),
        force: true,
        uid,
    }
}

/// As the manifest wants to be applied.
fn write(object: &Object, now: Timestamp) -> Step {
    match method(object) {
        Method::Replace => Step::Restore {
            object: whole(object, now),
        },
        _ => apply(object, None),
    }
}

/// The object as if there had been nothing before, with a record of who owns it.
fn whole(object: &Object, now: Timestamp) -> Object {
    let manager = Manager {
        name: MANAGER,
        subresource: "",
    };
    let schema = api::schema::kind(&object.gvk());
    let fresh = patch::apply::apply(None, object, &manager, Conflicts::Force, now, schema);
    // What does not fit the schema was refused before.
    fresh.unwrap_or_else(|_| object.clone())
}

/// A dry run that failed.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Which object is at fault, if one is.
    pub(crate) object: Option<usize>,
    pub(crate) error: Error,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            object: None,
            error,
        }
    }
}

impl Refusal {
    /// Reads the step's number off the message, `step 3: …`, and takes it out.
    fn of(error: Error, part: &[usize]) -> Self {
        let Error::Api(mut status) = error else {
            return error.into();
        };
        let numbered = status.message.strip_prefix("step ").and_then(|rest| {
            let (number, message) = rest.split_once(": ")?;
            Some((number.parse::<usize>().ok()?, message.to_owned()))
        });
        let object = numbered.and_then(|(number, message)| {
            status.message = message;
            part.get(number).copied()
        });
        Self {
            object,
            error: status.into(),
        }
    }
}
