//! What is said in the course of a rollout, each thing once.

use serde_json::json;

use super::execute::Execution;
use super::{exits, results};
use crate::history::{StepKind, Write};

impl Execution<'_> {
    /// Notes how the rollout's objects are doing, each thing once.
    pub(super) fn progress(&mut self) {
        let Some(rollout) = self.rollout.clone() else {
            return;
        };
        let observation = self.observation;
        let course = self.memory.course(&rollout.id);
        let health = results::news(observation, &rollout.id, &mut course.health);
        let told = observation.health.iter().filter_map(|(key, health)| {
            let object = observation.live.get(key)?;
            Some((key, object, health))
        });
        let lines = course.told.news(told);
        let began = rollout.began_at.unwrap_or(rollout.started_at);
        let exits = exits::news(self.core, observation, began, &mut course.exits);
        if !health.is_empty() {
            self.pending.push(Write::Health {
                rollout: rollout.id.clone(),
                health,
                at: self.core.env.now(),
            });
        }
        if !exits.is_empty() {
            let rollout = rollout.id;
            self.pending.push(Write::Exits { rollout, exits });
        }
        for line in lines {
            self.step(StepKind::Progress, line, json!({}));
        }
    }
}
