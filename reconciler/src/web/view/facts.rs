//! One application as everything knows it: how its last pass found it, what is recorded, and its
//! object in the cluster.

use api::{Condition, Object};
use engine::rollout::{CommitId, Pause, Rollback, SyncStatus};
use engine::{Application, HealthStatus};
use jiff::Timestamp;

use super::component::Tone;
use crate::history::{Hold, Rollout};
use crate::service::ApplicationView;

/// What the pages about applications begin with.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub name: String,
    pub path: String,
    /// The branch, tag or commit it follows; empty for the repository's own branch.
    pub tracks: String,
    pub sync: SyncStatus,
    pub sync_message: String,
    pub health: HealthStatus,
    /// Why, in words; may be empty.
    pub health_message: String,
    /// The commit that Git wants. Empty before the first pass.
    pub wanted: CommitId,
    /// The newest commit that is in the cluster, whole. Empty before the first.
    pub applied: CommitId,
    pub objects: i64,
    pub last: Option<Rollout>,
    pub held: Option<Hold>,
    /// Whether it waits for a person to say yes.
    pub asks: bool,
    /// When it left the repository.
    pub removed_at: Option<Timestamp>,
    /// Before this there is nothing to say about it.
    pub observed_at: Option<Timestamp>,
    /// As its object says; absent where that is gone or was not seen yet.
    pub application: Option<Application>,
    pub conditions: Vec<Condition>,
}

impl Facts {
    pub(crate) fn new(view: &ApplicationView, object: Option<&Object>) -> Self {
        let (summary, standing) = (&view.summary, &view.standing);
        let application = object.map(Application::from_object);
        Self {
            name: summary.application.name.clone(),
            path: view.path.clone(),
            tracks: application
                .as_ref()
                .map(|application| application.source.revision.clone())
                .unwrap_or_default(),
            sync: standing.sync,
            sync_message: standing.sync_message.clone(),
            health: match standing.observed_at {
                Some(_) => standing.health.status,
                None => HealthStatus::Unknown,
            },
            health_message: standing.health.message.clone(),
            wanted: standing.revision.clone(),
            applied: standing.applied.clone(),
            objects: summary.objects,
            last: summary.last.clone(),
            held: summary.held.clone(),
            asks: standing.paused.as_ref().is_some_and(Pause::asks),
            removed_at: summary.application.removed_at,
            observed_at: standing.observed_at,
            application,
            conditions: object.map(Object::conditions).unwrap_or_default(),
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The rollout that runs now.
    pub(crate) fn running(&self) -> Option<&Rollout> {
        self.last.as_ref().filter(|last| !last.phase.is_final())
    }

    /// Whether nothing asks for a person.
    pub(crate) fn is_well(&self) -> bool {
        self.concern() <= Tone::Hold
    }

    /// How much it asks for a person.
    pub(crate) fn concern(&self) -> Tone {
        let health = match self.health {
            HealthStatus::Healthy => Tone::Ok,
            HealthStatus::Suspended => Tone::Hold,
            HealthStatus::Progressing => Tone::Run,
            HealthStatus::Missing | HealthStatus::Unknown => Tone::Warn,
            HealthStatus::Degraded => Tone::Bad,
        };
        let sync = match self.sync {
            SyncStatus::Synced => Tone::Ok,
            SyncStatus::OutOfSync | SyncStatus::Unknown => Tone::Warn,
        };
        let held = self.held.as_ref().map_or(Tone::Ok, |_| Tone::Bad);
        match self.running() {
            // On its way: what is not there yet is no fault.
            Some(_) if health != Tone::Bad => Tone::Run,
            _ => health.max(sync).max(held),
        }
    }

    /// The sentence about the worst of it: heading, then details.
    pub(crate) fn truth(&self) -> (String, String) {
        let name = &self.name;
        if let Some(hold) = &self.held {
            let heading = format!(
                "{name} is held: commit {} failed and is not applied again",
                hold.revision.short()
            );
            return (heading, hold.reason.clone());
        }
        if let Some(running) = self.running() {
            let to = running.revision.short();
            let heading = match self.health {
                HealthStatus::Degraded => format!("{name} is Degraded on its way to {to}"),
                _ => format!("{name} is going to {to}"),
            };
            let details = if running.message.is_empty() {
                self.health_message.clone()
            } else {
                running.message.clone()
            };
            return (heading, details);
        }
        if self.observed_at.is_none() {
            let details = "The reconciler has just started; its first look decides.".to_owned();
            return (format!("{name} has not been looked at yet"), details);
        }
        if !self.health.is_settled_well() {
            return (
                format!("{name} is {}", self.health),
                self.health_message.clone(),
            );
        }
        let heading = match self.sync {
            SyncStatus::Synced => format!("{name} matches Git"),
            SyncStatus::OutOfSync => format!("{name} is not what Git says"),
            SyncStatus::Unknown => format!("{name} cannot be compared with Git"),
        };
        (heading, self.sync_message.clone())
    }
}

/// What a rollout undoes, in one word or two; empty for no rollback.
pub(crate) fn undone(rollout: &Rollout) -> String {
    if !rollout.rollback_of.is_empty() {
        let is_commit = rollout.rollback_of.len() >= 40
            && rollout
                .rollback_of
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit());
        return if is_commit {
            CommitId(rollout.rollback_of.clone()).short().to_owned()
        } else {
            rollout.rollback_of.clone()
        };
    }
    match &rollout.rollback {
        Some(Rollback { reverts, .. }) => reverts
            .first()
            .map(|commit| commit.short().to_owned())
            .unwrap_or_default(),
        None => String::new(),
    }
}
