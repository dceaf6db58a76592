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
