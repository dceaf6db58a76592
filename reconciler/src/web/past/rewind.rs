//! A record as it stood at a moment: what happened later has not. Pure.

use jiff::Timestamp;

use api::ObjectKey;
use engine::rollout::RolloutPhase;
use engine::why::Written;

use crate::history::{Drift, InventoryItem, Rollout, RolloutDetail};
use crate::service::Error;

/// What nobody recorded.
pub(super) fn only_now<T>(what: &str) -> Result<T, Error> {
    Err(Error::Impossible(format!("{what} is known for now alone")))
}

/// What was not there then.
pub(super) fn missing<T>(what: &str, name: &str) -> Result<T, Error> {
    Err(Error::NotFound(format!("{what} {name} at that time")))
}

/// Which branches there were then is not recorded.
pub(super) fn written(written: Written) -> Written {
    Written {
        open: None,
        ..written
    }
}

/// An object, and whose it is.
pub(super) fn item((key, application): (ObjectKey, String)) -> InventoryItem {
    InventoryItem {
        application,
        key,
        uid: api::Uid::default(),
        added_at: Timestamp::UNIX_EPOCH,
    }
}

/// The rollout as it stood then; `None` where it had not begun.
pub(super) fn rollout(mut rollout: Rollout, at: Timestamp) -> Option<Rollout> {
    if rollout.started_at > at {
        return None;
    }
    let later = |time: Option<Timestamp>| time.is_none_or(|time| time > at);
    if later(rollout.finished_at) {
        rollout.phase = if later(rollout.began_at) {
            RolloutPhase::Pending
        } else {
            RolloutPhase::Verifying
        };
        rollout.finished_at = None;
        rollout.changed = None;
        rollout.message.clear();
    }
    if later(rollout.began_at) {
        rollout.began_at = None;
    }
    if later(rollout.undone_at) {
        rollout.undone_at = None;
    }
    rollout.taken_back = rollout.taken_back.filter(|taken| taken.at <= at);
    Some(rollout)
}

/// The drift as it stood then. Of one that came several times only the first and the last time are
/// known.
pub(super) fn drift(mut drift: Drift, at: Timestamp) -> Drift {
    if drift.last_at > at {
        drift.last_at = drift.at;
        drift.times = 1;
    }
    if drift.ended_at.is_some_and(|ended| ended > at) {
        drift.ended_at = None;
        drift.lasted_ms = None;
        drift.ending = None;
    }
    drift
}

/// The same with everything that belongs to it.
pub(super) fn detail(detail: RolloutDetail, at: Timestamp) -> Option<RolloutDetail> {
    let RolloutDetail {
        rollout,
        mut objects,
        mut applies,
        mut steps,
    } = detail;
    let rollout = self::rollout(rollout, at)?;
    let later = |time: Option<Timestamp>| time.is_none_or(|time| time > at);
    for object in &mut objects {
        object.exits.retain(|exit| exit.at <= at);
        if later(object.healthy_at) {
            object.healthy_at = None;
            if !rollout.phase.is_final() {
                object.health.clear();
                object.message.clear();
            }
        }
        if later(object.applied_at) {
            object.applied_at = None;
        }
    }
    applies.retain(|apply| apply.began_at <= at);
    for apply in &mut applies {
        if later(apply.finished_at) {
            apply.finished_at = None;
            apply.error.clear();
        }
    }
    steps.retain(|step| step.at <= at);
    Some(RolloutDetail {
        rollout,
        objects,
        applies,
        steps,
    })
}
