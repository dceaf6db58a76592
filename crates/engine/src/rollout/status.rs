//! What an Application's status says.

use api::kinds::{RolloutPhase, SyncStatus};

use super::{Observed, pause};
use crate::health::{holds_back, is_unwell, worst};
use crate::plan::{Change, counts};
use crate::{Health, HealthStatus};

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
    /// Whether those that depend on it have to wait until it is better.
    pub holds_back: bool,
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
                holds_back: true,
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
        holds_back: plan
            .steps()
            .any(|step| match observed.health.get(&step.key) {
                Some(health) => holds_back(&step.kind, health),
                None => step.change == Change::Create,
            }),
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
fn health(observed: &Observed, plan: &crate::Plan) -> Health {
    let all: Vec<Health> = plan
        .steps()
        .filter_map(|step| {
            let health = match observed.health.get(&step.key) {
                Some(health) => health.clone(),
                None if step.change == Change::Create => Health::missing(),
                None => return None,
            };
            if health.status != HealthStatus::Suspended && !is_unwell(&step.kind, &health) {
                return None;
            }
            let message = sentence(&step.title(), &health.message);
            Some(Health { message, ..health })
        })
        .collect();
    worst(&all)
}

/// `Deployment shop/web: container web in pod …`
pub(super) fn sentence(title: &str, message: &str) -> String {
    if message.is_empty() {
        title.to_owned()
    } else {
        format!("{title}: {message}")
    }
}
