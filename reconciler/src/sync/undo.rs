//! What is done about a commit that failed: its way back, once.

use std::sync::Arc;

use serde_json::json;

use api::kinds::OnFailure;
use api::{Object, ObjectKey};
use engine::plan::{Deletion, Step};

use super::core::{causes, recorded};
use super::execute::{Execution, Next};
use crate::history::{Hold, NewStep, Rollout, StepKind, Trigger, Write};
use crate::service::{self, RollbackRequest, Span};
use crate::source::Person;

/// Who writes commits that nobody asked for by hand.
fn author() -> Person {
    Person {
        name: "Kedge".into(),
        email: "kedge@localhost".into(),
    }
}

impl Execution<'_> {
    /// Brings the objects of the commit before back, and records the failed rollout as undone.
    pub(super) async fn restore(
        &mut self,
        keys: &[ObjectKey],
        deletions: &[Deletion],
    ) -> Result<(), client::Error> {
        let (Some(failed), Ok(plan)) = (self.failed(), self.observation.plan.clone()) else {
            return Ok(());
        };
        let steps: Vec<&Step> = plan.steps().filter(|it| keys.contains(&it.key)).collect();
        let at = self.now();
        for key in keys {
            self.corrected(key, at);
        }
        let objects: Vec<Object> = steps.iter().map(|step| step.object.clone()).collect();
        if !objects.is_empty()
            && let Err(error) = self.write(keys, &objects).await?
        {
            let text = format!("cannot undo it yet: {error}");
            self.about(&failed, StepKind::ApplyFailed, text);
            return Ok(());
        }
        let live = &self.observation.live;
        let leaving = |it: &&Deletion| live.get(&it.key).is_some_and(Object::is_deleting);
        let exact: Vec<_> = deletions
            .iter()
            .filter(|it| !leaving(it))
            .map(|it| (it.key.clone(), it.uid.clone()))
            .collect();
        if !exact.is_empty() {
            let commit = self.commit();
            self.core
                .cluster
                .delete(self.client, &exact, &commit)
                .await?;
        }
        self.undone(&failed);
        // What a newer commit brought elsewhere stays, beside which this was tried again.
        let what = match failed.first_try {
            Some(_) => failed.application.as_str(),
            None => "everything",
        };
        let text = format!(
            "commit {} is undone: {what} is as commit {} has it",
            failed.first().revision.named(),
            failed.previous.named()
        );
        self.about(&failed, StepKind::Undone, text);
        Ok(())
    }

    /// Pushes a commit that reverts the failed one. Tried once: what stands in its way, somebody
    /// has to look at.
    pub(super) async fn revert(&mut self) -> Result<(), client::Error> {
        let Some(failed) = self.failed() else {
            return Ok(());
        };
        let request = RollbackRequest {
            span: Span::Rollout(failed.id.clone()),
            reason: failed.message.clone(),
            author: author(),
            parent: None,
            plan: String::new(),
        };
        let text = match service::rollback(self.core, &request).await {
            Ok(done) => {
                let (by, what) = (done.commit.short(), failed.revision.short());
                let alone = if done.stays.is_empty() {
                    String::new()
                } else {
                    format!(" for {} alone", self.name())
                };
                format!("commit {by} reverts commit {what}{alone}")
            }
            Err(error) => format!("cannot be reverted by itself: {}", causes(&error)),
        };
        self.undone(&failed);
        self.about(&failed, StepKind::Undone, text);
        Ok(())
    }

    /// Whether the failure of this rollout is one of its whole commit.
    pub(super) fn takes_along(&self, rollout: &Rollout) -> bool {
        let policy = self.observation.application.policy.on_failure;
        policy == OnFailure::Restore
            && !matches!(rollout.trigger, Trigger::Sync | Trigger::Retry)
            && !rollout.options.is_partial()
    }

    /// Holds a commit that went well here and failed elsewhere.
    pub(super) fn recall_commit(&mut self, reason: &str) -> Next {
        let Some(over) = self.failed() else {
            return Next::Rest;
        };
        self.pending.push(Write::Hold(Hold {
            application: over.application.clone(),
            revision: over.revision.clone(),
            rollout: over.id.clone(),
            reason: reason.to_owned(),
            since: self.now(),
            atomic: false,
        }));
        let step = NewStep::new(self.now(), StepKind::Failed, reason);
        let step = step.data(json!({"recalled": true})).rollout(&over);
        self.pending.push(Write::Step(step));
        Next::Again
    }

    /// Has the other Applications of the commit look at what became of it.
    pub(super) async fn wake_fellows(&self) -> Result<(), client::Error> {
        let reader = self.core.history.reader();
        let revision = &self.observation.desired.revision;
        let names = reader.applications_at(revision).await.map_err(recorded)?;
        for name in names.iter().filter(|name| *name != self.name()) {
            self.core.wake(name);
        }
        Ok(())
    }

    fn failed(&self) -> Option<Arc<Rollout>> {
        self.observation.last.as_ref().map(|(row, _)| row.clone())
    }

    fn undone(&mut self, failed: &Rollout) {
        self.pending.push(Write::Undone {
            rollout: failed.id.clone(),
            at: self.now(),
        });
    }

    /// A step of a rollout that is over.
    fn about(&mut self, rollout: &Rollout, kind: StepKind, text: String) {
        let step = NewStep::new(self.now(), kind, text).data(json!({}));
        self.pending.push(Write::Step(step.rollout(rollout)));
    }
}
