//! One application as everything knows it: how its last pass found it, what is recorded, and its
//! object in the cluster.

use api::kinds::SyncPolicy;
use api::{Condition, Object};
use engine::rollout::{CommitId, Pause, Rollback, RolloutPhase, SyncStatus};
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
    /// What it waits for that is neither an object nor another application.
    pub paused: Option<Pause>,
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
            paused: standing.paused.clone(),
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

    /// The commit that the last rollout which converged brought, as far as the newest one tells; it
    /// stays live while another one is brought, and where that fails.
    pub(crate) fn live(&self) -> CommitId {
        match &self.last {
            Some(last) if last.phase == RolloutPhase::Succeeded && last.undone_at.is_none() => {
                if last.options.is_partial() {
                    self.applied.clone()
                } else {
                    last.revision.clone()
                }
            }
            Some(last) => last.previous.clone(),
            None => self.applied.clone(),
        }
    }

    /// Whether it was proven at the commit that Git wants, and nothing is different since then.
    pub(crate) fn is_proven(&self) -> bool {
        let whole = !self.applied.0.is_empty() && self.applied == self.wanted;
        whole && self.sync == SyncStatus::Synced && self.running().is_none()
    }

    /// Whether nothing asks for a person.
    pub(crate) fn is_well(&self) -> bool {
        self.concern() <= Tone::Hold
    }

    /// Whether its own records do not say all that there is to say.
    pub(crate) fn needs_why(&self) -> bool {
        let broken = !self.health.is_settled_well() || self.held.is_some();
        self.observed_at.is_some() && (broken || self.sync == SyncStatus::Unknown)
    }

    /// Whether it waits for a person to say yes.
    pub(crate) fn asks(&self) -> bool {
        self.paused.as_ref().is_some_and(Pause::asks)
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
        let suspended = self.suspended().map_or(Tone::Ok, |_| Tone::Hold);
        match self.running() {
            // On its way: what is not there yet is no fault.
            Some(_) if health != Tone::Bad => Tone::Run,
            _ => health.max(sync).max(held).max(suspended),
        }
    }

    /// Its health, or that it is left alone where nothing else is to be said.
    pub(crate) fn state(&self) -> HealthStatus {
        match self.suspended() {
            Some(_) if self.health.is_settled_well() => HealthStatus::Suspended,
            _ => self.health,
        }
    }

    /// Why nothing of it may be changed, where that is so.
    pub(crate) fn suspended(&self) -> Option<&Pause> {
        let paused = self.paused.as_ref();
        paused.filter(|pause| pause.reason == Pause::SUSPENDED)
    }

    /// Whether somebody may let it go on; what Git suspends, only Git lets go on.
    pub(crate) fn resumes(&self) -> bool {
        let in_git = self.application.as_ref().is_some_and(|it| it.suspend);
        self.suspended().is_some() && !in_git
    }

    pub(crate) fn policy(&self) -> Option<&SyncPolicy> {
        self.application.as_ref().map(|it| &it.policy)
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
