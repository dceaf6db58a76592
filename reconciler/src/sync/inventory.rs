//! Which object belongs to which Application: the table's content, in memory. Only this process
//! writes either of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::{Collection, ObjectKey, Uid};
use engine::plan::InventoryEntry;

use crate::history::{self, InventoryItem, Write};

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Inventory {
    objects: Arc<Mutex<BTreeMap<ObjectKey, Owned>>>,
}

#[derive(Debug, Clone)]
struct Owned {
    application: String,
    uid: Uid,
}

impl Inventory {
    pub(crate) async fn load(history: &history::Reader) -> Result<Self, history::Error> {
        let inventory = Self::default();
        for item in history.whole_inventory().await? {
            let InventoryItem {
                application,
                key,
                uid,
                ..
            } = item;
            inventory.lock().insert(key, Owned { application, uid });
        }
        Ok(inventory)
    }

    /// Does here what `writes` did in the table. Others are passed over.
    pub(crate) fn follow(&self, writes: &[Write]) {
        let mut objects = self.lock();
        for write in writes {
            match write {
                Write::InventoryAdd {
                    application, keys, ..
                } => {
                    for key in keys {
                        let owned = objects.entry(key.clone()).or_insert_with(|| Owned {
                            application: String::new(),
                            uid: Uid::default(),
                        });
                        owned.application.clone_from(application);
                    }
                }
                Write::InventoryUids { uids } => {
                    for (key, uid) in uids {
                        if let Some(owned) = objects.get_mut(key) {
                            owned.uid = uid.clone();
                        }
                    }
                }
                Write::InventoryRemove { application, keys } => {
                    for key in keys {
                        if objects
                            .get(key)
                            .is_some_and(|o| o.application == *application)
                        {
                            objects.remove(key);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn of(&self, application: &str) -> Vec<InventoryEntry> {
        let objects = self.lock();
        let own = objects.iter().filter(|(_, o)| o.application == application);
        own.map(|(key, owned)| InventoryEntry {
            key: key.clone(),
            uid: owned.uid.clone(),
        })
        .collect()
    }

    /// The Application an object belongs to.
    pub(crate) fn owner(&self, key: &ObjectKey) -> Option<String> {
        self.lock().get(key).map(|owned| owned.application.clone())
    }

    /// Every Application that owns anything.
    pub(crate) fn applications(&self) -> Vec<String> {
        let objects = self.lock();
        let mut names: Vec<String> = objects.values().map(|o| o.application.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every collection in which anything is.
    pub(crate) fn collections(&self) -> Vec<Collection> {
        let objects = self.lock();
        let mut collections: Vec<Collection> =
            objects.keys().map(|key| key.collection.clone()).collect();
        collections.dedup();
        collections
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Owned>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
