//! Which writes of a batch are accepted. Pure: both stores call it with what they hold for the
//! keys and names a batch mentions, so their answers cannot differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{ObjectKey, Revision};

use super::{Allocation, Change, ChangeKind, Error, Operation, Write};

/// An allocation without its lifetime: pool and value.
pub(super) type Name = (String, String);

/// What a store holds for the keys and names that a batch mentions, advanced write by write.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    revisions: BTreeMap<ObjectKey, Revision>,
    holders: BTreeMap<Name, ObjectKey>,
    held: BTreeMap<ObjectKey, BTreeSet<Name>>,
}

impl View {
    pub(super) fn insert_object(&mut self, key: ObjectKey, revision: Revision) {
        self.revisions.insert(key, revision);
    }

    pub(super) fn insert_holder(&mut self, name: Name, key: ObjectKey) {
        self.held
            .entry(key.clone())
            .or_default()
            .insert(name.clone());
        self.holders.insert(name, key);
    }

    pub(super) fn revision(&self, key: &ObjectKey) -> Option<Revision> {
        self.revisions.get(key).copied()
    }

    pub(super) fn is_holder(&self, key: &ObjectKey) -> bool {
        self.held.contains_key(key)
    }

    fn check(&self, write: &Write) -> Result<ChangeKind, Error> {
        let actual = self.revision(&write.key);
        let kind = match (&write.operation, actual) {
            (Operation::Create(_), None) => ChangeKind::Created,
            (Operation::Create(_), Some(_)) => {
                return Err(Error::AlreadyExists(write.key.clone()));
            }
            (Operation::Replace { .. } | Operation::Delete { .. }, None) => {
                return Err(Error::NotFound(write.key.clone()));
            }
            (
                Operation::Replace { expected, .. } | Operation::Delete { expected, .. },
                Some(actual),
            ) if actual != *expected => {
                return Err(Error::Conflict {
                    key: write.key.clone(),
                    expected: *expected,
                    actual,
                });
            }
            (Operation::Replace { .. }, Some(_)) => ChangeKind::Replaced,
            (Operation::Delete { .. }, Some(_)) => ChangeKind::Deleted,
        };
        match write
            .allocations
            .iter()
            .find(|wanted| self.is_taken(wanted, &write.key))
        {
            Some(taken) if kind != ChangeKind::Deleted => Err(Error::Taken(taken.clone())),
            _ => Ok(kind),
        }
    }

    fn is_taken(&self, wanted: &Allocation, by: &ObjectKey) -> bool {
        self.holders
            .get(&name(wanted))
            .is_some_and(|holder| holder != by)
    }

    fn apply(&mut self, write: &Write, kind: ChangeKind, revision: Revision) {
        for name in self.held.remove(&write.key).unwrap_or_default() {
            self.holders.remove(&name);
        }
        if kind == ChangeKind::Deleted {
            self.revisions.remove(&write.key);
            return;
        }
        self.revisions.insert(write.key.clone(), revision);
        for allocation in &write.allocations {
            self.insert_holder(name(allocation), write.key.clone());
        }
    }
}

pub(super) fn name(allocation: &Allocation) -> Name {
    (allocation.pool.to_owned(), allocation.value.clone())
}

/// Accepts one write as revision `next`, or says why not and leaves the view as it was.
pub(super) fn admit(view: &mut View, write: &Write, next: Revision) -> Result<ChangeKind, Error> {
    let kind = view.check(write)?;
    view.apply(write, kind, next);
    Ok(kind)
}

/// Accepts all writes, from revision `next` on, or none.
pub(super) fn admit_all<'a>(
    view: &mut View,
    writes: impl IntoIterator<Item = &'a Write>,
    next: Revision,
) -> Result<Vec<ChangeKind>, (usize, Error)> {
    let mut tentative = view.clone();
    let mut kinds = Vec::new();
    for ((index, write), revision) in writes.into_iter().enumerate().zip(next.0..) {
        let kind = admit(&mut tentative, write, Revision(revision));
        kinds.push(kind.map_err(|error| (index, error))?);
    }
    *view = tentative;
    Ok(kinds)
}

/// Of an object's changes, newest first, those that the log answers for, and the one that was
/// valid where it begins. Older ones may still lie about.
pub(super) fn remembered(mut changes: Vec<Arc<Change>>, oldest: Revision) -> Vec<Arc<Change>> {
    let known = changes.partition_point(|change| change.revision >= oldest);
    let is_valid = |change: &Arc<Change>| change.kind != ChangeKind::Deleted;
    let base = usize::from(changes.get(known).is_some_and(is_valid));
    changes.truncate(known + base);
    changes
}
