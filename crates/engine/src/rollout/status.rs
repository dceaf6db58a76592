//! What an Application's status says.

use api::kinds::{RolloutPhase, SyncStatus};

use super::{Observed, pause};
use crate::health::{holds_back, is_unwell, worst};
use crate::plan::{Change, Step, counts};
use crate::{Health, HealthStatus, Plan};

/// An Application's state in two words and two sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub sync: SyncStatus,
    /// Why it is not Synced. Empty when it is.
    pub sync_message: String,
    /// The worst of its objects.
    pub health: Health,
    /// Whether the wanted commit failed and is not tried again until there is a newer one.
    pub held: bool,
    /// What those that depend on it have to wait for, the worst of it; `None` for nothing.
    pub holds_back: Option<Health>,
}

/// Reads the state off what was observed.
pub fn state(observed: &Observed) -> State {
    let held = observed.last.is_some_and(|last| {
        let failed = last.phase == RolloutPhase::Failed || last.recalled;
        failed && last.revision == observed.desired.revision
    });
    let plan = match observed.plan {
        Ok(plan) => plan,
        Err(problems) => {
            return State {
                sync: SyncStatus::Unknown,
                sync_message: problems.summary(),
                health: worst(observed.health.values()),
                held,
                holds_back: Some(worst(observed.health.values())),
            };
        }
    };
    let out = !plan.is_empty();
    let restored = observed.restoring && !observed.same;
    let in_part = observed.desired.options.is_partial();
    let asks = plan.asking().next().is_some();
    let out = out || restored || in_part || asks;
    // The newest commit is not to blame for what it only tries again.
    let failed = observed.last.and_then(|last| last.first_try.as_ref());
    let failed = failed.unwrap_or(&observed.desired.revision).short();
    let sync_message = if restored {
        format!("held: commit {failed} failed and was undone; push a newer commit")
    } else if !out {
        String::new()
    } else if held {
        format!("held: commit {failed} failed and is not applied again; push a newer commit")
    } else if in_part {
        let revision = observed.desired.revision.short();
        format!("some objects of commit {revision} are being rolled out")
    } else {
        match pause(observed) {
            Some(pause) => format!("{}; {}", pause.message, counts(plan)),
            None => counts(plan).to_string(),
        }
    };
    State {
        sync: if out {
            SyncStatus::OutOfSync
        } else {
            SyncStatus::Synced
        },
        sync_message,
        health: judged(health(observed, plan), held && !restored),
        held,
        holds_back: held_back(observed, plan).map(|it| judged(it, held && !restored)),
    }
}

/// What is still coming up when its rollout's time was over is on its way no more.
fn judged(health: Health, held: bool) -> Health {
    if held && health.status == HealthStatus::Progressing {
        return Health::degraded(health.message);
    }
    health
}

/// The worst health of the commit's objects, with the object named in the message.
fn health(observed: &Observed, plan: &Plan) -> Health {
    let counts = |kind: &str, health: &Health| {
        health.status == HealthStatus::Suspended || is_unwell(kind, health)
    };
    worst(&those(observed, plan, counts))
}

/// The worst of what keeps others waiting.
fn held_back(observed: &Observed, plan: &Plan) -> Option<Health> {
    let all = those(observed, plan, holds_back);
    (!all.is_empty()).then(|| worst(&all))
}

/// The health of the commit's objects that counts, with the object named in the message.
fn those(observed: &Observed, plan: &Plan, counts: impl Fn(&str, &Health) -> bool) -> Vec<Health> {
    let told = |step: &Step| {
        let health = match observed.health.get(&step.key) {
            Some(health) => health.clone(),
            None if step.change == Change::Create => Health::missing(),
            None => return None,
        };
        let message = sentence(&step.title(), &health.message);
        counts(&step.kind, &health).then_some(Health { message, ..health })
    };
    plan.steps().filter_map(told).collect()
}

/// `Deployment shop/web: container web in pod …`
pub(super) fn sentence(title: &str, message: &str) -> String {
    if message.is_empty() {
        title.to_owned()
    } else {
        format!("{title}: {message}")
    }
}
