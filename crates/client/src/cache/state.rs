//! The maps behind a cache, always changed together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Collection, Object, ObjectKey, Uid};

use super::{Change, IndexKeys, Listening, Observer};

/// Every value with every key that has it. One set for all: most values have one key, and a set of
/// its own for each takes ten times the memory.
type Entries = BTreeSet<(String, ObjectKey)>;

#[derive(Default)]
pub(super) struct State {
    pub(super) objects: BTreeMap<ObjectKey, Arc<Object>>,
    owners: Entries,
    uids: BTreeMap<Uid, ObjectKey>,
    indexes: BTreeMap<&'static str, Index>,
    observers: Vec<Observer>,
}

struct Index {
    keys: IndexKeys,
    entries: Entries,
}

impl State {
    pub(super) fn owned_by(&self, owner: &Uid) -> Vec<Arc<Object>> {
        self.collect(&self.owners, &owner.0)
    }

    pub(super) fn by_uid(&self, uid: &Uid) -> Option<Arc<Object>> {
        self.objects.get(self.uids.get(uid)?).cloned()
    }

    pub(super) fn indexed(&self, index: &str, value: &str) -> Vec<Arc<Object>> {
        let index = self.indexes.get(index);
        index.map_or_else(Vec::new, |index| self.collect(&index.entries, value))
    }

    pub(super) fn add_index(&mut self, name: &'static str, keys: IndexKeys) {
        if self.indexes.contains_key(name) {
            return;
        }
        let mut entries = Entries::new();
        for (key, object) in &self.objects {
            enter(&mut entries, keys(object), key);
        }
        self.indexes.insert(name, Index { keys, entries });
    }

    pub(super) fn observe(&mut self, observer: Observer) {
        let listening = self.objects.iter().all(|(key, object)| {
            let change = Change {
                key: key.clone(),
                before: None,
                after: Some(object.clone()),
            };
            observer(&change) == Listening::On
        });
        if listening {
            self.observers.push(observer);
        }
    }

    pub(super) fn upsert(&mut self, key: ObjectKey, object: Object) {
        let after = Arc::new(object);
        let before = self.objects.insert(key.clone(), after.clone());
        self.changed(key, before, Some(after));
    }

    pub(super) fn remove(&mut self, key: &ObjectKey) {
        if let Some(before) = self.objects.remove(key) {
            self.changed(key.clone(), Some(before), None);
        }
    }

    pub(super) fn replace(&mut self, items: impl Iterator<Item = (ObjectKey, Object)>) {
        let mut fresh: BTreeMap<ObjectKey, Arc<Object>> =
            items.map(|(key, object)| (key, Arc::new(object))).collect();
        let stale = std::mem::take(&mut self.objects);
        for (key, object) in &mut fresh {
            // What is unchanged stays shared with whoever holds it already.
            if let Some(before) = stale.get(key).filter(|before| ***before == **object) {
                *object = before.clone();
            }
        }
        self.objects = fresh;
        let changes: Vec<Change> = differences(&stale, &self.objects);
        for change in changes {
            self.changed(change.key, change.before, change.after);
        }
    }

    fn changed(&mut self, key: ObjectKey, before: Option<Arc<Object>>, after: Option<Arc<Object>>) {
        if let Some(object) = &before {
            leave(&mut self.owners, owner_uids(object), &key);
            // A later object may hold the key by now; only its own uid goes.
            self.uids.remove(&object.uid());
            for index in self.indexes.values_mut() {
                leave(&mut index.entries, (index.keys)(object), &key);
            }
        }
        if let Some(object) = &after {
            enter(&mut self.owners, owner_uids(object), &key);
            self.uids.insert(object.uid(), key.clone());
            for index in self.indexes.values_mut() {
                enter(&mut index.entries, (index.keys)(object), &key);
            }
        }
        let change = Change { key, before, after };
        self.observers
            .retain(|observer| observer(&change) == Listening::On);
    }

    fn collect(&self, entries: &Entries, value: &str) -> Vec<Arc<Object>> {
        let first = (value.to_owned(), Collection::new("", "").key("", ""));
        entries
            .range(first..)
            .take_while(|(own, _)| own == value)
            .filter_map(|(_, key)| self.objects.get(key).cloned())
            .collect()
    }
}

fn differences(
    stale: &BTreeMap<ObjectKey, Arc<Object>>,
    fresh: &BTreeMap<ObjectKey, Arc<Object>>,
) -> Vec<Change> {
    let gone = stale
        .iter()
        .filter(|(key, _)| !fresh.contains_key(*key))
        .map(|(key, before)| (key, Some(before), None));
    let there = fresh
        .iter()
        .map(|(key, after)| (key, stale.get(key), Some(after)))
        .filter(|(_, before, after)| match (before, after) {
            (Some(before), Some(after)) => !Arc::ptr_eq(before, after),
            _ => true,
        });
    gone.chain(there)
        .map(|(key, before, after)| Change {
            key: key.clone(),
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

fn owner_uids(object: &Object) -> Vec<String> {
    object
        .owner_references()
        .into_iter()
        .map(|owner| owner.uid.0)
        .collect()
}

fn enter(entries: &mut Entries, values: Vec<String>, key: &ObjectKey) {
    entries.extend(values.into_iter().map(|value| (value, key.clone())));
}

fn leave(entries: &mut Entries, values: Vec<String>, key: &ObjectKey) {
    for value in values {
        entries.remove(&(value, key.clone()));
    }
}
