//! What people asked for outside of commits, as far as it bears on one pass.

use engine::Application;
use engine::rollout::{CommitId, Desired, Options};

use super::core::{Core, recorded};
use crate::history::{Request, Rollout};

/// The sync that is not begun yet.
pub(super) async fn request(
    core: &Core,
    application: &Application,
) -> Result<Option<Request>, client::Error> {
    let request = core.history.reader().request(&application.name).await;
    request.map_err(recorded)
}

/// What the rollout that runs was asked for; a request that asks for more takes its place.
pub(super) fn options(
    revision: &CommitId,
    last: Option<&Rollout>,
    request: Option<&Request>,
) -> Options {
    let running = last.filter(|last| !last.phase.is_final() && last.revision == *revision);
    let running = running.map(|running| &running.options);
    match (running, request.map(|request| &request.options)) {
        (Some(running), Some(asked)) if running.cover(asked) => running.clone(),
        (_, Some(asked)) => asked.clone(),
        (Some(running), None) => running.clone(),
        (None, None) => Options::default(),
    }
}

/// Whether the commit failed and only a part of it was tried since.
pub(super) fn on_hold(
    core: &Core,
    application: &Application,
    desired: &Desired,
    last: Option<&Rollout>,
) -> bool {
    let in_part = last.is_some_and(|last| last.options.is_partial());
    in_part && core.holds.is_held(&application.name, &desired.revision)
}

/// Why the Application is left alone.
pub(super) async fn suspended(
    core: &Core,
    application: &Application,
) -> Result<Option<String>, client::Error> {
    if application.suspend {
        return Ok(Some(
            "suspended by its manifest: spec.suspend is true".into(),
        ));
    }
    let suspension = core.history.reader().suspension(&application.name).await;
    Ok(suspension.map_err(recorded)?.map(|it| it.sentence()))
}
