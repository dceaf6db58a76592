//! The store in memory: the exact twin of the one on Postgres, for simulations and tests.
//!
//! Every call finishes without waiting, so a simulation stays deterministic.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::{Timestamp, Unit};
use tokio::sync::broadcast;

use api::{Collection, ObjectKey, Revision};
use client::Env;

use super::decide::{self, Name, View};
use super::{
    Applied, Asked, Change, ChangeKind, Commit, EPOCH_SHIFT, Error, Listing, Operation, Store,
    Stored, Write, epoch,
};

/// News kept for a slow receiver; past that it reads the log.
const COMMITS: usize = 256;

/// A store that lives as long as the process.
pub struct MemoryStore {
    env: Env,
    state: Mutex<State>,
    commits: broadcast::Sender<Commit>,
}

#[derive(Default)]
struct State {
    revision: Revision,
    objects: BTreeMap<ObjectKey, Stored>,
    holders: BTreeMap<Name, ObjectKey>,
    held: BTreeMap<ObjectKey, Vec<Name>>,
    /// The first revision the log still holds.
    oldest: Revision,
    /// Each object's version just before `oldest`.
    baseline: BTreeMap<ObjectKey, Arc<Change>>,
    log: VecDeque<Arc<Change>>,
    asked: Vec<Asked>,
}

impl MemoryStore {
    pub fn new(env: Env) -> Self {
        Self {
            env,
            state: Mutex::new(State {
                oldest: Revision(1),
                ..State::default()
            }),
            commits: broadcast::Sender::new(COMMITS),
        }
    }

    /// Begins a new epoch, as a database does after a restore or failover.
    pub fn begin_epoch(&self) {
        let mut state = self.state();
        state.revision = Revision((epoch(state.revision) + 1) << EPOCH_SHIFT);
        let revision = state.revision;
        drop(state);
        let _ = self.commits.send(Commit::Hint(revision));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.env
            .now()
            .round(Unit::Microsecond)
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn announce(&self, after: Revision, changes: Vec<Arc<Change>>) {
        if !changes.is_empty() {
            // No receiver is no error: nobody watches yet.
            let _ = self.commits.send(Commit::Own {
                after,
                changes: changes.into(),
            });
        }
    }
}

impl State {
    fn view(&self, writes: &[Write]) -> View {
        let mut view = View::default();
        for write in writes {
            if let Some(stored) = self.objects.get(&write.key) {
                view.insert_object(write.key.clone(), stored.revision);
            }
            for name in self.held.get(&write.key).into_iter().flatten() {
                view.insert_holder(name.clone(), write.key.clone());
            }
            for name in write.allocations.iter().map(decide::name) {
                if let Some(holder) = self.holders.get(&name) {
                    view.insert_holder(name, holder.clone());
                }
            }
        }
        view
    }

    fn apply(&mut self, write: Write, kind: ChangeKind, at: Timestamp) -> Arc<Change> {
        self.revision = Revision(self.revision.0 + 1);
        for name in self.held.remove(&write.key).unwrap_or_default() {
            self.holders.remove(&name);
        }
        let body = match write.operation {
            Operation::Create(body)
            | Operation::Replace { body, .. }
            | Operation::Delete { last: body, .. } => body,
        };
        let change = Arc::new(Change {
            revision: self.revision,
            at,
            key: write.key,
            uid: write.uid,
            kind,
            actor: write.actor,
            commit: write.commit,
            body,
        });
        if kind == ChangeKind::Deleted {
            self.objects.remove(&change.key);
        } else {
            self.objects.insert(change.key.clone(), stored(&change));
            let names: Vec<Name> = write.allocations.iter().map(decide::name).collect();
            for name in &names {
                self.holders.insert(name.clone(), change.key.clone());
            }
            if !names.is_empty() {
                self.held.insert(change.key.clone(), names);
            }
        }
        self.log.push_back(Arc::clone(&change));
        change
    }

    /// The changes up to `revision` that made the state of then, oldest first.
    fn until(&self, revision: Revision) -> impl DoubleEndedIterator<Item = &Arc<Change>> {
        let log = self
            .log
            .iter()
            .take_while(move |change| change.revision <= revision);
        self.baseline.values().chain(log.collect::<Vec<_>>())
    }

    fn check_reaches(&self, revision: Revision) -> Result<(), Error> {
        if revision.0 + 1 < self.oldest.0 {
            return Err(Error::Compacted {
                requested: revision,
                oldest: self.oldest,
            });
        }
        Ok(())
    }
}

fn stored(change: &Change) -> Stored {
    Stored {
        key: change.key.clone(),
        uid: change.uid.clone(),
        revision: change.revision,
        body: change.body.clone(),
    }
}

fn is_in(collection: Option<&Collection>, key: &ObjectKey) -> bool {
    collection.is_none_or(|collection| key.collection == *collection)
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &ObjectKey) -> Result<Option<Stored>, Error> {
        Ok(self.state().objects.get(key).cloned())
    }

    async fn list(&self, collection: Option<&Collection>) -> Result<Listing, Error> {
        let state = self.state();
        let items = state
            .objects
            .values()
            .filter(|stored| is_in(collection, &stored.key));
        Ok(Listing {
            items: items.cloned().collect(),
            revision: state.revision,
        })
    }

    async fn write(&self, writes: Vec<Write>) -> Vec<Result<Arc<Change>, Error>> {
        let at = self.now();
        let mut state = self.state();
        let after = state.revision;
        let mut view = state.view(&writes);
        let answers: Vec<_> = writes
            .into_iter()
            .map(|write| {
                let next = Revision(state.revision.0 + 1);
                let kind = decide::admit(&mut view, &write, next)?;
                Ok(state.apply(write, kind, at))
            })
            .collect();
        // Sent under the lock: news must be in the order of the commits.
        self.announce(after, answers.iter().flatten().cloned().collect());
        answers
    }

    async fn transaction(&self, writes: Vec<Write>) -> Result<Vec<Arc<Change>>, (usize, Error)> {
        let at = self.now();
        let mut state = self.state();
        let after = state.revision;
        let mut view = state.view(&writes);
        let kinds = decide::admit_all(&mut view, &writes, Revision(after.0 + 1))?;
        let changes: Vec<_> = writes
            .into_iter()
            .zip(kinds)
            .map(|(write, kind)| state.apply(write, kind, at))
            .collect();
        self.announce(after, changes.clone());
        Ok(changes)
    }

    async fn changes(&self, after: Revision, limit: usize) -> Result<Vec<Arc<Change>>, Error> {
        let state = self.state();
        state.check_reaches(after)?;
        let start = state.log.partition_point(|change| change.revision <= after);
        Ok(state.log.iter().skip(start).take(limit).cloned().collect())
    }

    async fn before(&self, points: &[(ObjectKey, Revision)]) -> Result<Vec<Option<Stored>>, Error> {
        let state = self.state();
        let version = |(key, revision): &(ObjectKey, Revision)| {
            state
                .until(Revision(revision.0 - 1))
                .rev()
                .find(|change| change.key == *key)
                .filter(|change| change.kind != ChangeKind::Deleted)
                .map(|change| stored(change))
        };
        Ok(points.iter().map(version).collect())
    }

    async fn history(
        &self,
        key: &ObjectKey,
        until: Revision,
        limit: usize,
    ) -> Result<Vec<Arc<Change>>, Error> {
        let state = self.state();
        state.check_reaches(until)?;
        let changes = state.until(until).filter(|change| change.key == *key);
        Ok(changes.rev().take(limit).cloned().collect())
    }

    async fn oldest(&self) -> Result<Revision, Error> {
        Ok(self.state().oldest)
    }

    async fn revision(&self) -> Result<Revision, Error> {
        Ok(self.state().revision)
    }

    async fn revision_at(&self, time: Timestamp) -> Result<Option<Revision>, Error> {
        let state = self.state();
        Ok(state
            .log
            .iter()
            .rev()
            .find(|change| change.at <= time)
            .map(|change| change.revision))
    }

    async fn applied(&self, prefix: &str) -> Result<Vec<Applied>, Error> {
        let state = self.state();
        let mut last = BTreeMap::new();
        let is_meant = |change: &&Arc<Change>| {
            !change.commit.is_empty()
                && change.commit.starts_with(prefix)
                && change.revision >= state.oldest
        };
        for change in state.log.iter().filter(is_meant) {
            last.insert(change.commit.to_string(), (change.revision, change.at));
        }
        let applied = |(commit, (revision, at))| Applied {
            commit,
            revision,
            at,
        };
        Ok(last.into_iter().take(2).map(applied).collect())
    }

    async fn at(
        &self,
        collection: Option<&Collection>,
        revision: Revision,
    ) -> Result<Listing, Error> {
        let state = self.state();
        state.check_reaches(revision)?;
        let mut items = BTreeMap::new();
        for change in state
            .until(revision)
            .filter(|change| is_in(collection, &change.key))
        {
            match change.kind {
                ChangeKind::Deleted => items.remove(&change.key),
                ChangeKind::Created | ChangeKind::Replaced => {
                    items.insert(change.key.clone(), stored(change))
                }
            };
        }
        Ok(Listing {
            items: items.into_values().collect(),
            revision,
        })
    }

    async fn compact(&self, before: Revision) -> Result<(), Error> {
        let mut state = self.state();
        let before = before.min(Revision(state.revision.0 + 1));
        while state
            .log
            .front()
            .is_some_and(|change| change.revision < before)
        {
            let change = state.log.pop_front().expect("the front was just seen");
            match change.kind {
                ChangeKind::Deleted => state.baseline.remove(&change.key),
                ChangeKind::Created | ChangeKind::Replaced => {
                    state.baseline.insert(change.key.clone(), change)
                }
            };
        }
        state.oldest = state.oldest.max(before);
        Ok(())
    }

    async fn record(&self, asked: &[Asked]) -> Result<(), Error> {
        self.state().asked.extend_from_slice(asked);
        Ok(())
    }

    async fn forget(&self, before: Timestamp, most: i64) -> Result<(), Error> {
        let mut state = self.state();
        let surplus = state
            .asked
            .len()
            .saturating_sub(usize::try_from(most).unwrap_or(0));
        state.asked.drain(..surplus);
        state.asked.retain(|asked| asked.at >= before);
        Ok(())
    }

    fn commits(&self) -> broadcast::Receiver<Commit> {
        self.commits.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::contract;
    use super::*;

    struct Opened(MemoryStore);

    impl Opened {
        fn store(&self) -> &dyn Store {
            &self.0
        }
    }

    fn open() -> std::future::Ready<Opened> {
        std::future::ready(Opened(MemoryStore::new(Env::system())))
    }

    contract!(open);
}
