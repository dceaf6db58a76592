//! Which change made each field what it is. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, Revision};

use crate::store::{Change, ChangeKind};

use super::fields::{self, FieldChange, Fields};

/// One version of an object and the change that made it.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) change: Arc<Change>,
    pub(super) fields: Fields,
}

impl Version {
    pub(super) fn new(change: &Arc<Change>, object: &Object) -> Self {
        Self {
            change: Arc::clone(change),
            fields: fields::flatten(object),
        }
    }
}

/// Who made a field what it is.
#[derive(Debug, Clone)]
pub(super) struct Guilt {
    pub(super) change: Arc<Change>,
    pub(super) what: FieldChange,
    /// Not: the field may be as it is for longer.
    pub(super) is_exact: bool,
}

/// Walks from the newest version to older ones until every field is explained.
pub(super) struct Blame {
    left: Fields,
    newer: Option<Version>,
    found: BTreeMap<String, Guilt>,
    is_over: bool,
}

impl Blame {
    /// About the object as `newest` has it.
    pub(super) fn new(newest: Version) -> Self {
        Self {
            left: newest.fields.clone(),
            newer: Some(newest),
            found: BTreeMap::new(),
            is_over: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over || self.left.is_empty()
    }

    /// The next older version. Those before the object's creation are of another object.
    pub(super) fn add(&mut self, older: Version) {
        let Some(newer) = self.newer.take() else {
            return;
        };
        if newer.change.kind == ChangeKind::Created || older.change.kind == ChangeKind::Deleted {
            self.close(&newer, Revision(0));
            return;
        }
        for change in fields::changes(&older.fields, &newer.fields) {
            if self.left.remove(&change.field).is_some() {
                let guilt = Guilt {
                    change: Arc::clone(&newer.change),
                    what: change.clone(),
                    is_exact: true,
                };
                self.found.insert(change.field, guilt);
            }
        }
        self.newer = Some(older);
    }

    /// No older version is read. `oldest` is where the log begins: what was made before that, or
    /// before the last version read, is only known to be no younger.
    pub(super) fn finish(mut self, oldest: Revision) -> BTreeMap<String, Guilt> {
        if let Some(newer) = self.newer.take() {
            self.close(&newer, oldest);
        }
        self.found
    }

    fn close(&mut self, first: &Version, oldest: Revision) {
        self.is_over = true;
        let is_exact = first.change.kind == ChangeKind::Created && first.change.revision >= oldest;
        for (field, value) in std::mem::take(&mut self.left) {
            let guilt = Guilt {
                change: Arc::clone(&first.change),
                what: FieldChange {
                    field: field.clone(),
                    was: None,
                    is: Some(value),
                },
                is_exact,
            };
            self.found.insert(field, guilt);
        }
    }
}
