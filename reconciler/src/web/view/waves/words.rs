//! What is said of an object in the picture, and where it stands.

use jiff::{SignedDuration, Timestamp};

use super::{Cut, Row};
use crate::history::{Action, ObjectResult, Rollout};
use crate::web::view::scale::{Scale, letters};
use crate::web::view::time::took;

/// Letters that have room on a phone.
const SHORT: usize = 22;

/// Where the words about an object stand.
pub(super) struct Label {
    /// In hundredths of a percent.
    pub(super) x: i64,
    /// Whether they end there; they begin there otherwise.
    pub(super) end: bool,
    /// For how many letters there is room.
    pub(super) room: usize,
}

/// The words of a row that do not all stand in it, here or on a phone.
pub(super) fn cut(row: &Row) -> Option<Cut> {
    let is_cut = row.text != row.told;
    let is_long = row.told.chars().count() > SHORT;
    (is_cut || is_long).then(|| Cut {
        tone: row.tone,
        name: format!("{} {}", row.kind, row.name).trim().to_owned(),
        told: row.told.clone(),
        everywhere: is_cut,
    })
}

/// Of the places after the bar, before it, and on it where it is faint: the first with room.
pub(super) fn label_of(
    object: &ObjectResult,
    text: &str,
    settled: bool,
    scale: &Scale,
    end: Timestamp,
) -> Label {
    let start = object.applied_at.map_or(0, |applied| scale.at(applied));
    let place = object
        .applied_at
        .map_or(200, |_| scale.at(end).max(start + 45));
    let after = letters(10_000 - place);
    let length = text.chars().count();
    let label = |x, end, room| Label { x, end, room };
    if length > after && length <= letters(start) {
        label(start, true, letters(start))
    } else if length > after && !settled && place > 5_000 {
        label(place, true, letters(place))
    } else {
        label(place, false, after)
    }
}

/// `ready` is how many of its pods are, where that is known.
pub(super) fn text(
    object: &ObjectResult,
    rollout: &Rollout,
    ready: Option<&String>,
    settled: bool,
    end: Timestamp,
) -> String {
    let Some(applied) = object.applied_at else {
        return match object.action {
            Action::Unchanged if !object.message.is_empty() => object.message.clone(),
            Action::Delete if rollout.phase.is_final() => "not deleted".into(),
            Action::Delete => "after the last wave".into(),
            _ if rollout.phase.is_final() => "not reached".into(),
            _ => "waits for its wave".into(),
        };
    };
    if object.action == Action::Delete {
        return "deleted".into();
    }
    if !settled {
        let fallback = object.health.to_lowercase();
        let message = if object.message.is_empty() {
            fallback
        } else {
            object.message.clone()
        };
        return match ready {
            Some(ready) => format!("{ready}, {message}"),
            None => message,
        };
    }
    let passed = applied.duration_until(end);
    if passed < SignedDuration::from_millis(200) {
        return "applied".into();
    }
    format!("healthy after {}", took(passed))
}

pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}
