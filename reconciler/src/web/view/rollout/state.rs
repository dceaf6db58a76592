//! How its objects and waves stand.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use engine::rollout::RolloutPhase;

use crate::history::{Action, ObjectResult, Rollout};
use crate::web::view::component::{State, Tone};
use crate::web::view::time::took;

/// The objects that are applied, by wave.
pub(crate) fn by_wave(objects: &[ObjectResult]) -> BTreeMap<i32, Vec<&ObjectResult>> {
    let mut waves: BTreeMap<i32, Vec<&ObjectResult>> = BTreeMap::new();
    for object in objects {
        if !matches!(object.action, Action::Delete | Action::Keep | Action::Hook) {
            waves.entry(object.wave).or_default().push(object);
        }
    }
    waves
}

/// Whether an object is as the commit wants it and well.
pub(crate) fn is_settled(object: &ObjectResult) -> bool {
    let there = object.action == Action::Unchanged || object.applied_at.is_some();
    there && (object.health.is_empty() || matches!(object.health.as_str(), "Healthy" | "Suspended"))
}

/// How one wave stands.
pub(crate) fn wave_state(rollout: &Rollout, objects: &[&ObjectResult], now: Timestamp) -> State {
    let settled = objects.iter().filter(|object| is_settled(object)).count();
    let began = objects.iter().filter_map(|object| object.applied_at).min();
    let over = rollout.phase.is_final();
    if settled == objects.len()
        && (began.is_some() || rollout.phase == RolloutPhase::Succeeded || !over)
    {
        let end = objects
            .iter()
            .filter_map(|object| object.healthy_at.or(object.applied_at))
            .max();
        let text = match (began, end) {
            (Some(began), Some(end)) => quick(began.duration_until(end)),
            _ => "unchanged".into(),
        };
        return State::new(Tone::Ok, "ok", text);
    }
    match began {
        None if over => State::new(Tone::Unknown, "unk", "not reached"),
        None => State::new(Tone::Unknown, "wait", "waits"),
        Some(_) if rollout.phase == RolloutPhase::Failed => State::new(Tone::Bad, "bad", "failed"),
        Some(_) if rollout.phase == RolloutPhase::Held => State::new(Tone::Warn, "hold", "held"),
        Some(_) if over => State::new(Tone::Unknown, "unk", "superseded"),
        Some(began) => State::new(Tone::Run, "run", took(began.duration_until(now))),
    }
}

/// How many are created, changed and deleted.
pub(crate) fn counts(objects: &[ObjectResult]) -> (usize, usize, usize) {
    let of = |action| objects.iter().filter(|o| o.action == action).count();
    (of(Action::Create), of(Action::Change), of(Action::Delete))
}

/// What is applied and well in the same moment.
pub(super) const AT_ONCE: &str = "at once";

fn quick(passed: SignedDuration) -> String {
    if passed < SignedDuration::from_millis(100) {
        return AT_ONCE.into();
    }
    took(passed)
}
