//! Which commits are held: the table's content, in memory. Only this process writes either of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::rollout::{CommitId, Fellow};

use crate::history::{self, Hold, Write};

/// By rollout. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Holds {
    holds: Arc<Mutex<BTreeMap<String, Hold>>>,
}

impl Holds {
    pub(crate) async fn load(history: &history::Reader) -> Result<Self, history::Error> {
        let holds = Self::default();
        for hold in history.holds().await?.iter() {
            holds.lock().insert(hold.rollout.clone(), (**hold).clone());
        }
        Ok(holds)
    }

    /// Does here what `writes` did in the table. Others are passed over.
    pub(crate) fn follow(&self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::Hold(hold) => {
                    let mut holds = self.lock();
                    holds.entry(hold.rollout.clone()).or_insert(hold.clone());
                }
                Write::Release { application, .. } => {
                    self.lock()
                        .retain(|_, hold| hold.application != *application);
                }
                _ => {}
            }
        }
    }

    /// Whether what this rollout brought is held.
    pub(crate) fn of(&self, rollout: &str) -> bool {
        self.lock().contains_key(rollout)
    }

    /// Whether this rollout failed, and its whole commit with it.
    pub(crate) fn takes_along(&self, rollout: &str) -> bool {
        self.lock().get(rollout).is_some_and(|hold| hold.atomic)
    }

    /// Whether the application failed at this commit.
    pub(crate) fn is_held(&self, application: &str, revision: &CommitId) -> bool {
        let holds = self.lock();
        let mut holds = holds.values();
        holds.any(|hold| hold.application == application && hold.revision == *revision)
    }

    /// Another application that failed at this commit and takes it along, the last of several.
    pub(crate) fn fellow(&self, application: &str, revision: &CommitId) -> Option<Fellow> {
        let holds = self.lock();
        let fellows = holds.values().filter(|hold| {
            hold.atomic && hold.application != application && hold.revision == *revision
        });
        fellows.max_by_key(|hold| hold.since).map(|hold| Fellow {
            name: hold.application.clone(),
            since: hold.since,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Hold>> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
