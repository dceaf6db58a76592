//! A rollout that is over: what others change since then is put back.

use std::collections::BTreeSet;

use api::ObjectKey;
use api::kinds::RolloutPhase;

use super::decide::{Decision, Observed, forget};
use super::record::Rollout;
use crate::plan::{Change, Deletion, Step};

/// The wanted commit has its verdict: all that is left is drift.
pub(super) fn settled(observed: &Observed, over: &Rollout) -> Vec<Decision> {
    // A commit that failed is held: nothing brings it back until there is a newer one.
    if over.phase != RolloutPhase::Succeeded {
        return Vec::new();
    }
    let Ok(plan) = observed.plan else {
        return Vec::new();
    };
    let mut decisions = forget(plan);
    if !observed.application.policy.self_heal {
        return decisions;
    }
    let due = |key: &ObjectKey| {
        observed
            .corrections
            .get(key)
            .map(|correction| correction.due())
    };
    let drifted: BTreeSet<&ObjectKey> = plan
        .steps()
        .filter(|step| is_drift(step))
        .map(|step| &step.key)
        .collect();
    let leftover = || plan.deletes.iter();
    let is_due = |key: &ObjectKey| due(key).is_none_or(|due| due <= observed.now);
    let objects: Vec<ObjectKey> = drifted
        .iter()
        .filter(|key| is_due(key))
        .map(|key| (*key).clone())
        .collect();
    if !objects.is_empty() {
        decisions.push(Decision::Correct { objects });
    }
    let deletions: Vec<Deletion> = leftover()
        .filter(|deletion| is_due(&deletion.key))
        .cloned()
        .collect();
    if !deletions.is_empty() {
        decisions.push(Decision::Prune { deletions });
    }
    let later = drifted
        .into_iter()
        .chain(leftover().map(|deletion| &deletion.key));
    let next = later
        .filter_map(due)
        .filter(|due| *due > observed.now)
        .min();
    decisions.extend(next.map(|at| Decision::Wake { at }));
    decisions
}

/// Something to put back now: what is being deleted has to be gone first.
fn is_drift(step: &Step) -> bool {
    step.is_change() && step.change != Change::Recreate && !ran_its_course(step)
}

/// A Job that cleans up after itself is not missing once it is done.
fn ran_its_course(step: &Step) -> bool {
    step.change == Change::Create
        && step.kind == "Job"
        && !step.object.body["spec"]["ttlSecondsAfterFinished"].is_null()
}
