//! The cache itself: what exists, what changed lately, and how far it has read. No I/O.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use api::{Collection, ObjectKey, Revision};

use super::event::Event;
use super::{FieldGetter, Filter, Item};
use crate::store::{self, Change, ChangeKind};

/// Changes kept per collection for watchers that resume: at most this many …
const RECENT_EVENTS: usize = 8_192;
/// … and this many bytes of JSON.
const RECENT_BYTES: usize = 16 * 1024 * 1024;

/// A consistent list out of the cache.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Ordered by namespace, then name.
    pub items: Vec<Arc<Item>>,
    /// The revision at which the listing is true; watch from here to miss nothing.
    pub revision: Revision,
}

/// Everything of one store.
pub(crate) struct State {
    /// Every change up to here has been applied.
    pub(crate) position: Revision,
    /// The revision of the last full read; what came before is not in any ring.
    loaded: Revision,
    shelves: BTreeMap<Collection, Shelf>,
}

/// One collection.
pub(crate) struct Shelf {
    items: BTreeMap<(String, String), Arc<Item>>,
    recent: VecDeque<Arc<Event>>,
    recent_bytes: usize,
    /// Every change after this revision is in `recent`.
    pub(crate) floor: Revision,
    /// Moves with each change of this collection, and when the cache is read anew.
    moved: watch::Sender<Revision>,
}

impl State {
    pub(crate) fn load(listing: store::Listing) -> Self {
        let mut state = Self {
            position: listing.revision,
            loaded: listing.revision,
            shelves: BTreeMap::new(),
        };
        for stored in listing.items {
            let item = Arc::new(Item::from_stored(&stored));
            state
                .shelf(&stored.key.collection)
                .items
                .insert(place(&stored.key), item);
        }
        state
    }

    /// Replaces everything; watchers find that they have fallen behind.
    pub(crate) fn reload(&mut self, listing: store::Listing) {
        let fresh = Self::load(listing);
        let old = std::mem::take(&mut self.shelves);
        self.position = fresh.position;
        self.loaded = fresh.loaded;
        self.shelves = fresh.shelves;
        for (collection, shelf) in old {
            let loaded = self.loaded;
            let renewed = self.shelf(&collection);
            renewed.moved = shelf.moved;
            renewed.moved.send_replace(loaded);
        }
    }

    /// Applies the next change. The caller sees to the order.
    pub(crate) fn apply(&mut self, change: &Change) {
        self.position = change.revision;
        let shelf = self.shelf(&change.key.collection);
        let place = place(&change.key);
        let previous = shelf.items.get(&place).cloned();
        let event = Arc::new(Event::new(change, previous));
        if change.kind == ChangeKind::Deleted {
            shelf.items.remove(&place);
        } else {
            shelf.items.insert(place, Arc::clone(&event.item));
        }
        shelf.push(event);
    }

    pub(crate) fn shelf(&mut self, collection: &Collection) -> &mut Shelf {
        if !self.shelves.contains_key(collection) {
            self.shelves
                .insert(collection.clone(), Shelf::new(self.loaded));
        }
        self.shelves.get_mut(collection).expect("inserted above")
    }

    pub(crate) fn changed(&self, collection: &Collection) -> Option<Revision> {
        let shelf = self.shelves.get(collection)?;
        let moved = *shelf.moved.borrow();
        Some(moved)
    }

    pub(crate) fn get(&self, key: &ObjectKey) -> Option<Arc<Item>> {
        self.shelves
            .get(&key.collection)?
            .items
            .get(&place(key))
            .cloned()
    }

    pub(crate) fn list(
        &self,
        collection: &Collection,
        filter: &Filter,
        read: &FieldGetter,
    ) -> Listing {
        let items = self
            .shelves
            .get(collection)
            .map(|shelf| shelf.list(filter, read));
        Listing {
            items: items.unwrap_or_default(),
            revision: self.position,
        }
    }

    /// The changes of a collection after a revision, and the revision up to which that is all.
    /// `Err` with the ring's floor where it no longer reaches back that far.
    pub(crate) fn events_after(
        &self,
        collection: &Collection,
        after: Revision,
    ) -> Result<(Vec<Arc<Event>>, Revision), Revision> {
        let Some(shelf) = self.shelves.get(collection) else {
            return if after < self.loaded {
                Err(self.loaded)
            } else {
                Ok((Vec::new(), self.position))
            };
        };
        if after < shelf.floor {
            return Err(shelf.floor);
        }
        let start = shelf
            .recent
            .partition_point(|event| event.revision() <= after);
        let events = shelf.recent.range(start..).cloned().collect();
        Ok((events, self.position.max(after)))
    }
}

impl Shelf {
    fn new(floor: Revision) -> Self {
        Self {
            items: BTreeMap::new(),
            recent: VecDeque::new(),
            recent_bytes: 0,
            floor,
            moved: watch::Sender::new(floor),
        }
    }

    pub(crate) fn moved(&self) -> watch::Receiver<Revision> {
        self.moved.subscribe()
    }

    fn push(&mut self, event: Arc<Event>) {
        let revision = event.revision();
        self.recent_bytes += event.item.json.len();
        self.recent.push_back(event);
        while self.recent.len() > RECENT_EVENTS || self.recent_bytes > RECENT_BYTES {
            let Some(oldest) = self.recent.pop_front() else {
                break;
            };
            self.recent_bytes -= oldest.item.json.len();
            self.floor = oldest.revision();
        }
        self.moved.send_replace(revision);
    }

    fn list(&self, filter: &Filter, read: &FieldGetter) -> Vec<Arc<Item>> {
        let start = (filter.namespace.clone().unwrap_or_default(), String::new());
        self.items
            .range(start..)
            .map(|(_, item)| item)
            .take_while(|item| {
                filter
                    .namespace
                    .as_ref()
                    .is_none_or(|namespace| item.key.namespace == *namespace)
            })
            .filter(|item| filter.matches(item, read))
            .cloned()
            .collect()
    }
}

fn place(key: &ObjectKey) -> (String, String) {
    (key.namespace.clone(), key.name.clone())
}
