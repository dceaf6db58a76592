//! The newest rollout of an Application, read from the history.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::ObjectKey;
use engine::WaveNumber;
use engine::hook::HookRun;
use engine::rollout::{self, Applied, RolloutPhase};

use super::core::{Core, recorded};
use crate::history::{Action, ObjectResult, Rollout, RolloutQuery};

/// How many rollouts in a row are looked at that were given up.
const GIVEN_UP: u16 = 50;

/// The newest rollout, as recorded and as the engine reads it.
pub(super) async fn last(
    core: &Core,
    application: &str,
    has_hooks: bool,
) -> Result<Option<(Arc<Rollout>, rollout::Rollout)>, client::Error> {
    let reader = core.history.reader();
    let Some(row) = reader.last_rollout(application).await.map_err(recorded)? else {
        return Ok(None);
    };
    let mut record = rollout::Rollout {
        id: row.id.clone(),
        revision: row.revision.clone(),
        phase: row.phase,
        started_at: row.started_at,
        began_at: row.began_at,
        deadline_at: row.deadline_at,
        applied: Vec::new(),
        pruned: 0,
        rollback: row.rollback.clone(),
        message: row.message.clone(),
        undone: row.undone_at.is_some(),
        recalled: is_recalled(core, &row),
        first_try: row.first_try.as_deref().map(|it| it.revision.clone()),
        changed: row.changed != Some(false),
        unfinished: is_unfinished(core, &row).await?,
        options: row.options.clone(),
        hooks: BTreeMap::new(),
    };
    if !row.phase.is_final() {
        let applies = reader.applies(&row.id).await.map_err(recorded)?;
        let applied = applies.iter().map(|apply| Applied {
            wave: WaveNumber(apply.wave),
            at: apply.finished_at.unwrap_or(apply.began_at),
            interrupted: apply.finished_at.is_none(),
        });
        record.applied = applied.collect();
        let objects = reader.objects(&row.id).await.map_err(recorded)?;
        record.hooks = hooks(&objects);
        let pruned = objects.iter().filter(|it| it.action == Action::Delete);
        let pruned = pruned.filter(|it| it.applied_at.is_some()).count();
        record.pruned = u32::try_from(pruned).unwrap_or(u32::MAX);
    } else if has_hooks {
        record.hooks = hooks(&reader.objects(&row.id).await.map_err(recorded)?);
    }
    Ok(Some((row, record)))
}

/// Whether one before it was given up after it began to write. Only who never began is asked.
async fn is_unfinished(core: &Core, row: &Rollout) -> Result<bool, client::Error> {
    if row.phase != RolloutPhase::Failed || row.began_at.is_some() || row.undone_at.is_some() {
        return Ok(false);
    }
    let query = RolloutQuery {
        application: Some(row.application.clone()),
        limit: GIVEN_UP,
        ..RolloutQuery::default()
    };
    let rollouts = core.history.reader().rollouts(&query).await;
    let before = rollouts.map_err(recorded)?.into_iter();
    let mut before = before
        .filter(|it| it.number < row.number)
        .take_while(|it| it.phase != RolloutPhase::Succeeded && it.undone_at.is_none());
    Ok(before.any(|it| it.began_at.is_some()))
}

/// Whether it went well and its commit did not.
pub(super) fn is_recalled(core: &Core, row: &Rollout) -> bool {
    row.phase == RolloutPhase::Succeeded && core.holds.of(&row.id)
}

/// How far its hooks are.
pub(super) fn hooks(objects: &[ObjectResult]) -> BTreeMap<ObjectKey, HookRun> {
    let hooks = objects.iter().filter(|it| it.action == Action::Hook);
    let run = |it: &ObjectResult| match (it.applied_at, it.healthy_at) {
        (None, _) => None,
        (Some(_), None) => Some((it.key.clone(), HookRun::Started)),
        (Some(_), Some(_)) => Some((it.key.clone(), HookRun::Done)),
    };
    hooks.filter_map(run).collect()
}
