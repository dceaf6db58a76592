//! A proof for the same commit once more: what others changed since the last one is as the commit says
//! again, whoever put it back. Never while anything differs, and slower and slower where it keeps
//! changing.

use jiff::Timestamp;
use serde_json::json;

use engine::health::holds_back;
use engine::plan::Step;
use engine::rollout::{Correction, RolloutPhase, drifted};

use super::core::recorded;
use super::execute::Execution;
use super::observe::Observation;
use crate::history::{Rollout, StepKind};

/// What is known of the newest proof of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proven {
    pub(crate) rollout: String,
    /// Whether it is true still.
    pub(crate) stands: bool,
}

impl Proven {
    pub(crate) fn of(rollout: &str) -> Self {
        Self {
            rollout: rollout.to_owned(),
            stands: true,
        }
    }
}

/// When the next proof may be made: none is made more often than what drifts is put back.
fn due(last: Option<Correction>, now: Timestamp) -> Option<Timestamp> {
    last.map(Correction::due).filter(|due| *due > now)
}

/// The rollout whose commit is in the cluster as a whole, so that it can be proven.
fn whole(observation: &Observation) -> Option<&Rollout> {
    let (row, _) = observation.last.as_ref()?;
    let plan = observation.plan.as_ref().ok()?;
    let is_asked = !observation.restoring && row.phase == RolloutPhase::Succeeded;
    let is_there = drifted(&observation.observed()).is_some_and(|drifted| drifted.is_empty());
    let differs = plan.steps().any(Step::is_change) || !plan.deletes.is_empty();
    let mut steps = plan.steps();
    let held_back = |step: &Step| {
        let health = observation.health.get(&step.key);
        health.is_some_and(|health| holds_back(&step.kind, health))
    };
    let well = !steps.any(held_back);
    (is_asked && is_there && !differs && well).then_some(row)
}

impl Execution<'_> {
    /// What drifts ends what was proven.
    pub(super) fn disproven(&mut self) {
        if let Some(proven) = &mut self.memory.proven {
            proven.stands = false;
        }
    }

    /// Proves the commit again where the last proof of it is no longer true. Answers when, where it is
    /// too early.
    pub(super) async fn prove_again(&mut self) -> Result<Option<Timestamp>, client::Error> {
        let observation = self.observation;
        let Some(rollout) = whole(observation).filter(|it| !self.core.holds.of(&it.id)) else {
            return Ok(None);
        };
        if self.stands(&rollout.id).await? {
            return Ok(None);
        }
        let now = self.now();
        if let Some(due) = due(self.memory.proofs, now) {
            return Ok(Some(due));
        }
        self.prove(rollout, Vec::new()).await?;
        let text = format!("commit {} is proven again", rollout.revision.short());
        self.step(StepKind::Proven, text, json!({"rollout": rollout.id}));
        self.memory.proofs = Some(Correction::after(self.memory.proofs, now));
        self.flush().await?;
        Ok(None)
    }

    /// Whether the newest proof of this rollout is true; what is not remembered is read.
    async fn stands(&mut self, rollout: &str) -> Result<bool, client::Error> {
        let known = self.memory.proven.as_ref();
        if let Some(proven) = known.filter(|it| it.rollout == rollout) {
            return Ok(proven.stands);
        }
        let stands = self.core.history.reader().proof_of(rollout).await;
        let stands = stands.map_err(recorded)?.unwrap_or(false);
        self.memory.proven = Some(Proven {
            stands,
            ..Proven::of(rollout)
        });
        Ok(stands)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn what_flaps_is_proven_less_and_less_often() {
        let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        assert_eq!(due(None, at(0)), None);
        let (mut last, mut made) = (None, Vec::new());
        for second in 0..600 {
            if due(last, at(second)).is_none() {
                last = Some(Correction::after(last, at(second)));
                made.push(second);
            }
        }
        assert_eq!(made, [0, 2, 8, 26, 80, 242, 542]);
        // Once it was quiet, the next one is made at once.
        assert_eq!(due(last, at(542 + 300)), None);
    }
}
