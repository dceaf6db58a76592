//! What the sample's failed rollouts hold, and what is answered to who takes one back.

use std::collections::{BTreeMap, BTreeSet};

use engine::HealthStatus;
use engine::rollout::{RolloutPhase, SyncStatus};

use super::sample::{Sample, id};
use crate::history::{Hold, Rollout};
use crate::service::RolledBack;
use crate::web::view::facts::Facts;

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

#[test]
fn what_is_there_and_healthy_waits_for_nobody() {
    let sample = Sample::default();
    let held = |sync, health| {
        let view = sample.view("ui", sync, health, "");
        assert!(view.summary.held.is_some());
        Facts::new(&view, None).held.is_some()
    };
    assert!(!held(SyncStatus::Synced, HealthStatus::Healthy));
    assert!(held(SyncStatus::Synced, HealthStatus::Degraded));
    assert!(held(SyncStatus::OutOfSync, HealthStatus::Healthy));
}

/// What a rollback answers.
pub(super) fn rolled_back() -> RolledBack {
    RolledBack {
        commit: id("aaaa"),
        push: "push-11".into(),
        report: vec!["~ change  Deployment movies/serving".into()],
        touches: vec!["serving".into()],
        stays: Vec::new(),
        waiting: BTreeMap::new(),
        asks: true,
    }
}
