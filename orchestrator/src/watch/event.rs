//! One change as watchers see it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use api::Revision;

use super::{FieldGetter, Filter, Item};
use crate::store::{Body, Change, ChangeKind};

/// What a stream hands out.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    Event {
        kind: EventKind,
        revision: Revision,
        /// The object's JSON, with its resource version. Shared with every other watcher.
        json: Bytes,
    },
    /// Everything up to this revision was delivered. `initial_end` closes the initial events of
    /// [`super::Start::Streamed`].
    Bookmark {
        revision: Revision,
        initial_end: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    Added,
    Modified,
    Deleted,
}

impl EventKind {
    /// The `type` of the wire format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// A committed change with the state before it. Encoded once, whoever watches.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: ChangeKind,
    /// The new state, or the last one at the revision of the deletion.
    pub(crate) item: Arc<Item>,
    pub(crate) previous: Option<Arc<Item>>,
    /// The previous state at this revision, for watchers whose selector it left.
    left: OnceLock<Bytes>,
}

impl Event {
    pub(crate) fn new(change: &Change, previous: Option<Arc<Item>>) -> Self {
        let item = Item::new(
            change.key.clone(),
            change.uid.clone(),
            change.revision,
            &change.body,
        );
        Self {
            kind: change.kind,
            item: Arc::new(item),
            previous,
            left: OnceLock::new(),
        }
    }

    pub(crate) fn revision(&self) -> Revision {
        self.item.revision
    }

    /// What this change is for a watcher with this filter; `None`: nothing.
    pub(crate) fn delivery(&self, filter: &Filter, read: &FieldGetter) -> Option<Delivery> {
        let is = self.kind != ChangeKind::Deleted && filter.matches(&self.item, read);
        let was = self.kind != ChangeKind::Created
            && filter.matches(self.previous.as_ref().unwrap_or(&self.item), read);
        let kind = transition(was, is)?;
        let json = match (&self.previous, self.kind) {
            (Some(previous), ChangeKind::Replaced) if kind == EventKind::Deleted => self
                .left
                .get_or_init(|| at(previous, self.revision()))
                .clone(),
            _ => self.item.json.clone(),
        };
        Some(Delivery::Event {
            kind,
            revision: self.revision(),
            json,
        })
    }
}

/// The event for an object that was and is among the watched ones, or not.
fn transition(was: bool, is: bool) -> Option<EventKind> {
    match (was, is) {
        (false, true) => Some(EventKind::Added),
        (true, true) => Some(EventKind::Modified),
        (true, false) => Some(EventKind::Deleted),
        (false, false) => None,
    }
}

/// The item's JSON with another resource version.
fn at(item: &Item, revision: Revision) -> Bytes {
    Body::encode(&item.object()).at(revision)
}
