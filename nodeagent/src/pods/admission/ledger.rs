//! Which pods this node took, and what they hold of it until nothing of them runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use api::{Object, Uid};

use super::{Claim, Refusal, Room, check};

/// Checked and entered in one step, so that two pods never get the same room.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    claims: BTreeMap<Uid, Claim>,
    /// They run here, and nobody knows how much they take.
    strangers: BTreeSet<Uid>,
}

/// What became of a pod that asked to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Taken,
    /// It fits as soon as pods are down that nobody counts any more.
    Later,
    Refused(Refusal),
}

impl Ledger {
    /// Takes a pod that fits into `room`. `counts` says whether whoever placed the pod knew of
    /// another one that was taken: a pod that was deleted by force still ends here, but is
    /// nothing to refuse others for.
    pub(crate) fn take(&self, room: &Room, pod: &Object, counts: impl Fn(&Uid) -> bool) -> Answer {
        let mut entries = self.entries();
        let uid = pod.uid();
        let others = || entries.claims.iter().filter(|(other, _)| **other != uid);
        let fits = check(room, pod, others().map(|(_, claim)| claim)).is_ok();
        if fits && entries.strangers.is_empty() {
            entries.claims.insert(uid, Claim::of(pod));
            return Answer::Taken;
        }
        let known = others().filter(|(other, _)| counts(other));
        match check(room, pod, known.map(|(_, claim)| claim)) {
            Ok(()) => Answer::Later,
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    /// Enters a pod that was taken earlier, whether it fits or not.
    pub(crate) fn keep(&self, pod: &Object) {
        self.entries().claims.insert(pod.uid(), Claim::of(pod));
    }

    /// A pod runs here that nobody knows any more: others wait until it is down.
    pub(crate) fn meet_stranger(&self, uid: &Uid) {
        self.entries().strangers.insert(uid.clone());
    }

    /// Nothing of the pod runs any more, nor will.
    pub(crate) fn release(&self, uid: &Uid) {
        let mut entries = self.entries();
        entries.claims.remove(uid);
        entries.strangers.remove(uid);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
