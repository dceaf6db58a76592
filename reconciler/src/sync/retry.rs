//! A newer commit is a new start for what failed. Where it does not change what failed, that is tried
//! again by itself: otherwise one broken Application would undo every commit of everybody else.

use std::collections::BTreeMap;

use api::ObjectKey;
use api::kinds::OnFailure;
use engine::health::holds_back;
use engine::hook::HookRun;
use engine::rollout::RolloutPhase;
use engine::{Application, Plan};

use super::check::does_something;
use super::core::{Core, recorded};
use super::last::hooks;
use super::memory::Memory;
use super::observe::Observation;
use super::standing::Stand;
use crate::history::{Rollout, Trigger};

/// Whether a rollout of what `digest` stands for is another try after `last`, and nothing that a
/// commit is judged by. `took_along`: `last` failed, and its whole commit with it.
pub(super) fn is_retry(last: &Rollout, took_along: bool, policy: OnFailure, digest: &str) -> bool {
    let same = !digest.is_empty() && last.digest == digest;
    same && match last.trigger {
        Trigger::Retry => true,
        _ if last.phase != RolloutPhase::Failed => false,
        Trigger::Sync => true,
        // With this policy it may have gone back with others, and nothing been wrong with it: the
        // newer commit brings it then. What came with the commit that failed is there.
        _ => took_along || policy != OnFailure::Restore || last.previous.0.is_empty(),
    }
}

/// Whether another try of what failed would apply nothing and come to the same verdict: it stays as it
/// is, as [`Observation::rest`] will find.
pub(super) async fn rests(
    core: &Core,
    application: &Application,
    last: &Rollout,
    plan: &Plan,
) -> Result<bool, client::Error> {
    let unwell = |stand: &Stand| stand.holds_back.is_some();
    if does_something(plan) || !core.standings.is(&application.name, unwell) {
        return Ok(false);
    }
    let objects = core.history.reader().objects(&last.id).await;
    let hooks = hooks(&objects.map_err(recorded)?);
    Ok(stays(last, &hooks, application.policy.on_failure))
}

impl Observation {
    /// Leaves what failed as it stands where another try would apply nothing and come to the same
    /// verdict. Once it is well by itself, the try begins: it is how the verdict is taken back.
    /// What others change meanwhile is no try, so the commit is remembered.
    pub(super) fn rest(&mut self, memory: &mut Memory) {
        let known = memory.rests.take();
        let Some((row, last)) = &self.last else {
            return;
        };
        let another = self.desired.retried && !self.desired.requested;
        let unwell = |plan: &Plan| {
            let is_bad = |key, kind: &str| {
                let health = self.health.get(key);
                health.is_some_and(|health| holds_back(kind, health))
            };
            plan.steps().any(|step| is_bad(&step.key, &step.kind))
        };
        let rests = another
            && self.desired.revision != row.revision
            && stays(row, &last.hooks, self.application.policy.on_failure)
            && self.plan.as_deref().is_ok_and(|plan| {
                let nothing = !does_something(plan) || known.as_ref() == Some(&self.compared);
                nothing && unwell(plan)
            });
        if rests {
            memory.rests = Some(self.compared.clone());
            self.desired.revision = row.revision.clone();
            self.desired.retried = false;
        }
    }
}

/// Whether what failed is there as the commit has it, with nothing to go back to or to run again.
fn stays(row: &Rollout, hooks: &BTreeMap<ObjectKey, HookRun>, policy: OnFailure) -> bool {
    let goes_back = match policy {
        OnFailure::BestEffort => false,
        OnFailure::Revert => true,
        OnFailure::Restore | OnFailure::RestoreAlone => !row.previous.0.is_empty(),
    };
    let mut hooks = hooks.values();
    row.phase == RolloutPhase::Failed && !goes_back && hooks.all(|run| *run == HookRun::Done)
}

#[cfg(test)]
mod tests {
    use RolloutPhase::{Failed, Succeeded, Superseded, Verifying};

    use engine::rollout::CommitId;

    use super::super::desired::tests::row;
    use super::*;

    #[test]
    fn what_failed_and_was_not_changed_is_tried_by_itself() {
        let check = |phase, trigger, took_along, policy, digest: &str| {
            let last = Rollout {
                trigger,
                previous: CommitId("0".into()),
                ..row("a", "d", phase)
            };
            is_retry(&last, took_along, policy, digest)
        };
        let push =
            |phase, took_along| check(phase, Trigger::Push, took_along, OnFailure::Restore, "d");
        assert!(push(Failed, true));
        let new = Rollout {
            previous: CommitId::default(),
            ..row("a", "d", Failed)
        };
        assert!(is_retry(&new, false, OnFailure::Restore, "d"));
        // It went back with another one: it has no verdict of its own yet.
        assert!(!push(Failed, false));
        assert!(!push(Succeeded, false) && !push(Superseded, false));
        let restore = OnFailure::Restore;
        for phase in [Verifying, Failed, Superseded, Succeeded] {
            assert!(check(phase, Trigger::Retry, false, restore, "d"));
        }
        assert!(check(Failed, Trigger::Sync, false, restore, "d"));
        assert!(check(
            Failed,
            Trigger::Push,
            false,
            OnFailure::RestoreAlone,
            "d"
        ));
        // The commit changes it, or nobody knows what it asks for.
        assert!(!check(Failed, Trigger::Push, true, restore, "e"));
        assert!(!check(Failed, Trigger::Push, true, restore, ""));
    }

    #[test]
    fn what_is_applied_and_has_no_way_back_stays() {
        let check = |policy, previous: &str, run: Option<HookRun>| {
            let row = Rollout {
                previous: CommitId(previous.into()),
                ..row("a", "d", Failed)
            };
            let hook = api::Collection::new("batch", "jobs").key("shop", "notify");
            let hooks = run.map(|run| (hook, run)).into_iter().collect();
            stays(&row, &hooks, policy)
        };
        for run in [None, Some(HookRun::Done)] {
            assert!(check(OnFailure::BestEffort, "0", run));
            assert!(check(OnFailure::Restore, "", run));
            assert!(!check(OnFailure::Restore, "0", run));
            assert!(!check(OnFailure::RestoreAlone, "0", run));
            assert!(!check(OnFailure::Revert, "", run));
        }
        // It failed in a hook: that is run again.
        assert!(!check(OnFailure::BestEffort, "0", Some(HookRun::Started)));
        let hooks = BTreeMap::new();
        assert!(!stays(
            &row("a", "d", Succeeded),
            &hooks,
            OnFailure::BestEffort
        ));
    }
}
