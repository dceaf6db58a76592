//! Every commit so far, in the order of the branch.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::shape::{Shape, Wanted};

/// What becomes of a commit that is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Good,
    /// One of its applications never gets healthy: the whole commit is undone.
    Unhealthy,
    /// Its check finds something: it is not followed.
    Refused,
}

pub(super) struct Scripted {
    pub(super) id: String,
    pub(super) fate: Fate,
    pub(super) shape: Shape,
    pub(super) wanted: BTreeMap<&'static str, Vec<Wanted>>,
}

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(super) struct Script {
    commits: Arc<Mutex<Vec<Arc<Scripted>>>>,
}

impl Script {
    pub(super) fn add(&self, id: String, fate: Fate, shape: Shape) {
        let wanted = shape.wanted();
        self.commits().push(Arc::new(Scripted {
            id,
            fate,
            shape,
            wanted,
        }));
    }

    pub(super) fn all(&self) -> Vec<Arc<Scripted>> {
        self.commits().clone()
    }

    pub(super) fn head(&self) -> Option<Arc<Scripted>> {
        self.commits().last().cloned()
    }

    /// The newest one that was meant to stay.
    pub(super) fn good(&self) -> Option<Arc<Scripted>> {
        let commits = self.commits();
        let good = commits.iter().rfind(|it| it.fate == Fate::Good);
        good.cloned()
    }

    /// A commit and its place.
    pub(super) fn find(&self, id: &str) -> Option<(usize, Arc<Scripted>)> {
        let commits = self.commits();
        let place = commits.iter().position(|it| it.id == id)?;
        Some((place, commits[place].clone()))
    }

    fn commits(&self) -> MutexGuard<'_, Vec<Arc<Scripted>>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scripted {
    pub(super) fn of(&self, application: &str) -> &[Wanted] {
        self.wanted.get(application).map_or(&[], Vec::as_slice)
    }

    pub(super) fn short(&self) -> &str {
        self.id.get(..7).unwrap_or(&self.id)
    }
}
