//! The state machine.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use api::kinds::RolloutPhase;
use api::{Object, ObjectKey};

use super::Options;
use super::correct::Correction;
use super::dependencies::{Dependency, dependencies};
use super::drift::settled;
use super::fellow::{Fellow, failed_with};
use super::record::{CommitId, Rollout};
use super::rollback::Rollback;
use super::run::Run;
use crate::hook::Hook;
use crate::plan::{Deletion, InventoryEntry};
use crate::window::{Asked, Closed, closed};
use crate::{Application, Health, Plan, Problems, WaveNumber};

/// What was observed about one Application, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    pub application: &'a Application,
    /// What Git says.
    pub desired: &'a Desired,
    /// The newest rollout, running or over.
    pub last: Option<&'a Rollout>,
    /// What bringing the cluster to `desired` would do, or why that cannot be said.
    pub plan: Result<&'a Plan, &'a Problems>,
    /// Of the live objects in the plan; kinds that have no health are absent.
    pub health: &'a BTreeMap<ObjectKey, Health>,
    /// In the order of `dependsOn`.
    pub dependencies: &'a [Dependency],
    /// Of the wanted commit, whatever `plan` is about.
    pub hooks: &'a [Hook],
    /// What is there, at least of the hooks.
    pub live: &'a BTreeMap<ObjectKey, Object>,
    pub corrections: &'a BTreeMap<ObjectKey, Correction>,
    /// Whether the wanted commit failed and `plan` is about the commit before it.
    pub restoring: bool,
    /// Whether that commit asks for the same, so that there is nothing to undo.
    pub same: bool,
    /// Why nothing may be changed, where that is so.
    pub suspended: Option<&'a str>,
    /// Whether the wanted commit failed once and nobody asked for all of it since.
    pub on_hold: bool,
    /// Another Application that failed at the wanted commit.
    pub fellow: Option<&'a Fellow>,
    pub now: Timestamp,
}

/// The commit Git wants, and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desired {
    pub revision: CommitId,
    /// What the commit undoes, if it is a rollback.
    pub rollback: Option<Rollback>,
    /// Somebody asked for this commit by hand: it is tried even if it failed before or the
    /// Application is not automated.
    pub requested: bool,
    /// Whether it was a person who asked, and not a change of the Application.
    pub by_hand: bool,
    /// The commit asks for what failed before: it is tried again, for this Application alone. A
    /// commit is not judged by what it does not change.
    pub retried: bool,
    /// Of the rollout that runs, or that is asked for.
    pub options: Options,
}

/// What to do next, in this order. Whoever executes stops at the first one that fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Decision {
    /// Record the running rollout as superseded.
    Supersede { by: CommitId },
    /// Record the running rollout as superseded: what it would do is not what was approved.
    Stop { reason: String },
    /// Record the running rollout as held: nothing may be changed any more.
    Hold { reason: String },
    /// Record a new rollout, phase Pending.
    Start {
        revision: CommitId,
        rollback: Option<Rollback>,
    },
    /// Record that the rollout begins to write now, phase Applying: the deadline counts from here.
    Begin,
    /// Apply the changed objects of this wave in one transaction (their inventory first).
    Apply {
        wave: WaveNumber,
        objects: Vec<ObjectKey>,
    },
    /// Record the phase and what is waited for, and look again at `until` at the latest.
    Await {
        phase: RolloutPhase,
        wave: Option<WaveNumber>,
        on: Awaited,
        reason: String,
        until: Timestamp,
    },
    /// Run these hooks: create them, marked as this rollout's.
    Hook { hooks: Vec<ObjectKey> },
    /// Delete hooks that were run: by an earlier rollout, or as their own policy says.
    ClearHooks { deletions: Vec<Deletion> },
    /// Delete exactly these, in this order, then take them out of the inventory.
    Prune { deletions: Vec<Deletion> },
    /// Delete exactly these, to make them again once they are gone.
    Renew { deletions: Vec<Deletion> },
    /// Take these out of the inventory: there is no such object any more.
    Forget { entries: Vec<InventoryEntry> },
    /// Record the verdict. `changed` is false where the commit asked for nothing new.
    Succeed { changed: bool },
    /// Record the verdict. The commit is held: nothing applies it again until a newer one comes.
    /// `along`: it failed elsewhere, and goes back here as well.
    Fail { reason: String, along: bool },
    /// Hold the commit although it succeeded here: it failed elsewhere.
    Recall { reason: String },
    /// Put back what others changed, and record it as drift (outside of any rollout).
    Correct { objects: Vec<ObjectKey> },
    /// Bring back what was there before the commit that failed: these in one transaction, and
    /// without what the commit made. Record the failed rollout as undone.
    Restore {
        objects: Vec<ObjectKey>,
        deletions: Vec<Deletion>,
    },
    /// Push a commit that reverts the one that failed, and record the failed rollout as undone.
    Revert,
    /// Nothing to do before this moment.
    Wake { at: Timestamp },
}

/// Who has to move before the rollout can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Awaited {
    /// An object that is not healthy yet; its progress says the same, and more of it.
    Health,
    /// Something that is told nowhere else: another Application, a deletion, a next attempt.
    Other,
}

/// Decides what moves the cluster toward the commit. Same input, same output; an empty answer
/// means: wait for the next event.
pub fn decide(observed: &Observed) -> Vec<Decision> {
    let desired = observed.desired;
    if let Some(reason) = observed.suspended {
        let running = observed.last.filter(|last| !last.phase.is_final());
        let hold = running.map(|_| Decision::Hold {
            reason: reason.to_owned(),
        });
        return hold.into_iter().collect();
    }
    match observed.last {
        Some(running) if !running.phase.is_final() => {
            let covers = running.options.cover(&desired.options);
            if running.revision == desired.revision && covers {
                return advance(observed, running);
            }
            let mut decisions = vec![Decision::Supersede {
                by: desired.revision.clone(),
            }];
            decisions.extend(start(observed));
            decisions
        }
        Some(over) if is_settled(observed, over) => settled(observed, over),
        _ if !may_start(observed) => Vec::new(),
        _ => match gate(observed) {
            None => start(observed),
            Some(closed) => closed
                .until
                .map(|at| Decision::Wake { at })
                .into_iter()
                .collect(),
        },
    }
}

/// Whether the wanted commit has its verdict. A rollout of some of its objects, or one that was
/// stopped, is none.
pub(super) fn is_settled(observed: &Observed, over: &Rollout) -> bool {
    let unfinished = over.phase.is_stopped()
        || (over.phase == RolloutPhase::Succeeded && over.options.is_partial());
    let desired = observed.desired;
    over.revision == desired.revision && !desired.requested && !unfinished
}

/// Whether anybody wants the commit to be rolled out.
pub(super) fn may_start(observed: &Observed) -> bool {
    let automated = observed.application.policy.automated && !observed.on_hold;
    automated || observed.desired.requested
}

/// What is in the way of a rollout, or of a correction.
pub(super) fn gate(observed: &Observed) -> Option<Closed> {
    let asked = if observed.desired.by_hand {
        Asked::ByHand
    } else {
        Asked::Automatically
    };
    closed(&observed.application.windows, observed.now, asked)
}

/// A new rollout, and its first steps with it.
fn start(observed: &Observed) -> Vec<Decision> {
    let desired = observed.desired;
    let fresh = Rollout {
        id: String::new(),
        revision: desired.revision.clone(),
        phase: RolloutPhase::Pending,
        started_at: observed.now,
        began_at: None,
        deadline_at: None,
        applied: Vec::new(),
        pruned: 0,
        rollback: desired.rollback.clone(),
        message: String::new(),
        undone: false,
        recalled: false,
        first_try: None,
        unfinished: false,
        changed: true,
        options: desired.options.clone(),
        hooks: BTreeMap::new(),
    };
    let mut decisions = vec![Decision::Start {
        revision: desired.revision.clone(),
        rollback: desired.rollback.clone(),
    }];
    decisions.extend(advance(observed, &fresh));
    decisions
}

/// The next step of a running rollout.
fn advance(observed: &Observed, rollout: &Rollout) -> Vec<Decision> {
    let plan = match observed.plan {
        Ok(plan) => plan,
        Err(problems) => return fail(problems.summary()),
    };
    let elsewhere = failed_with(observed, rollout);
    if let Some(reason) = elsewhere.clone().filter(|_| rollout.began_at.is_none()) {
        return along(reason);
    }
    if let Some(waiting) = dependencies(observed, rollout) {
        return waiting;
    }
    // Approved is what it does as a whole: what is half done is bound by its beginning.
    let differs = rollout.options.differs(plan);
    if let Some(reason) = differs.filter(|_| rollout.began_at.is_none()) {
        return vec![Decision::Stop { reason }];
    }
    let mut decisions = Vec::new();
    let began_at = rollout.began_at.unwrap_or_else(|| {
        decisions.push(Decision::Begin);
        observed.now
    });
    let run = Run {
        observed,
        rollout,
        plan,
        // Who gives it more time gives that to what runs, too.
        deadline: rollout
            .deadline_at
            .max(Some(began_at + observed.application.deadline))
            .unwrap_or(began_at),
    };
    decisions.extend(match elsewhere {
        Some(elsewhere) => run.ends_with(elsewhere),
        None => run.next(),
    });
    decisions
}

pub(super) fn forget(plan: &Plan) -> Vec<Decision> {
    if plan.forgotten.is_empty() {
        return Vec::new();
    }
    vec![Decision::Forget {
        entries: plan.forgotten.clone(),
    }]
}

pub(super) fn fail(reason: String) -> Vec<Decision> {
    let along = false;
    vec![Decision::Fail { reason, along }]
}

pub(super) fn along(reason: String) -> Vec<Decision> {
    let along = true;
    vec![Decision::Fail { reason, along }]
}
