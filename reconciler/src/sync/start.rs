//! How a rollout begins: who, what, because of which push, and what it is going to do.

use std::sync::Arc;

use serde_json::json;

use engine::progress::Told;
use engine::rollout::{CommitId, Rollback, RolloutPhase};

use super::core::{Core, recorded};
use super::desired::news;
use super::execute::Execution;
use super::read::is_here;
use super::results;
use crate::history::{Push, Rollout, StepKind, StepQuery, Trigger, Write};
use crate::source::{Commit, Person};

impl Execution<'_> {
    pub(super) async fn start(
        &mut self,
        revision: &CommitId,
        rollback: Option<Rollback>,
    ) -> Result<(), client::Error> {
        let observation = self.observation;
        let new = self.new_commit(revision).await?;
        let reader = self.core.history.reader();
        let push = reader.push_of(&new.id).await.map_err(recorded)?;
        let short = new.id.short().to_owned();
        let others = self.others(revision, &new.id);
        let commit = Commit {
            id: revision.clone(),
            ..Arc::unwrap_or_clone(new)
        };
        let rollout = self.fresh(&commit, rollback, push).await?;
        let undoes = match rollout.rollback_of.as_str() {
            "" => String::new(),
            what => format!(", which undoes {what}"),
        };
        let part = match rollout.options.objects.len() {
            0 => String::new(),
            1 => "1 object of ".to_owned(),
            some => format!("{some} objects of "),
        };
        let signers = self.signers(revision).await?;
        let signed = signed(&signers);
        let text = format!(
            "rollout {} of {part}commit {short} ({}){others}{undoes}{signed}",
            rollout.id,
            commit.subject()
        );
        let (application, at) = (self.name().to_owned(), rollout.started_at);
        self.pending.extend([
            Write::Commit {
                commit,
                seen_at: at,
            },
            Write::Rollout(Box::new(rollout.clone())),
        ]);
        if observation.requester.is_some() {
            let application = application.clone();
            self.pending.push(Write::RequestDone { application });
        }
        // What failed as a whole stays held where only a part of it is tried again.
        if !rollout.options.is_partial() {
            self.pending.push(Write::Release { application, at });
        }
        self.rollout = Some(rollout);
        self.attempts = 0;
        let asked = json!({"revision": revision, "requester": observation.requester,
            "options": observation.desired.options, "signedBy": signers,
            "revisions": revision.parts()});
        self.step(StepKind::Started, text, asked);
        self.record_plan();
        Ok(())
    }

    /// What this rollout is about: of several commits the one that is new.
    async fn new_commit(&self, revision: &CommitId) -> Result<Arc<Commit>, client::Error> {
        let target = self.core.target();
        if let Some(target) = target.filter(|target| target.revision() == revision) {
            return Ok(target.commit.clone());
        }
        let last = self.observation.last.as_ref().map(|(row, _)| &**row);
        let news = news(self.core, &self.observation.application, last, revision);
        news.await.map(Arc::new)
    }

    /// The commits of further sources, for people.
    fn others(&self, revision: &CommitId, new: &CommitId) -> String {
        let parts = revision.parts();
        if parts.len() < 2 {
            return String::new();
        }
        let sources = self.observation.application.sources().zip(&parts);
        let told = sources.filter(|(_, commit)| *commit != new);
        let told = told.map(|(source, commit)| {
            let repo = match source.repo.as_str() {
                "" => "the cluster repository",
                repo => repo,
            };
            format!(" with {} of {repo}", commit.short())
        });
        told.collect()
    }

    /// Who signed the commit, where that counts.
    async fn signers(&self, revision: &CommitId) -> Result<Vec<String>, client::Error> {
        let (core, observation) = (self.core, self.observation);
        let (application, source) = (&observation.application, &observation.source);
        let asked = core.signatures.of(core, application, revision);
        let mut signers = asked.await?.unwrap_or_default();
        if is_here(application) {
            let tracked = core.signatures.tracked(&source.location, None, revision);
            signers.extend(tracked.await?.unwrap_or_default());
        }
        signers.dedup();
        Ok(signers)
    }

    /// The row of a rollout to `commit`.
    async fn fresh(
        &self,
        commit: &Commit,
        rollback: Option<Rollback>,
        push: Option<Push>,
    ) -> Result<Rollout, client::Error> {
        let observation = self.observation;
        let last = observation.last.as_ref();
        let number = last.map_or(1, |(last, _)| last.number + 1);
        let trigger = match &push {
            _ if observation.requester.is_some() => Trigger::Sync,
            _ if observation.desired.retried && !observation.desired.requested => Trigger::Retry,
            Some(push) if !observation.desired.requested => push.trigger,
            _ => Trigger::Application,
        };
        Ok(Rollout {
            id: format!("{}-{number}", self.name()),
            application: self.name().to_owned(),
            number,
            // Whoever pushed did not ask for it.
            push: push.filter(|_| trigger != Trigger::Retry).map(|it| it.id),
            revision: commit.id.clone(),
            previous: previous(self.core, self.name()).await?,
            author: commit.author.clone(),
            commit_message: commit.message.clone(),
            trigger,
            rollback_of: rollback_of(self.core, self.name(), rollback.as_ref()).await?,
            rollback,
            digest: observation.render.digest.clone(),
            same_as_previous: false,
            first_try: last
                .filter(|_| trigger == Trigger::Retry)
                .map(|(last, _)| Box::new(last.first())),
            phase: RolloutPhase::Pending,
            message: String::new(),
            changed: None,
            started_at: self.now(),
            began_at: None,
            deadline_at: None,
            finished_at: None,
            undone_at: None,
            taken_back: None,
            asked_by: observation.requester.as_deref().map(Person::read),
            options: observation.desired.options.clone(),
        })
    }

    pub(super) fn begin(&mut self) {
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

    /// What an earlier process said of the rollout that it left running, lest it is said again.
    pub(super) async fn recall(&mut self) -> Result<(), client::Error> {
        let Some(rollout) = &self.rollout else {
            return Ok(());
        };
        if self.memory.course.rollout == rollout.id {
            return Ok(());
        }
        let query = StepQuery {
            rollout: Some(rollout.id.clone()),
            ..StepQuery::default()
        };
        let steps = self.core.history.reader().steps(&query).await;
        let steps = steps.map_err(recorded)?.into_iter();
        let said = steps.filter(|step| step.kind == StepKind::Progress);
        self.memory.course(&rollout.id).told = Told::after(said.map(|step| step.text));
        Ok(())
    }

    /// Keeps the plan on record up to date.
    pub(super) fn record_plan(&mut self) {
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
}

fn signed(signers: &[String]) -> String {
    match signers {
        [] => String::new(),
        all => format!(", signed by {}", all.join(", ")),
    }
}

/// The commit an application was at before a new rollout.
async fn previous(core: &Core, application: &str) -> Result<CommitId, client::Error> {
    let stand = core.standings.get(application);
    if let Some(stand) = stand.filter(|stand| !stand.standing.applied.0.is_empty()) {
        return Ok(stand.standing.applied.clone());
    }
    let last = core.history.reader().last_success(application).await;
    let last = last.map_err(recorded)?;
    Ok(last.map(|last| last.revision).unwrap_or_default())
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
