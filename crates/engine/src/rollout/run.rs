//! The steps of a rollout that runs: hooks, waves, hooks, and then what left the commit.

use jiff::{SignedDuration, Timestamp};

use api::ObjectKey;
use api::kinds::RolloutPhase;

use super::correct::backoff;
use super::decide::{Awaited, Decision, Observed, along, fail, forget};
use super::record::{Applied, Rollout};
use super::status::sentence;
use crate::health::holds_back;
use crate::hook::HookPhase;
use crate::plan::{Change, Deletion, Step, Wave};
use crate::{Health, HealthStatus, Plan, WaveNumber};

/// A rollout that may write.
pub(super) struct Run<'a> {
    pub(super) observed: &'a Observed<'a>,
    pub(super) rollout: &'a Rollout,
    pub(super) plan: &'a Plan,
    pub(super) deadline: Timestamp,
}

impl Run<'_> {
    pub(super) fn next(&self) -> Vec<Decision> {
        if let Some(hooks) = self.hooks(HookPhase::Before) {
            return hooks;
        }
        for wave in &self.plan.waves {
            if wave.has_changes() {
                return self.apply(wave);
            }
            let waiting: Vec<(&Step, &Health)> = self.unhealthy(wave).collect();
            if let Some(worst) = worst_of(&waiting) {
                return self.wait(wave, &waiting, worst);
            }
        }
        if let Some(hooks) = self.hooks(HookPhase::After) {
            return hooks;
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

    /// The commit failed elsewhere. What is wrong here is said first: it is this Application's own
    /// failure, whoever came to the deadline before.
    pub(super) fn ends_with(&self, elsewhere: String) -> Vec<Decision> {
        let applied = self.plan.waves.iter().take_while(|it| !it.has_changes());
        let waiting: Vec<(&Step, &Health)> = applied.flat_map(|it| self.unhealthy(it)).collect();
        let Some((step, health)) = worst_of(&waiting) else {
            return along(elsewhere);
        };
        let own = sentence(&step.title(), &health.message);
        if health.terminal || health.status == HealthStatus::Degraded {
            fail(format!("{own}; {elsewhere} too"))
        } else if self.observed.now >= self.deadline {
            self.late(&own)
        } else {
            along(format!("{elsewhere}, and until then {own}"))
        }
    }

    fn apply(&self, wave: &Wave) -> Vec<Decision> {
        let before = |applied: &&Applied| applied.wave == wave.number;
        let attempts = self.rollout.applied.iter().filter(before).count();
        let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
        // Every stage before this one took one at least.
        let attempts = attempts.saturating_sub(wave.stage);
        let changed = || wave.steps.iter().filter(|step| step.is_change());
        if self.rollout.began_at.is_some() && self.observed.now >= self.deadline {
            let first = changed().next().map(Step::title).unwrap_or_default();
            return self.late(&format!("{first} could not be brought to the commit"));
        }
        // One that was interrupted did not fail: the next one comes at once.
        let last = self.rollout.applied.iter().rfind(before);
        let last = last.filter(|applied| !applied.interrupted);
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
        if let Some(renewal) = renewal(wave.number, changed()) {
            return vec![renewal];
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
            .is_some_and(|last| (last.number, last.stage) == (wave.number, wave.stage));
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

    pub(super) fn late(&self, reason: &str) -> Vec<Decision> {
        let deadline = self.observed.application.deadline;
        fail(format!("{reason}; it was given {}", duration(deadline)))
    }
}

/// What has to go before it can come back.
pub(super) fn renewal<'a>(
    wave: WaveNumber,
    steps: impl Iterator<Item = &'a Step>,
) -> Option<Decision> {
    let deletion = |step: &Step| match &step.change {
        Change::Renew(uid) => Some(Deletion {
            key: step.key.clone(),
            kind: step.kind.clone(),
            uid: uid.clone(),
            wave,
            object: None,
        }),
        _ => None,
    };
    let deletions: Vec<Deletion> = steps.filter_map(deletion).collect();
    (!deletions.is_empty()).then_some(Decision::Renew { deletions })
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
