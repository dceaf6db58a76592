//! What becomes of a commit that fails, as the Application says it: the sentence that a page
//! promises while a rollout runs, and that is true of what is left once it failed.

use api::kinds::{OnFailure, SyncPolicy};
use engine::hook::HookPhase;

use crate::history::{Action, ObjectResult, Rollout, RolloutDetail, Trigger};

/// `branch` is what a revert would be pushed to.
pub(super) fn consequence(
    detail: &RolloutDetail,
    policy: Option<&SyncPolicy>,
    branch: &str,
) -> String {
    let rollout = &detail.rollout;
    let Some(policy) = policy else {
        return "What becomes of it then, spec.syncPolicy.onFailure of the Application says, \
                which is not there to be read."
            .into();
    };
    let mut told = match policy.on_failure {
        OnFailure::BestEffort => {
            "Everything stays as the rollout left it: nothing comes back and nothing is deleted."
                .into()
        }
        OnFailure::Revert => format!(
            "Kedge pushes a commit that reverts it to {branch} and rolls that out; until then \
             everything stays as the rollout left it."
        ),
        OnFailure::Restore | OnFailure::RestoreAlone => restored(rollout, policy),
    };
    let hooks = of(&detail.objects, |it| is_hook(it, HookPhase::OnFailure));
    if !hooks.is_empty() && !rollout.options.is_partial() {
        told = format!("{told} Then {} {}.", named(&hooks), runs(hooks.len()));
    }
    told
}

fn restored(rollout: &Rollout, policy: &SyncPolicy) -> String {
    let previous = &rollout.previous;
    // Who asks for a commit by hand, or for a part of it, takes no others along.
    let along = policy.on_failure == OnFailure::Restore
        && rollout.trigger != Trigger::Sync
        && !rollout.options.is_partial();
    let others = if along {
        "other applications of the commit go back too"
    } else {
        "other applications of the commit are left alone"
    };
    if previous.0.is_empty() || *previous == rollout.revision {
        return format!(
            "There is no commit before it to go back to, so nothing comes back here and nothing \
             is deleted; {others}."
        );
    }
    let made = if policy.prune {
        "What this commit made is deleted, except what may hold data."
    } else {
        "What this commit made stays, because pruning is off."
    };
    let short = previous.short();
    format!("The objects come back as commit {short} has them, and {others}. {made}")
}

/// Titles of the objects that are like this.
pub(super) fn of(objects: &[ObjectResult], like: impl Fn(&ObjectResult) -> bool) -> Vec<String> {
    let all = objects.iter().filter(|it| like(it));
    all.map(ObjectResult::title).collect()
}

/// Whether it is a hook of this sort that has not been run.
pub(super) fn is_hook(object: &ObjectResult, phase: HookPhase) -> bool {
    let is_it = object.action == Action::Hook && object.message == phase.when();
    is_it && object.applied_at.is_none()
}

/// Objects told by name.
const NAMED: usize = 3;

/// `Job shop/a, Job shop/b and 2 more`
pub(super) fn named(titles: &[String]) -> String {
    let first: Vec<&str> = titles.iter().take(NAMED).map(String::as_str).collect();
    match titles.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

pub(super) fn runs(count: usize) -> &'static str {
    if count == 1 { "is run" } else { "are run" }
}
