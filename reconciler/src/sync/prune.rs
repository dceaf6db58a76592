//! What left the commit is deleted, and then forgotten.

use serde_json::json;

use api::Object;
use engine::plan::{Deletion, InventoryEntry};

use super::execute::{Execution, Next};
use crate::history::{StepKind, Write};

impl Execution<'_> {
    pub(super) async fn prune(&mut self, deletions: &[Deletion]) -> Result<Next, client::Error> {
        self.take_away(deletions, "").await
    }

    /// Deletes what comes back once it is gone.
    pub(super) async fn renew(&mut self, deletions: &[Deletion]) -> Result<Next, client::Error> {
        self.take_away(deletions, ", to make it anew").await
    }

    async fn take_away(
        &mut self,
        deletions: &[Deletion],
        why: &str,
    ) -> Result<Next, client::Error> {
        let live = &self.observation.live;
        // What is on its way out needs no second push.
        let leaving = |it: &&Deletion| live.get(&it.key).is_some_and(Object::is_deleting);
        let now: Vec<&Deletion> = deletions.iter().filter(|it| !leaving(it)).collect();
        if now.is_empty() {
            return Ok(Next::Rest);
        }
        let titles: Vec<String> = now.iter().map(|deletion| deletion.title()).collect();
        let text = format!("deletes {}{why}", titles.join(", "));
        self.record_plan();
        self.step(StepKind::Pruning, text, json!({"objects": titles}));
        self.flush().await?;
        let exact: Vec<_> = now
            .iter()
            .map(|it| (it.key.clone(), it.uid.clone()))
            .collect();
        let commit = self.commit();
        let deleted = self.core.cluster.delete(self.client, &exact, &commit).await;
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
        if let Some(rollout) = self.rollout.as_ref().filter(|_| why.is_empty()) {
            self.pending.push(Write::Applied {
                rollout: rollout.id.clone(),
                keys: now.iter().map(|it| it.key.clone()).collect(),
                at,
            });
        }
        self.step(StepKind::Pruned, "deleted", json!({"objects": titles}));
        Ok(Next::Again)
    }

    pub(super) fn forget(&mut self, entries: &[InventoryEntry]) {
        self.pending.push(Write::InventoryRemove {
            application: self.name().to_owned(),
            keys: entries.iter().map(|entry| entry.key.clone()).collect(),
        });
        let keys: Vec<String> = entries.iter().map(|entry| entry.key.to_string()).collect();
        let text = match keys.as_slice() {
            [one] => format!("{one} is gone"),
            some => format!("{} objects are gone", some.len()),
        };
        self.step(StepKind::Forgotten, text, json!({"objects": keys}));
    }
}
