//! Recreate: everything old stops, and only when nothing of it runs any more the new set starts.
//! Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Object, Uid};

use super::decide::Sets;
use super::fraction::replicas;
use super::scale::{Resize, count};

pub(super) fn stops(sets: &Sets) -> Vec<Resize> {
    sets.old
        .iter()
        .filter_map(|set| Resize::unless_same(set, 0))
        .collect()
}

/// Whether a pod of an old set runs, one that is going included.
pub(super) fn is_still_running(sets: &Sets, running: &BTreeMap<Uid, usize>) -> bool {
    sets.old.iter().any(|set| {
        count(set, "replicas") > 0 || running.get(&set.uid()).is_some_and(|pods| *pods > 0)
    })
}

pub(super) fn starts(deployment: &Object, new: &Arc<Object>) -> Vec<Resize> {
    Resize::unless_same(new, replicas(deployment))
        .into_iter()
        .collect()
}
