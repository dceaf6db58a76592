//! A rollout that is over: what others change since then is put back.

use std::collections::BTreeSet;

use api::ObjectKey;
use api::kinds::{OnFailure, RolloutPhase};

use super::decide::{Decision, Observed, forget, gate, is_settled};
use super::fellow::failed_with;
use super::hooks;
use super::record::Rollout;
use super::run::renewal;
use crate::plan::{Change, Deletion, Step};
use crate::{Plan, WaveNumber};

/// The wanted commit has its verdict: all that is left is drift.
pub(super) fn settled(observed: &Observed, over: &Rollout) -> Vec<Decision> {
    let failed = over.phase == RolloutPhase::Failed;
    if over.phase == RolloutPhase::Succeeded
        && !over.recalled
        && let Some(reason) = failed_with(observed, over)
    {
        return vec![Decision::Recall { reason }];
    }
    if failed && !over.undone && observed.application.policy.on_failure == OnFailure::Revert {
        return vec![Decision::Revert];
    }
    // A commit that failed is held: nothing brings it back until there is a newer one.
    if over.phase != RolloutPhase::Succeeded && !observed.restoring {
        return hooks::after(observed, over);
    }
    let Ok(plan) = observed.plan else {
        return Vec::new();
    };
    let undoes = !observed.same || over.unfinished;
    if observed.restoring && undoes && !over.undone {
        return restore(observed, over, plan);
    }
    let mut decisions = hooks::after(observed, over);
    decisions.extend(if observed.application.policy.self_heal {
        correct(observed, plan)
    } else {
        forget(plan)
    });
    decisions
}

/// What others changed of what Git asks for, whether or not it may be put back now. `None` where that
/// cannot be told apart: until the wanted commit has its verdict, everything may differ.
pub fn drifted(observed: &Observed) -> Option<Vec<ObjectKey>> {
    let over = observed.last.filter(|last| last.phase.is_final())?;
    let stands = if observed.restoring {
        over.undone || observed.same
    } else {
        over.phase == RolloutPhase::Succeeded
    };
    let plan = observed.plan.ok()?;
    (stands && is_settled(observed, over)).then(|| {
        let drifted = plan.steps().filter(|step| is_drift(step));
        drifted.map(|step| step.key.clone()).collect()
    })
}

/// What others changed is put back, what is left over goes: each as soon as it may.
fn correct(observed: &Observed, plan: &Plan) -> Vec<Decision> {
    let mut decisions = forget(plan);
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
    let differs = !drifted.is_empty() || !plan.deletes.is_empty();
    if let Some(closed) = gate(observed).filter(|_| differs) {
        decisions.extend(closed.until.map(|at| Decision::Wake { at }));
        return decisions;
    }
    let renewed = plan
        .steps()
        .filter(|step| due(&step.key).is_none_or(|due| due <= observed.now));
    decisions.extend(renewal(WaveNumber::default(), renewed));
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

/// The way back from a commit that failed; tried again later where it could not be gone.
fn restore(observed: &Observed, over: &Rollout, plan: &Plan) -> Vec<Decision> {
    if over.began_at.is_none() && !over.unfinished {
        return Vec::new();
    }
    if let Some(renewal) = renewal(WaveNumber::default(), plan.steps()) {
        return vec![renewal];
    }
    let objects: Vec<ObjectKey> = plan
        .steps()
        .filter(|step| is_drift(step))
        .map(|step| step.key.clone())
        .collect();
    let due = objects
        .iter()
        .filter_map(|key| observed.corrections.get(key));
    if let Some(at) = due.map(|it| it.due()).max().filter(|at| *at > observed.now) {
        return vec![Decision::Wake { at }];
    }
    vec![Decision::Restore {
        objects,
        deletions: plan.deletes.clone(),
    }]
}

/// Something to put back now: what is being deleted has to be gone first.
fn is_drift(step: &Step) -> bool {
    let waits = matches!(step.change, Change::Recreate | Change::Renew(_));
    step.is_change() && !waits && !ran_its_course(step)
}

/// A Job that cleans up after itself is not missing once it is done.
fn ran_its_course(step: &Step) -> bool {
    step.change == Change::Create
        && step.kind == "Job"
        && !step.object.body["spec"]["ttlSecondsAfterFinished"].is_null()
}
