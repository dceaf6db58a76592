//! What others changed is put back.

use jiff::Timestamp;
use serde_json::json;

use api::{Object, ObjectKey};
use engine::plan::Step;
use engine::rollout::Correction;

use super::execute::Execution;
use crate::history::StepKind;

impl Execution<'_> {
    /// Puts these objects back to what the commit says.
    pub(super) async fn correct(&mut self, keys: &[ObjectKey]) -> Result<(), client::Error> {
        let Ok(plan) = self.observation.plan.clone() else {
            return Ok(());
        };
        let steps: Vec<&Step> = plan
            .steps()
            .filter(|step| keys.contains(&step.key))
            .collect();
        let at = self.now();
        for step in &steps {
            self.corrected(&step.key, at);
        }
        let objects: Vec<Object> = steps.iter().map(|step| step.object.clone()).collect();
        match self.write(keys, &objects).await? {
            Ok(_) => {
                let titles: Vec<String> = steps.iter().map(|step| step.title()).collect();
                let text = format!("put back {}", titles.join(", "));
                self.step(StepKind::Corrected, text, json!({"objects": titles}));
            }
            Err(error) => {
                let text = format!("cannot put it back yet: {error}");
                self.step(StepKind::ApplyFailed, text, json!({}));
            }
        }
        Ok(())
    }

    /// Notes that an object was written outside of a rollout; the next time comes later.
    pub(super) fn corrected(&mut self, key: &ObjectKey, at: Timestamp) -> Correction {
        let corrections = &mut self.memory.corrections;
        let next = Correction::after(corrections.get(key).copied(), at);
        corrections.insert(key.clone(), next);
        next
    }
}
