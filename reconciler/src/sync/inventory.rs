//! Which Applications are on record, and which object belongs to which: the tables' content, in
//! memory. Only this process writes either of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::{Collection, ObjectKey, Uid};
use engine::plan::InventoryEntry;

use crate::history::{self, ApplicationRecord, InventoryItem, Write};

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Inventory {
    all: Arc<Mutex<All>>,
}

#[derive(Default)]
struct All {
    objects: BTreeMap<ObjectKey, Owned>,
    /// The same, by Application: nobody is left in it who owns nothing.
    owners: BTreeMap<Arc<str>, BTreeSet<ObjectKey>>,
    /// By name, those that were removed included.
    records: BTreeMap<String, Arc<ApplicationRecord>>,
}

struct Owned {
    application: Arc<str>,
    uid: Uid,
}

impl All {
    /// Gives the object to the Application; what is known of it stays.
    fn give(&mut self, application: &str, key: &ObjectKey) {
        let uid = match self.objects.get(key) {
            Some(owned) if &*owned.application == application => return,
            Some(_) => self.take(key).unwrap_or_default(),
            None => Uid::default(),
        };
        let name = match self.owners.get_key_value(application) {
            Some((name, _)) => name.clone(),
            None => Arc::from(application),
        };
        let keys = self.owners.entry(name.clone()).or_default();
        keys.insert(key.clone());
        let owned = Owned {
            application: name,
            uid,
        };
        self.objects.insert(key.clone(), owned);
    }

    fn take(&mut self, key: &ObjectKey) -> Option<Uid> {
        let owned = self.objects.remove(key)?;
        if let Some(keys) = self.owners.get_mut(&owned.application) {
            keys.remove(key);
            if keys.is_empty() {
                self.owners.remove(&owned.application);
            }
        }
        Some(owned.uid)
    }

    fn record(&mut self, record: Arc<ApplicationRecord>) {
        self.records.insert(record.name.clone(), record);
    }

    fn name(&mut self, key: &ObjectKey, uid: &Uid) {
        if let Some(owned) = self.objects.get_mut(key) {
            owned.uid = uid.clone();
        }
    }
}

impl Inventory {
    pub(crate) async fn load(history: &history::Reader) -> Result<Self, history::Error> {
        let inventory = Self::default();
        let items = history.whole_inventory().await?;
        let records = history.application_records().await?;
        let mut all = inventory.lock();
        for record in records.iter() {
            all.record(record.clone());
        }
        for item in items {
            let InventoryItem {
                application,
                key,
                uid,
                ..
            } = item;
            all.give(&application, &key);
            all.name(&key, &uid);
        }
        drop(all);
        Ok(inventory)
    }

    /// Does here what `writes` did in the table. Others are passed over.
    pub(crate) fn follow(&self, writes: &[Write]) {
        let mut all = self.lock();
        for write in writes {
            match write {
                Write::InventoryAdd {
                    application, keys, ..
                } => {
                    for key in keys {
                        all.give(application, key);
                    }
                }
                Write::InventoryUids { uids } => {
                    for (key, uid) in uids {
                        all.name(key, uid);
                    }
                }
                Write::InventoryRemove { application, keys } => {
                    for key in keys {
                        let owned = all.objects.get(key);
                        if owned.is_some_and(|it| *it.application == **application) {
                            all.take(key);
                        }
                    }
                }
                Write::Applications(records) => {
                    for record in records {
                        all.record(Arc::new(record.clone()));
                    }
                }
                _ => {}
            }
        }
    }

    /// What is on record of an Application.
    pub(crate) fn record(&self, application: &str) -> Option<Arc<ApplicationRecord>> {
        self.lock().records.get(application).cloned()
    }

    pub(crate) fn of(&self, application: &str) -> Vec<InventoryEntry> {
        let all = self.lock();
        let own = all.owners.get(application).into_iter().flatten();
        own.map(|key| InventoryEntry {
            key: key.clone(),
            uid: all.objects[key].uid.clone(),
        })
        .collect()
    }

    /// Those of the Application's keys that `are`.
    pub(crate) fn keys(
        &self,
        application: &str,
        are: impl Fn(&ObjectKey) -> bool,
    ) -> Vec<ObjectKey> {
        let all = self.lock();
        let own = all.owners.get(application).into_iter().flatten();
        own.filter(|key| are(key)).cloned().collect()
    }

    /// How many objects are the Application's.
    pub(crate) fn count(&self, application: &str) -> usize {
        self.lock().owners.get(application).map_or(0, BTreeSet::len)
    }

    /// The Application an object belongs to.
    pub(crate) fn owner(&self, key: &ObjectKey) -> Option<String> {
        let all = self.lock();
        Some(all.objects.get(key)?.application.to_string())
    }

    /// The objects that `are`, of all Applications, and whose they are.
    pub(crate) fn all(&self, are: impl Fn(&ObjectKey) -> bool) -> Vec<(ObjectKey, String)> {
        let all = self.lock();
        let found = all.objects.iter().filter(|(key, _)| are(key));
        found
            .map(|(key, owned)| (key.clone(), owned.application.to_string()))
            .collect()
    }

    /// Every Application that owns anything.
    pub(crate) fn applications(&self) -> Vec<String> {
        self.lock().owners.keys().map(ToString::to_string).collect()
    }

    /// Every collection in which anything is.
    pub(crate) fn collections(&self) -> Vec<Collection> {
        let all = self.lock();
        let mut collections: Vec<Collection> = Vec::new();
        for key in all.objects.keys() {
            if collections.last() != Some(&key.collection) {
                collections.push(key.collection.clone());
            }
        }
        collections
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_owner() {
        let key = |name: &str| Collection::new("", "configmaps").key("shop", name);
        let inventory = Inventory::default();
        let add = |application: &str, names: &[&str]| {
            inventory.follow(&[Write::InventoryAdd {
                application: application.into(),
                keys: names.iter().map(|name| key(name)).collect(),
                at: jiff::Timestamp::UNIX_EPOCH,
            }]);
        };
        let check = |application: &str, expected: &[&str]| {
            let own = inventory.of(application);
            let names: Vec<&str> = own.iter().map(|entry| entry.key.name.as_str()).collect();
            assert_eq!(
                (names.as_slice(), inventory.count(application)),
                (expected, expected.len())
            );
        };
        add("web", &["a", "b"]);
        let uids = vec![(key("b"), Uid("1".into()))];
        inventory.follow(&[Write::InventoryUids { uids }]);
        add("api", &["b", "c"]);
        check("web", &["a"]);
        check("api", &["b", "c"]);
        assert_eq!(inventory.of("api")[0].uid, Uid("1".into()));
        assert_eq!(inventory.owner(&key("b")).as_deref(), Some("api"));
        // It is not web's any more: web cannot give it away.
        let remove = |application: &str, name: &str| Write::InventoryRemove {
            application: application.into(),
            keys: vec![key(name)],
        };
        inventory.follow(&[remove("web", "b"), remove("web", "a")]);
        check("api", &["b", "c"]);
        assert_eq!(inventory.applications(), ["api"]);
        assert_eq!(inventory.collections().len(), 1);
    }
}
