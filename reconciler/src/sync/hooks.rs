//! Runs hooks, and takes those away that ran.

use serde_json::json;

use api::{Object, ObjectKey};
use engine::hook::Hook;
use engine::plan::Deletion;
use engine::{Manifest, Origin, Problems};

use super::execute::{Execution, Next};
use super::problems;
use crate::history::{NewStep, Rollout, StepKind, Write};

impl Execution<'_> {
    /// Creates the hooks as of the rollout that runs, or of the one that failed.
    pub(super) async fn run_hooks(&mut self, keys: &[ObjectKey]) -> Result<(), client::Error> {
        let Some(rollout) = self.subject() else {
            return Ok(());
        };
        let hooks = &self.observation.render.hooks;
        let hooks: Vec<&Hook> = hooks.iter().filter(|it| keys.contains(&it.key)).collect();
        let titles: Vec<String> = hooks.iter().map(|hook| hook.title()).collect();
        let named = titles.join(", ");
        self.record_plan();
        self.note(
            &rollout,
            StepKind::Applying,
            format!("runs the hook {named}"),
        );
        let objects: Vec<Object> = hooks.iter().map(|hook| hook.of(&rollout.id)).collect();
        let at = self.now();
        let objects = match self.opened(objects) {
            Ok(objects) => objects,
            Err(problems) => {
                let text = format!("the hook {named} cannot be run: {}", problems.summary());
                self.note(&rollout, StepKind::ApplyFailed, text);
                return Ok(());
            }
        };
        let Err(error) = self.write(keys, &objects).await? else {
            self.applied(&rollout, keys);
            return Ok(());
        };
        for key in keys {
            self.corrected(key, at);
        }
        let text = format!("the hook {named} cannot be run: {error}");
        if !problems::is_final(&error) {
            self.note(&rollout, StepKind::ApplyFailed, text);
        } else if self.rollout.is_some() {
            self.fail(&text, false);
        } else {
            self.note(&rollout, StepKind::ApplyFailed, text);
            self.applied(&rollout, keys);
        }
        Ok(())
    }

    /// The objects with what is encrypted in them decrypted.
    fn opened(&self, objects: Vec<Object>) -> Result<Vec<Object>, Problems> {
        let origin = Origin::default();
        let manifest = |object| Manifest {
            object,
            origin: origin.clone(),
        };
        let manifests: Vec<Manifest> = objects.into_iter().map(manifest).collect();
        let renders = &self.core.renders;
        let opened = renders.open(&self.observation.render, &manifests)?;
        Ok(opened.iter().map(|it| it.object.clone()).collect())
    }

    pub(super) async fn clear_hooks(
        &mut self,
        deletions: &[Deletion],
    ) -> Result<Next, client::Error> {
        let exact: Vec<_> = deletions
            .iter()
            .map(|it| (it.key.clone(), it.uid.clone()))
            .collect();
        let titles: Vec<String> = deletions.iter().map(Deletion::title).collect();
        let commit = self.commit();
        let deleted = self.core.cluster.delete(self.client, &exact, &commit);
        if let Err(error) = deleted.await {
            let at = self.now();
            for deletion in deletions {
                self.corrected(&deletion.key, at);
            }
            return Err(error);
        }
        if let Some(rollout) = self.subject() {
            let text = format!("deletes the hook {}, which ran", titles.join(", "));
            self.note(&rollout, StepKind::Pruned, text);
        }
        Ok(Next::Again)
    }

    /// The rollout that hooks are of.
    fn subject(&self) -> Option<Rollout> {
        let last = || {
            self.observation
                .last
                .as_ref()
                .map(|(row, _)| (**row).clone())
        };
        self.rollout.clone().or_else(last)
    }

    fn applied(&mut self, rollout: &Rollout, keys: &[ObjectKey]) {
        self.pending.push(Write::Applied {
            rollout: rollout.id.clone(),
            keys: keys.to_vec(),
            at: self.now(),
        });
    }

    fn note(&mut self, rollout: &Rollout, kind: StepKind, text: String) {
        let step = NewStep::new(self.now(), kind, text).data(json!({}));
        self.pending.push(Write::Step(step.rollout(rollout)));
    }
}
