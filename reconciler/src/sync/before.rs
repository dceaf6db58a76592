//! What an Application was before the wanted commit failed, where its objects are to be so again.

use std::sync::Arc;

use api::kinds::OnFailure;
use engine::Application;
use engine::rollout::{CommitId, Desired, RolloutPhase};

use super::across::render;
use super::core::Core;
use super::last::is_recalled;
use super::render::Render;
use crate::history::Rollout;
use crate::source::Source;

/// The commit before and what it asks for; `None` where there is no way back.
pub(super) async fn before_failure(
    core: &Core,
    source: &Source,
    application: &Application,
    desired: &Desired,
    last: Option<&Rollout>,
) -> Result<Option<(CommitId, Arc<Render>)>, client::Error> {
    let Some(commit) = last.and_then(|last| {
        let failed = last.phase == RolloutPhase::Failed || is_recalled(core, last);
        way_back(last, desired, application).filter(|_| failed)
    }) else {
        return Ok(None);
    };
    let render = render(core, source, application, commit).await?;
    Ok(render.manifests.is_ok().then(|| (commit.clone(), render)))
}

/// Whether the application goes back where the wanted commit fails elsewhere. One that came with the
/// commit, and has begun, stays as it is: it comes to a verdict of its own.
pub(super) fn goes_back(last: Option<&Rollout>, desired: &Desired) -> bool {
    last.is_none_or(|last| {
        let is_new = last.previous.0.is_empty() && last.began_at.is_some();
        last.revision != desired.revision || !is_new
    })
}

fn way_back<'a>(
    last: &'a Rollout,
    desired: &Desired,
    application: &Application,
) -> Option<&'a CommitId> {
    let is_it = last.revision == desired.revision && !desired.requested;
    let restores = matches!(
        application.policy.on_failure,
        OnFailure::Restore | OnFailure::RestoreAlone
    );
    (is_it && restores && !last.previous.0.is_empty()).then_some(&last.previous)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::desired::tests::row;
    use super::*;

    #[test]
    fn what_came_with_a_commit_and_has_begun_does_not_go_back_with_it() {
        let desired = Desired {
            revision: row("a", "", RolloutPhase::Verifying).revision,
            ..Desired::default()
        };
        let check = |previous: &str, began: bool, phase| {
            let last = Rollout {
                previous: CommitId(previous.into()),
                began_at: began.then_some(Timestamp::UNIX_EPOCH),
                ..row("a", "", phase)
            };
            goes_back(Some(&last), &desired)
        };
        for phase in [RolloutPhase::Verifying, RolloutPhase::Succeeded] {
            assert!(!check("", true, phase));
            assert!(check("b", true, phase));
        }
        assert!(check("", false, RolloutPhase::Pending));
        assert!(goes_back(None, &desired));
        let of_another_commit = row("b", "", RolloutPhase::Succeeded);
        assert!(goes_back(Some(&of_another_commit), &desired));
    }
}
