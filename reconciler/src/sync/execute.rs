//! Does what was decided, one decision after the other, and records each. What is written to the
//! cluster is on record before; the first failure ends it, and the next pass looks again.

use jiff::Timestamp;
use serde_json::{Value, json};

use api::{Object, ObjectKey};
use client::Client;
use engine::WaveNumber;
use engine::rollout::{Awaited, CommitId, Decision, RolloutPhase};

use super::core::Core;
use super::memory::Memory;
use super::observe::Observation;
use crate::history::{Hold, NewStep, Rollout, StepKind, Write};

/// What the pass is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Something was written: look again at once.
    Again,
    /// Look again at this time at the latest.
    At(Timestamp),
    /// Wait for an event.
    Rest,
}

/// One pass that acts.
pub(crate) struct Execution<'a> {
    pub(super) core: &'a Core,
    pub(super) client: &'a dyn Client,
    pub(super) observation: &'a Observation,
    pub(super) memory: &'a mut Memory,
    /// The rollout that runs now.
    pub(super) rollout: Option<Rollout>,
    /// How many attempts to apply are on record.
    pub(super) attempts: i32,
    /// What is recorded with the next commit.
    pub(super) pending: Vec<Write>,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(
        core: &'a Core,
        client: &'a dyn Client,
        observation: &'a Observation,
        memory: &'a mut Memory,
    ) -> Self {
        let record = observation.last.as_ref().map(|(_, record)| record);
        let attempts = record.map_or(0, |record| record.applied.len());
        Self {
            core,
            client,
            rollout: observation.running().cloned(),
            observation,
            memory,
            attempts: i32::try_from(attempts).unwrap_or(i32::MAX),
            pending: Vec::new(),
        }
    }

    /// Carries out `decisions`.
    pub(crate) async fn run(mut self, decisions: Vec<Decision>) -> Result<Next, client::Error> {
        self.recall().await?;
        // What was observed is of before: nobody may take an Application for settled by it.
        let starts = |decision: &Decision| matches!(decision, Decision::Start { .. });
        let started = decisions.iter().any(starts);
        let mut next = Next::Rest;
        for decision in decisions {
            match self.one(decision).await? {
                Next::Rest => {}
                Next::Again => {
                    next = Next::Again;
                    break;
                }
                Next::At(at) => next = Next::At(at),
            }
        }
        self.progress();
        self.flush().await?;
        if started || next == Next::Again {
            return Ok(Next::Again);
        }
        Ok(match (Box::pin(self.prove_again()).await?, next) {
            (Some(proof), Next::At(at)) => Next::At(at.min(proof)),
            (Some(proof), _) => Next::At(proof),
            (None, next) => next,
        })
    }

    async fn one(&mut self, decision: Decision) -> Result<Next, client::Error> {
        match decision {
            Decision::Supersede { by } => self.supersede(&by),
            Decision::Stop { reason } => return Ok(self.stop(&reason)),
            Decision::Hold { reason } => return Ok(self.hold(&reason)),
            Decision::Start { revision, rollback } => {
                self.start(&revision, rollback).await?;
            }
            Decision::Begin => self.begin(),
            Decision::Apply { wave, objects } => {
                self.apply(wave, &objects).await?;
                return Ok(Next::Again);
            }
            Decision::Await {
                phase,
                on,
                reason,
                until,
                ..
            } => {
                self.wait(phase, on, &reason);
                return Ok(Next::At(until));
            }
            Decision::Hook { hooks } => {
                self.run_hooks(&hooks).await?;
                return Ok(Next::Again);
            }
            Decision::ClearHooks { deletions } => return self.clear_hooks(&deletions).await,
            Decision::Prune { deletions } => return self.prune(&deletions).await,
            Decision::Renew { deletions } => return self.renew(&deletions).await,
            Decision::Forget { entries } => self.forget(&entries),
            Decision::Succeed { changed } => {
                Box::pin(self.prove_first()).await?;
                self.succeed(changed);
                return Ok(Next::Again);
            }
            Decision::Fail { reason, along } => {
                self.fail(&reason, along);
                self.flush().await?;
                self.wake_fellows().await?;
                return Ok(Next::Again);
            }
            Decision::Recall { reason } => return Ok(self.recall_commit(&reason)),
            Decision::Correct { objects } => {
                self.correct(&objects).await?;
                return Ok(Next::Again);
            }
            Decision::Restore { objects, deletions } => {
                self.restore(&objects, &deletions).await?;
                return Ok(Next::Again);
            }
            Decision::Revert => {
                self.revert().await?;
                return Ok(Next::Again);
            }
            Decision::Wake { at } => return Ok(Next::At(at)),
        }
        Ok(Next::Rest)
    }

    pub(super) async fn flush(&mut self) -> Result<(), client::Error> {
        let writes = std::mem::take(&mut self.pending);
        self.core.commit(&writes).await
    }

    pub(super) fn now(&self) -> Timestamp {
        self.core.env.now()
    }

    pub(super) fn name(&self) -> &str {
        &self.observation.application.name
    }

    /// Notes a step of the running rollout, or of the application where none runs.
    pub(super) fn step(&mut self, kind: StepKind, text: impl Into<String>, data: Value) {
        let step = NewStep::new(self.now(), kind, text).data(data);
        let step = match &self.rollout {
            Some(rollout) => step.rollout(rollout),
            None => step.application(self.name()),
        };
        self.pending.push(Write::Step(step));
    }

    fn over(&mut self, phase: RolloutPhase, message: String, changed: Option<bool>) {
        let at = self.now();
        if let Some(rollout) = self.rollout.take() {
            self.pending.push(Write::Over {
                rollout: rollout.id,
                phase,
                message,
                changed,
                at,
            });
        }
    }

    fn supersede(&mut self, by: &CommitId) {
        let same = self.rollout.as_ref().is_some_and(|it| it.revision == *by);
        let text = if same {
            "a sync by hand took over".to_owned()
        } else {
            format!("commit {} took over", by.short())
        };
        self.step(StepKind::Superseded, text.clone(), json!({"by": by}));
        self.over(RolloutPhase::Superseded, text, None);
    }

    fn stop(&mut self, reason: &str) -> Next {
        self.step(StepKind::Superseded, reason, json!({}));
        self.over(RolloutPhase::Superseded, reason.to_owned(), None);
        Next::Again
    }

    fn hold(&mut self, reason: &str) -> Next {
        self.step(StepKind::Held, reason, json!({}));
        self.over(RolloutPhase::Held, reason.to_owned(), None);
        Next::Again
    }

    async fn apply(&mut self, wave: WaveNumber, keys: &[ObjectKey]) -> Result<(), client::Error> {
        let (Some(rollout), Ok(plan)) = (self.rollout.clone(), self.observation.plan.clone())
        else {
            return Ok(());
        };
        self.record_plan();
        self.attempts += 1;
        let attempt = self.attempts;
        let steps: Vec<_> = plan
            .steps()
            .filter(|step| keys.contains(&step.key))
            .collect();
        let titles: Vec<String> = steps.iter().map(|step| step.title()).collect();
        self.pending.push(Write::ApplyBegan {
            rollout: rollout.id.clone(),
            attempt,
            wave: wave.0,
            at: self.now(),
        });
        let text = match titles.as_slice() {
            [one] => format!("applies {one}"),
            all => format!("applies {} objects", all.len()),
        };
        self.step(
            StepKind::Applying,
            text,
            json!({"wave": wave, "objects": titles}),
        );
        let objects: Vec<Object> = steps.iter().map(|step| step.object.clone()).collect();
        let applied = self.write(keys, &objects).await?;
        let at = self.now();
        let error = applied.as_ref().err().map(ToString::to_string);
        let error = error.unwrap_or_default();
        self.pending.push(Write::ApplyEnded {
            rollout: rollout.id.clone(),
            attempt,
            error: error.clone(),
            at,
        });
        if applied.is_ok() {
            self.pending.push(Write::Applied {
                rollout: rollout.id,
                keys: keys.to_vec(),
                at,
            });
            self.step(StepKind::Applied, "applied", json!({"wave": wave}));
        } else {
            let text = format!("cannot apply yet: {error}");
            self.step(StepKind::ApplyFailed, text, json!({"wave": wave}));
        }
        Ok(())
    }

    /// Applies objects: their place in the inventory first, their uids after. Answers them as they
    /// came to be; the inner error is the server's.
    pub(super) async fn write(
        &mut self,
        keys: &[ObjectKey],
        objects: &[Object],
    ) -> Result<Result<Vec<Object>, client::Error>, client::Error> {
        self.pending.push(Write::InventoryAdd {
            application: self.name().to_owned(),
            keys: keys.to_vec(),
            at: self.now(),
        });
        self.flush().await?;
        let commit = self.commit();
        let made = match self.core.cluster.apply(self.client, objects, &commit).await {
            Ok(made) => made,
            Err(error) => return Ok(Err(error)),
        };
        let kinds = self.core.cluster.kinds();
        let uid = |object: &Object| Some((kinds.key(object)?, object.uid()));
        let uids = made.iter().filter_map(uid).collect();
        if !self.observation.render.is_sealed() {
            self.memory.note_all(&kinds, objects, &made);
        }
        self.pending.push(Write::InventoryUids { uids });
        self.written(keys);
        Ok(Ok(made))
    }

    /// The commit that the plan is about: while a failed one is held, the one before it. Of several
    /// sources the first one's: the log of changes knows one for each write.
    pub(super) fn commit(&self) -> String {
        let observation = self.observation;
        let commit = match &observation.last {
            Some((failed, _)) if observation.restoring => &failed.previous,
            _ => &observation.desired.revision,
        };
        commit.first().to_owned()
    }

    fn wait(&mut self, phase: RolloutPhase, on: Awaited, reason: &str) {
        let Some(rollout) = &mut self.rollout else {
            return;
        };
        if rollout.phase == phase && rollout.message == reason {
            return;
        }
        rollout.phase = phase;
        reason.clone_into(&mut rollout.message);
        let rollout = rollout.id.clone();
        self.pending.push(Write::Phase {
            rollout,
            phase,
            message: reason.to_owned(),
        });
        if on == Awaited::Other {
            self.step(StepKind::Waiting, reason, json!({"phase": phase.as_str()}));
        }
    }

    /// What was there already and as the commit wants it, somebody else's until now, is ours.
    pub(super) async fn take_over(&mut self) -> Result<Vec<Object>, client::Error> {
        let Ok(plan) = self.observation.plan.clone() else {
            return Ok(Vec::new());
        };
        let inventory = &self.core.inventory;
        let is_ours = |key: &ObjectKey| inventory.owner(key).is_some_and(|it| it == self.name());
        let steps: Vec<_> = plan.steps().filter(|step| !is_ours(&step.key)).collect();
        if steps.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<ObjectKey> = steps.iter().map(|step| step.key.clone()).collect();
        let objects: Vec<Object> = steps.iter().map(|step| step.object.clone()).collect();
        self.write(&keys, &objects).await?
    }

    fn succeed(&mut self, changed: bool) {
        let revision = self.observation.desired.revision.short();
        let text = if self.observation.desired.options.is_partial() {
            format!("what was asked for of commit {revision} is healthy")
        } else if changed {
            format!("healthy at commit {revision}")
        } else {
            format!("commit {revision} asks for what is there already")
        };
        let text = match self.asking() {
            0 => text,
            1 => format!("{text}; 1 object is not deleted before somebody says so"),
            all => format!("{text}; {all} objects are not deleted before somebody says so"),
        };
        self.progress();
        self.step(
            StepKind::Succeeded,
            text.clone(),
            json!({"changed": changed}),
        );
        self.over(RolloutPhase::Succeeded, text, Some(changed));
    }

    /// How many objects left the commit and wait for somebody's word.
    fn asking(&self) -> usize {
        let plan = self.observation.plan.as_deref();
        plan.map_or(0, |plan| plan.asking().count())
    }

    /// `along`: the commit failed elsewhere.
    pub(super) fn fail(&mut self, reason: &str, along: bool) {
        self.progress();
        self.step(StepKind::Failed, reason, json!({}));
        if let Some(rollout) = &self.rollout {
            self.pending.push(Write::Hold(Hold {
                application: rollout.application.clone(),
                revision: rollout.revision.clone(),
                rollout: rollout.id.clone(),
                reason: reason.to_owned(),
                since: self.now(),
                atomic: !along && self.takes_along(rollout),
            }));
        }
        let changed = self.attempts > 0;
        self.over(RolloutPhase::Failed, reason.to_owned(), Some(changed));
    }
}
