//! One application as everything knows it: how its last pass found it, what is recorded, and its
//! object in the cluster.

use std::sync::Arc;

use api::kinds::SyncPolicy;
use api::{Condition, Object};
use engine::rollout::{CommitId, Pause, Rollback, RolloutPhase, SyncStatus};
use engine::{Application, HealthStatus};
use jiff::Timestamp;

use super::component::Tone;
use super::graph::app_href;
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
    pub objects: usize,
    pub last: Option<Arc<Rollout>>,
    /// The commit that failed and is not tried again. What came up after its time was over, and is
    /// what Git says, waits for nobody.
    pub held: Option<Arc<Hold>>,
    /// Whether what was proven last is so still.
    pub proof_stands: bool,
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
        let facts = Self::recorded(view);
        match object {
            Some(object) => facts.with(object),
            None => facts,
        }
    }

    /// And what its object says.
    pub(crate) fn with(self, object: &Object) -> Self {
        let application = Application::from_object(object);
        Self {
            tracks: application.source.revision.clone(),
            conditions: object.conditions(),
            application: Some(application),
            ..self
        }
    }

    fn recorded(view: &ApplicationView) -> Self {
        let (summary, standing) = (&view.summary, &view.standing);
        let well = standing.health.status.is_settled_well();
        let is_there =
            standing.sync == SyncStatus::Synced && well && standing.observed_at.is_some();
        Self {
            name: summary.application.name.clone(),
            path: view.path.clone(),
            tracks: String::new(),
            sync: standing.sync,
            sync_message: standing.sync_message.clone(),
            health: match standing.observed_at {
                Some(_) => standing.health.status,
                None => HealthStatus::Unknown,
            },
            health_message: standing.health.message.clone(),
            wanted: standing.revision.clone(),
            applied: standing.applied.clone(),
            objects: view.objects,
            last: summary.last.clone(),
            held: summary.held.clone().filter(|_| !is_there),
            proof_stands: standing.proof_stands,
            paused: standing.paused.clone(),
            removed_at: summary.application.removed_at,
            observed_at: standing.observed_at,
            application: None,
            conditions: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The rollout that runs now.
    pub(crate) fn running(&self) -> Option<&Rollout> {
        self.last.as_deref().filter(|last| !last.phase.is_final())
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
        let same = self.sync == SyncStatus::Synced && self.running().is_none();
        whole && same && self.proof_stands
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

    /// The page on which somebody looks at what waits, and says yes to it.
    pub(crate) fn review(&self) -> String {
        let paused = self.paused.as_ref();
        let deletes = paused.is_some_and(|pause| pause.reason == Pause::APPROVAL);
        let prune = if deletes { "?prune=true" } else { "" };
        format!("{}/sync{prune}", app_href(&self.name))
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

/// What a rollout undoes, in one word or two; empty for no rollback, and where the commit undoes
/// something of another application only.
pub(crate) fn undone(rollout: &Rollout) -> String {
    let undone = match (rollout.rollback_of.as_str(), &rollout.rollback) {
        ("", None) => return String::new(),
        ("", Some(Rollback { reverts, .. })) => match reverts.first() {
            Some(commit) => commit.0.as_str(),
            None => return String::new(),
        },
        (named, _) => named,
    };
    let own = rollout_of(undone) == Some(rollout.application.as_str());
    if own || undone_of(rollout).is_none_or(|of| of == rollout.application) {
        return named(undone);
    }
    String::new()
}

/// The application whose rollout a rollback of Kedge's was asked for, as its message says.
fn undone_of(rollout: &Rollout) -> Option<&str> {
    let mut lines = rollout.commit_message.lines();
    lines.find_map(|line| line.strip_prefix("Kedge-App: ").map(str::trim))
}

/// The application that the name of a rollout begins with; `None` for a commit, which has no
/// number at its end.
pub(crate) fn rollout_of(undone: &str) -> Option<&str> {
    let (application, number) = undone.rsplit_once('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(application)
}

/// A rollout as it is called, a commit by its first characters.
fn named(undone: &str) -> String {
    match rollout_of(undone) {
        Some(_) => undone.to_owned(),
        None => CommitId(undone.to_owned()).short().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use engine::rollout::RolloutPhase;

    use super::super::component::State;
    use super::super::tape::Shape;
    use super::super::tests::{now, rollout};
    use super::*;

    #[test]
    fn what_was_undone_is_not_told_like_what_stands() {
        let check = |phase, undone: bool, word: &str, shape: Shape| {
            let one = Rollout {
                undone_at: undone.then(now),
                ..rollout(phase, 100)
            };
            assert_eq!(
                (State::rollout(&one).word.as_str(), Shape::of(&one)),
                (word, shape)
            );
        };
        let (good, bad) = (RolloutPhase::Succeeded, RolloutPhase::Failed);
        check(good, false, "Converged", Shape::Converged);
        check(good, true, "Converged, undone", Shape::Undone);
        check(bad, false, "Failed", Shape::Failed);
        check(bad, true, "Failed, undone", Shape::FailedUndone);
        // Nor what a later one took back.
        let taken = Rollout {
            taken_back: Some(crate::history::TakenBack {
                rollout: "web-3".into(),
                at: now(),
            }),
            ..rollout(good, 100)
        };
        assert_eq!(
            (State::rollout(&taken).word.as_str(), Shape::of(&taken)),
            ("Rolled back", Shape::Undone)
        );
    }

    #[test]
    fn a_revert_is_told_where_it_is_about_the_application() {
        let commit = "7fdfb89e0f4cbfab026857ac6a4a18a11a87f6d4";
        let check = |rollback_of: &str, told_of: &str, expected: &str| {
            let one = Rollout {
                rollback_of: rollback_of.into(),
                commit_message: format!("Revert \"x\"\n\n{told_of}Kedge-Rollout: api-2\n"),
                ..rollout(RolloutPhase::Succeeded, 100)
            };
            assert_eq!(undone(&one), expected);
            let word = if expected.is_empty() {
                "Converged"
            } else {
                "Rollback converged"
            };
            assert_eq!(State::rollout(&one).word, word);
        };
        check("", "", "");
        check(commit, "", "7fdfb89");
        check(commit, "Kedge-App: web\n", "7fdfb89");
        check(commit, "Kedge-App: api\n", "");
        // As `git revert` alone writes it, of a commit that has no rollout here.
        let by_hand = Rollout {
            rollback: engine::rollout::rollback(&format!("This reverts commit {commit}.")),
            ..rollout(RolloutPhase::Succeeded, 100)
        };
        assert_eq!(undone(&by_hand), "7fdfb89");
        // A commit of several: its own rollout is undone, whoever asked.
        check("web-2", "Kedge-App: api\n", "web-2");
    }
}
