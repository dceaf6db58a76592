//! What the sample's failed rollouts hold.

use std::collections::BTreeSet;

use engine::rollout::RolloutPhase;

use crate::history::{Hold, Rollout};

/// What is held where these are the rollouts, newest first.
pub(super) fn all_held(rollouts: Vec<Rollout>) -> Vec<Hold> {
    let mut seen = BTreeSet::new();
    let newest = rollouts.into_iter();
    let newest = newest.filter(|it| seen.insert(it.application.clone()));
    newest.filter_map(|it| held(&it)).collect()
}

/// What holds an application whose newest rollout this is.
pub(super) fn held(last: &Rollout) -> Option<Hold> {
    (last.phase == RolloutPhase::Failed).then(|| Hold {
        application: last.application.clone(),
        revision: last.revision.clone(),
        rollout: last.id.clone(),
        reason: last.message.clone(),
        since: last.started_at,
        atomic: false,
    })
}
