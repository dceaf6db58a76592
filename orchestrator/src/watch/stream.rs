//! One watch. It reads the shared ring at its own pace: there is no queue to fill, and a watcher
//! that falls out of the ring ends with [`Error::Expired`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;

use api::{Collection, ObjectKey, Revision};

use super::event::Event;
use super::lane::Lane;
use super::{Delivery, Error, EventKind, Filter, Item};
use crate::store::{self, Change, epoch};

/// Between bookmarks, as Kubernetes does.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// Changes read from the store at once, by a watcher older than the ring.
const PAGE: usize = 512;
/// How far behind a watcher may be and still be served from the store: past that a new list is
/// cheaper for everyone.
const MAX_CATCH_UP: usize = 20_000;

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first change after a revision.
    After(Revision),
    /// With an `Added` for everything that exists, then the changes.
    Existing,
    /// As [`Start::Existing`], with a bookmark in between (`sendInitialEvents`).
    Streamed,
}

/// One watch. Dropping it ends it.
pub struct Subscription {
    lane: Arc<Lane>,
    collection: Collection,
    filter: Filter,
    moved: watch::Receiver<Revision>,
    /// Everything up to here has been put into `ready`.
    cursor: Revision,
    ready: VecDeque<Delivery>,
    /// `Some` while the watcher is older than the ring: how many changes it has read since.
    behind: Option<usize>,
    /// The next bookmark is due when this ends.
    timer: BoxFuture<'static, ()>,
}

impl Subscription {
    pub(crate) fn open(
        lane: Arc<Lane>,
        collection: Collection,
        filter: Filter,
        start: Start,
    ) -> Result<Self, Error> {
        let mut state = lane.write();
        let moved = state.shelf(&collection).moved();
        let floor = state.shelf(&collection).floor;
        let mut ready = VecDeque::new();
        let cursor = match start {
            Start::After(revision) if epoch(revision) < epoch(state.position) => {
                return Err(Error::Expired {
                    requested: revision,
                    oldest: floor,
                });
            }
            Start::After(revision) => revision,
            Start::Existing | Start::Streamed => {
                let listing = state.list(&collection, &filter, &lane.fields);
                ready.extend(listing.items.iter().map(|item| added(item)));
                if start == Start::Streamed {
                    let revision = listing.revision;
                    ready.push_back(Delivery::Bookmark {
                        revision,
                        initial_end: true,
                    });
                }
                listing.revision
            }
        };
        drop(state);
        let timer = timer(&lane);
        let behind = (cursor < floor).then_some(0);
        Ok(Self {
            lane,
            collection,
            filter,
            moved,
            cursor,
            ready,
            behind,
            timer,
        })
    }

    /// The next thing to send; waits for it. May be dropped at any await without loss.
    ///
    /// # Errors
    /// The watch is over, and the watcher must list again.
    pub async fn next(&mut self) -> Result<Delivery, Error> {
        loop {
            if let Some(delivery) = self.ready.pop_front() {
                return Ok(delivery);
            }
            if let Some(delivery) = self.try_next()? {
                return Ok(delivery);
            }
            if self.behind.is_some() {
                self.catch_up().await?;
                continue;
            }
            tokio::select! {
                // In this order, or a busy collection would never let a bookmark through.
                biased;
                () = &mut self.timer => {
                    self.timer = timer(&self.lane);
                    self.fill()?;
                    self.ready.push_back(self.bookmark());
                }
                moved = self.moved.changed() => {
                    // The sender lives in the cache, which this subscription holds.
                    debug_assert!(moved.is_ok(), "the cache outlives its subscriptions");
                }
            }
        }
    }

    /// What can be sent without waiting; `None`: nothing at the moment.
    pub fn try_next(&mut self) -> Result<Option<Delivery>, Error> {
        if self.ready.is_empty() && self.behind.is_none() {
            self.moved.borrow_and_update();
            self.fill()?;
        }
        Ok(self.ready.pop_front())
    }

    /// A bookmark for right now, to close a watch whose time is up. True once everything
    /// [`Subscription::try_next`] had was sent.
    pub fn bookmark(&self) -> Delivery {
        Delivery::Bookmark {
            revision: self.cursor,
            initial_end: false,
        }
    }

    /// Takes what the ring has.
    fn fill(&mut self) -> Result<(), Error> {
        let (events, position) = self
            .lane
            .read()
            .events_after(&self.collection, self.cursor)
            .map_err(|oldest| Error::Expired {
                requested: self.cursor,
                oldest,
            })?;
        self.take(&events);
        self.cursor = position;
        Ok(())
    }

    fn take(&mut self, events: &[Arc<Event>]) {
        let fields = &self.lane.fields;
        self.ready.extend(
            events
                .iter()
                .filter_map(|event| event.delivery(&self.filter, fields)),
        );
    }

    /// Reads a page of the store's log, for a watcher older than the ring.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let expired = |oldest| Error::Expired {
            requested: self.cursor,
            oldest,
        };
        let page = match self.lane.store.changes(self.cursor, PAGE).await {
            Ok(page) => page,
            Err(store::Error::Compacted { oldest, .. }) => return Err(expired(oldest)),
            Err(error) => return Err(error.into()),
        };
        let read = self.behind.unwrap_or_default() + page.len();
        let floor = self.lane.write().shelf(&self.collection).floor;
        if read > MAX_CATCH_UP {
            return Err(expired(floor));
        }
        let events = events(&self.lane, &self.collection, &page).await?;
        self.take(&events);
        self.cursor = page
            .last()
            .map_or(self.cursor.max(floor), |last| last.revision);
        self.behind = (self.cursor < floor).then_some(read);
        Ok(())
    }
}

/// Pairs changes of this collection with what was before them.
async fn events(
    lane: &Lane,
    collection: &Collection,
    page: &[Arc<Change>],
) -> Result<Vec<Arc<Event>>, Error> {
    let changes: Vec<_> = page
        .iter()
        .filter(|change| change.key.collection == *collection)
        .collect();
    let mut versions: BTreeMap<ObjectKey, Option<Arc<Item>>> = BTreeMap::new();
    let mut points = Vec::new();
    for change in &changes {
        if versions.insert(change.key.clone(), None).is_none() {
            points.push((change.key.clone(), change.revision));
        }
    }
    let before = lane.store.before(&points).await?;
    for ((key, _), stored) in points.into_iter().zip(before) {
        versions.insert(
            key,
            stored.map(|stored| Arc::new(Item::from_stored(&stored))),
        );
    }
    Ok(changes
        .into_iter()
        .map(|change| {
            let previous = versions.get(&change.key).cloned().flatten();
            let event = Arc::new(Event::new(change, previous));
            versions.insert(change.key.clone(), Some(Arc::clone(&event.item)));
            event
        })
        .collect())
}

fn added(item: &Item) -> Delivery {
    Delivery::Event {
        kind: EventKind::Added,
        revision: item.revision,
        json: item.json.clone(),
    }
}

fn timer(lane: &Lane) -> BoxFuture<'static, ()> {
    let clock = Arc::clone(&lane.env.clock);
    Box::pin(async move { clock.sleep(BOOKMARK_EVERY).await })
}
