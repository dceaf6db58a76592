//! Does what was decided, one decision after the other, and records each. What is written to the
//! cluster is on record before; the first failure ends it, and the next pass looks again.

use jiff::Timestamp;
use serde_json::{Value, json};

use api::{Object, ObjectKey};
use client::Client;
use engine::WaveNumber;
use engine::plan::{Deletion, InventoryEntry};
use engine::rollout::{CommitId, Decision, Rollback, RolloutPhase};

use super::core::{Core, recorded, unread};
use super::memory::Memory;
use super::observe::Observation;
use super::results;
use crate::history::{Hold, NewStep, Rollout, StepKind, Trigger, Write};

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
    attempts: i32,
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
        Ok(next)
    }

    async fn one(&mut self, decision: Decision) -> Result<Next, client::Error> {
        match decision {
            Decision::Supersede { by } => self.supersede(&by),
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
                reason,
                until,
                ..
            } => {
                self.wait(phase, &reason);
                return Ok(Next::At(until));
            }
            Decision::Prune { deletions } => return self.prune(&deletions).await,
            Decision::Forget { entries } => self.forget(&entries),
            Decision::Succeed { changed } => {
                self.take_over().await?;
                self.succeed(changed);
                return Ok(Next::Again);
            }
            Decision::Fail { reason } => {
                self.fail(&reason);
                return Ok(Next::Again);
            }
            Decision::Correct { objects } => {
                self.correct(&objects).await?;
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

    fn name(&self) -> &str {
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
        let text = format!("commit {} took over", by.short());
        self.step(StepKind::Superseded, text.clone(), json!({"by": by}));
        self.over(RolloutPhase::Superseded, text, None);
    }

    async fn start(
        &mut self,
        revision: &CommitId,
        rollback: Option<Rollback>,
    ) -> Result<(), client::Error> {
        let observation = self.observation;
        let commit = observation.source.commit(revision).await.map_err(unread)?;
        let reader = self.core.history.reader();
        let push = reader.push_of(revision).await.map_err(recorded)?;
        let number = observation
            .last
            .as_ref()
            .map_or(1, |(last, _)| last.number + 1);
        let trigger = match &push {
            _ if observation.requester.is_some() => Trigger::Sync,
            Some(push) if !observation.desired.requested => push.trigger,
            _ => Trigger::Application,
        };
        let now = self.now();
        let rollout = Rollout {
            id: format!("{}-{number}", self.name()),
            application: self.name().to_owned(),
            number,
            push: push.map(|push| push.id),
            revision: revision.clone(),
            previous: previous(self.core, self.name()).await?,
            author: commit.author.clone(),
            commit_message: commit.message.clone(),
            trigger,
            rollback_of: rollback_of(self.core, self.name(), rollback.as_ref()).await?,
            rollback,
            digest: observation.render.digest.clone(),
            phase: RolloutPhase::Pending,
            message: String::new(),
            changed: None,
            started_at: now,
            began_at: None,
            deadline_at: None,
            finished_at: None,
        };
        let undoes = match rollout.rollback_of.as_str() {
            "" => String::new(),
            what => format!(", which undoes {what}"),
        };
        let text = format!(
            "rollout {} of commit {} ({}){undoes}",
            rollout.id,
            revision.short(),
            commit.subject()
        );
        let application = self.name().to_owned();
        self.pending.extend([
            Write::Commit {
                commit,
                seen_at: now,
            },
            Write::Rollout(rollout.clone()),
            Write::Release {
                application: application.clone(),
                at: now,
            },
        ]);
        if observation.requester.is_some() {
            self.pending.push(Write::RequestDone { application });
        }
        self.rollout = Some(rollout);
        self.attempts = 0;
        let asked = json!({"revision": revision, "requester": observation.requester});
        self.step(StepKind::Started, text, asked);
        self.record_plan();
        Ok(())
    }

    fn begin(&mut self) {
        let now = self.now();
        let Some(rollout) = &mut self.rollout else {
            return;
        };
        let deadline = now + self.observation.application.deadline;
        rollout.began_at = Some(now);
        rollout.phase = RolloutPhase::Applying;
        let rollout = rollout.id.clone();
        self.pending.push(Write::Began {
            rollout,
            at: now,
            deadline,
        });
        self.record_plan();
        let text = match self.observation.plan.as_deref() {
            Ok(plan) => engine::plan::counts(plan).to_string(),
            Err(_) => String::new(),
        };
        self.step(StepKind::Began, text, json!({"deadline": deadline}));
    }

    /// Keeps the plan on record up to date.
    fn record_plan(&mut self) {
        let (Some(rollout), Ok(plan)) = (&self.rollout, &self.observation.plan) else {
            return;
        };
        let course = self.memory.course(&rollout.id);
        let digest = plan.digest();
        if course.plan != digest {
            course.plan = digest;
            self.pending.push(Write::Objects {
                rollout: rollout.id.clone(),
                objects: results::of(plan),
            });
        }
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
        let error = applied
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default();
        self.pending.push(Write::ApplyEnded {
            rollout: rollout.id.clone(),
            attempt,
            error: error.clone(),
            at,
        });
        if let Ok(()) = applied {
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

    /// Applies objects: their place in the inventory first, their uids after. The inner error is
    /// the server's.
    pub(super) async fn write(
        &mut self,
        keys: &[ObjectKey],
        objects: &[Object],
    ) -> Result<Result<(), client::Error>, client::Error> {
        self.pending.push(Write::InventoryAdd {
            application: self.name().to_owned(),
            keys: keys.to_vec(),
            at: self.now(),
        });
        self.flush().await?;
        let made = match self.core.cluster.apply(self.client, objects).await {
            Ok(made) => made,
            Err(error) => return Ok(Err(error)),
        };
        let kinds = self.core.cluster.kinds();
        let uid = |object: &Object| Some((kinds.key(object)?, object.uid()));
        let uids = made.iter().filter_map(uid).collect();
        self.pending.push(Write::InventoryUids { uids });
        Ok(Ok(()))
    }

    fn wait(&mut self, phase: RolloutPhase, reason: &str) {
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
        self.step(StepKind::Waiting, reason, json!({"phase": phase.as_str()}));
    }

    async fn prune(&mut self, deletions: &[Deletion]) -> Result<Next, client::Error> {
        let live = &self.observation.live;
        // What is on its way out needs no second push.
        let leaving = |it: &&Deletion| live.get(&it.key).is_some_and(Object::is_deleting);
        let now: Vec<&Deletion> = deletions.iter().filter(|it| !leaving(it)).collect();
        if now.is_empty() {
            return Ok(Next::Rest);
        }
        let titles: Vec<String> = now.iter().map(|deletion| deletion.title()).collect();
        let text = format!("deletes {}", titles.join(", "));
        self.record_plan();
        self.step(StepKind::Pruning, text, json!({"objects": titles}));
        self.flush().await?;
        let exact: Vec<_> = now
            .iter()
            .map(|it| (it.key.clone(), it.uid.clone()))
            .collect();
        let deleted = self.core.cluster.delete(self.client, &exact).await;
        let at = self.now();
        for deletion in &now {
            self.corrected(&deletion.key, at);
        }
        if let Err(error) = deleted {
            let text = format!("cannot delete yet: {error}");
            self.step(StepKind::ApplyFailed, text, json!({}));
            self.flush().await?;
            return Err(error);
        }
        if let Some(rollout) = &self.rollout {
            self.pending.push(Write::Applied {
                rollout: rollout.id.clone(),
                keys: now.iter().map(|it| it.key.clone()).collect(),
                at,
            });
        }
        self.step(StepKind::Pruned, "deleted", json!({"objects": titles}));
        Ok(Next::Again)
    }

    fn forget(&mut self, entries: &[InventoryEntry]) {
        self.pending.push(Write::InventoryRemove {
            application: self.name().to_owned(),
            keys: entries.iter().map(|entry| entry.key.clone()).collect(),
        });
        let keys: Vec<String> = entries.iter().map(|entry| entry.key.to_string()).collect();
        let text = format!("{} objects are gone", keys.len());
        self.step(StepKind::Forgotten, text, json!({"objects": keys}));
    }

    /// What was there already and as the commit wants it, somebody else's until now, is ours.
    async fn take_over(&mut self) -> Result<(), client::Error> {
        let Ok(plan) = self.observation.plan.clone() else {
            return Ok(());
        };
        let inventory = &self.core.inventory;
        let is_ours = |key: &ObjectKey| inventory.owner(key).is_some_and(|it| it == self.name());
        let steps: Vec<_> = plan.steps().filter(|step| !is_ours(&step.key)).collect();
        if steps.is_empty() {
            return Ok(());
        }
        let keys: Vec<ObjectKey> = steps.iter().map(|step| step.key.clone()).collect();
        let objects: Vec<Object> = steps.iter().map(|step| step.object.clone()).collect();
        self.write(&keys, &objects).await?
    }

    fn succeed(&mut self, changed: bool) {
        let revision = self.observation.desired.revision.short();
        let text = if changed {
            format!("healthy at commit {revision}")
        } else {
            format!("commit {revision} asks for what is there already")
        };
        self.progress();
        self.step(
            StepKind::Succeeded,
            text.clone(),
            json!({"changed": changed}),
        );
        self.over(RolloutPhase::Succeeded, text, Some(changed));
    }

    fn fail(&mut self, reason: &str) {
        self.progress();
        self.step(StepKind::Failed, reason, json!({}));
        if let Some(rollout) = &self.rollout {
            self.pending.push(Write::Hold(Hold {
                application: rollout.application.clone(),
                revision: rollout.revision.clone(),
                rollout: rollout.id.clone(),
                reason: reason.to_owned(),
                since: self.now(),
            }));
        }
        let changed = self.attempts > 0;
        self.over(RolloutPhase::Failed, reason.to_owned(), Some(changed));
    }

    /// Notes how the rollout's objects are doing, each thing once.
    fn progress(&mut self) {
        let Some(rollout) = self.rollout.clone() else {
            return;
        };
        let observation = self.observation;
        let course = self.memory.course(&rollout.id);
        let health = results::news(&observation.health, &mut course.health);
        let told = observation.health.iter().filter_map(|(key, health)| {
            let object = observation.live.get(key)?;
            Some((key, object, health))
        });
        let lines = course.told.news(told);
        if !health.is_empty() {
            self.pending.push(Write::Health {
                rollout: rollout.id,
                health,
                at: self.core.env.now(),
            });
        }
        for line in lines {
            self.step(StepKind::Progress, line, json!({}));
        }
    }
}

/// The commit an application was at before a new rollout.
async fn previous(core: &Core, application: &str) -> Result<CommitId, client::Error> {
    let stand = core.standings.get(application);
    if let Some(stand) = stand.filter(|stand| !stand.standing.applied.0.is_empty()) {
        return Ok(stand.standing.applied);
    }
    let last = core.history.reader().last_success(application).await;
    Ok(last
        .map_err(recorded)?
        .map(|last| last.revision)
        .unwrap_or_default())
}

/// What a rollback undoes, as this application knows it: its rollout, or else the commit.
async fn rollback_of(
    core: &Core,
    application: &str,
    rollback: Option<&Rollback>,
) -> Result<String, client::Error> {
    let Some(rollback) = rollback else {
        return Ok(String::new());
    };
    let reader = core.history.reader();
    if let Some(id) = &rollback.rollout {
        let named = reader.rollout(id).await.map_err(recorded)?;
        if named.is_some_and(|named| named.application == application) {
            return Ok(id.clone());
        }
    }
    for commit in &rollback.reverts {
        let found = reader.rollout_at(application, commit).await;
        if let Some(found) = found.map_err(recorded)? {
            return Ok(found.id);
        }
    }
    let commit = rollback.reverts.first().or(rollback.restores.as_ref());
    Ok(commit.map(|commit| commit.0.clone()).unwrap_or_default())
}
