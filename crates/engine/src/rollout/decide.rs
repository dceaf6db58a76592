//! The state machine.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use api::ObjectKey;
use api::kinds::RolloutPhase;

use super::Options;
use super::correct::{Correction, backoff};
use super::dependencies::{Dependency, dependencies};
use super::drift::settled;
use super::record::{Applied, CommitId, Rollout};
use super::rollback::Rollback;
use super::status::sentence;
use crate::health::holds_back;
use crate::plan::{Change, Deletion, InventoryEntry, Step, Wave};
use crate::window::{Asked, Closed, closed};
use crate::{Application, Health, HealthStatus, Plan, Problems, WaveNumber};

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
    pub corrections: &'a BTreeMap<ObjectKey, Correction>,
    /// Whether the wanted commit failed and `plan` is about the commit before it.
    pub restoring: bool,
    /// Why nothing may be changed, where that is so.
    pub suspended: Option<&'a str>,
    /// Whether the wanted commit failed once and nobody asked for all of it since.
    pub on_hold: bool,
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
    /// Of the rollout that runs, or that is asked for.
    pub options: Options,
}

/// What to do next, in this order. Whoever executes stops at the first one that fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Decision {
    /// Record the running rollout as superseded.
    Supersede { by: CommitId },
    /// Record the running rollout as superseded: nothing may be changed any more.
    Stop { reason: String },
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
    /// Delete exactly these, in this order, then take them out of the inventory.
    Prune { deletions: Vec<Deletion> },
    /// Take these out of the inventory: there is no such object any more.
    Forget { entries: Vec<InventoryEntry> },
    /// Record the verdict. `changed` is false where the commit asked for nothing new.
    Succeed { changed: bool },
    /// Record the verdict. The commit is held: nothing applies it again until a newer one comes.
    Fail { reason: String },
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
        let stop = running.map(|_| Decision::Stop {
            reason: reason.to_owned(),
        });
        return stop.into_iter().collect();
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
    let unfinished = over.phase == RolloutPhase::Superseded
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
        applied: Vec::new(),
        pruned: 0,
        rollback: desired.rollback.clone(),
        message: String::new(),
        undone: false,
        options: desired.options.clone(),
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
    if let Some(waiting) = dependencies(observed, rollout) {
        return waiting;
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
        deadline: began_at + observed.application.deadline,
    };
    decisions.extend(run.next());
    decisions
}

/// A rollout that may write.
struct Run<'a> {
    observed: &'a Observed<'a>,
    rollout: &'a Rollout,
    plan: &'a Plan,
    deadline: Timestamp,
}

impl Run<'_> {
    fn next(&self) -> Vec<Decision> {
        for wave in &self.plan.waves {
            if wave.has_changes() {
                return self.apply(wave);
            }
            let waiting: Vec<(&Step, &Health)> = self.unhealthy(wave).collect();
            if let Some(worst) = worst_of(&waiting) {
                return self.wait(wave, &waiting, worst);
            }
        }
        if self.plan.deletes.is_empty() {
            return self.finish();
        }
        if self.observed.now >= self.deadline {
            let first = &self.plan.deletes[0];
            return self.late(&format!("{} was not deleted", first.title()));
        }
        self.prune()
    }

    fn apply(&self, wave: &Wave) -> Vec<Decision> {
        let before = |applied: &&Applied| applied.wave == wave.number;
        let attempts = self.rollout.applied.iter().filter(before).count();
        let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
        let changed = || wave.steps.iter().filter(|step| step.is_change());
        if self.rollout.began_at.is_some() && self.observed.now >= self.deadline {
            let first = changed().next().map(Step::title).unwrap_or_default();
            return self.late(&format!("{first} could not be brought to the commit"));
        }
        let last = self.rollout.applied.iter().rfind(before);
        let last = last.map(|applied| applied.at + backoff(attempts));
        if let Some(due) = last
            && self.observed.now < due
        {
            let first = changed().next().map(Step::title).unwrap_or_default();
            return vec![Decision::Await {
                phase: RolloutPhase::Applying,
                wave: Some(wave.number),
                on: Awaited::Other,
                reason: format!("{first} is not as the commit wants it yet"),
                until: due.min(self.deadline),
            }];
        }
        let ready = changed().filter(|step| step.change != Change::Recreate);
        let objects: Vec<ObjectKey> = ready.map(|step| step.key.clone()).collect();
        if objects.is_empty() {
            let first = changed().next().map(Step::title).unwrap_or_default();
            return vec![Decision::Await {
                phase: RolloutPhase::Applying,
                wave: Some(wave.number),
                on: Awaited::Other,
                reason: format!("{first} is being deleted, and comes back once it is gone"),
                until: self.deadline,
            }];
        }
        vec![Decision::Apply {
            wave: wave.number,
            objects,
        }]
    }

    /// The objects of an applied wave that hold the next one back.
    fn unhealthy<'b>(&'b self, wave: &'b Wave) -> impl Iterator<Item = (&'b Step, &'b Health)> {
        wave.steps.iter().filter_map(|step| {
            let health = self.observed.health.get(&step.key)?;
            holds_back(&step.kind, health).then_some((step, health))
        })
    }

    fn wait(
        &self,
        wave: &Wave,
        waiting: &[(&Step, &Health)],
        worst: (&Step, &Health),
    ) -> Vec<Decision> {
        let (step, health) = worst;
        let mut reason = sentence(&step.title(), &health.message);
        if waiting.len() > 1 {
            reason = format!("{reason} (and {} more)", waiting.len() - 1);
        }
        if health.terminal {
            return fail(reason);
        }
        if self.observed.now >= self.deadline {
            return self.late(&reason);
        }
        let last = self
            .plan
            .waves
            .last()
            .is_some_and(|last| last.number == wave.number);
        let phase = if last {
            RolloutPhase::Verifying
        } else {
            RolloutPhase::Applying
        };
        vec![Decision::Await {
            phase,
            wave: Some(wave.number),
            on: Awaited::Health,
            reason,
            until: self.deadline,
        }]
    }

    fn prune(&self) -> Vec<Decision> {
        vec![Decision::Prune {
            deletions: self.plan.deletes.clone(),
        }]
    }

    fn finish(&self) -> Vec<Decision> {
        let mut decisions = forget(self.plan);
        let changed = !self.rollout.applied.is_empty() || self.rollout.pruned > 0;
        decisions.push(Decision::Succeed { changed });
        decisions
    }

    fn late(&self, reason: &str) -> Vec<Decision> {
        let deadline = self.observed.application.deadline;
        fail(format!("{reason}; it was given {}", duration(deadline)))
    }
}

/// Degraded before missing before progressing; of equals the one that is final, then the first.
fn worst_of<'a>(waiting: &[(&'a Step, &'a Health)]) -> Option<(&'a Step, &'a Health)> {
    let severity = |health: &Health| match health.status {
        HealthStatus::Degraded => 0,
        HealthStatus::Missing => 1,
        HealthStatus::Progressing => 2,
        _ => 3,
    };
    waiting
        .iter()
        .min_by_key(|(_, health)| (!health.terminal, severity(health)))
        .copied()
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
    vec![Decision::Fail { reason }]
}

/// `10 minutes`, `90 seconds`
fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 60, seconds % 60) {
        (1, 0) => "1 minute".into(),
        (minutes, 0) => format!("{minutes} minutes"),
        _ if seconds == 1 => "1 second".into(),
        _ => format!("{seconds} seconds"),
    }
}
