//! The last 24 hours as a line with a mark per rollout.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::{SignedDuration, Timestamp};

use engine::rollout::RolloutPhase;

use super::component::{State, encoded};
use super::time::{Tick, When, took};
use crate::history::Rollout;

/// How far back it goes.
pub(crate) const SPAN: SignedDuration = SignedDuration::from_hours(24);
/// Marks nearer than this many thousandths of the line become one: a finger's width on a desk, and
/// on a phone, whose line is 300 pixels long.
const NEAR: i64 = 22;
const NEAR_ON_PHONES: i64 = 80;
/// Where the newest mark stands, in thousandths: beside the knob at the end, not below it.
const LAST: i64 = 984;
/// From here on a mark's count stands at its left.
const TURN: i64 = 900;

/// The line.
#[derive(Debug, Template)]
#[template(path = "tape.html")]
pub(crate) struct Tape {
    pub now: When,
    /// Place and hour.
    pub ticks: Vec<(String, Tick)>,
    pub marks: Vec<Mark>,
    /// The same for phones, with fewer and wider ones.
    pub narrow: Vec<Mark>,
    /// Two lines at its right.
    pub side: (String, String),
    /// Where the moment is that the page shows.
    pub knob: String,
}

/// A rollout, or several that stand too near to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub x: String,
    pub href: String,
    pub label: String,
    pub shape: Shape,
    pub count: usize,
    /// Whether the count stands at the left.
    pub count_left: bool,
    /// Whether it stands beside the knob.
    pub newest: bool,
}

/// The outcome as a shape: it can be told without its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    Dot,
    Converged,
    Rollback,
    Running,
    Failed,
}

impl Shape {
    pub(crate) fn of(rollout: &Rollout) -> Self {
        match rollout.phase {
            RolloutPhase::Failed => Self::Failed,
            RolloutPhase::Superseded => Self::Dot,
            RolloutPhase::Succeeded if rollout.rollback_of.is_empty() => Self::Converged,
            RolloutPhase::Succeeded => Self::Rollback,
            _ => Self::Running,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dot => "<circle r=\"3\" class=\"f-unk\"/>",
            Self::Converged => "<circle r=\"4\" class=\"f-ok\"/>",
            Self::Rollback => "<path d=\"M-5 0L4-5V5z\" class=\"f-hold\"/>",
            Self::Running => "<circle r=\"4.5\" class=\"nofill s-run\" stroke-width=\"2\"/>",
            Self::Failed => "<path d=\"M-2-5h4l3 3v4l-3 3h-4l-3-3v-4z\" class=\"f-bad\"/>",
        })
    }
}

impl HtmlSafe for Shape {}

/// The tape at `now`. `rollouts` newest first; those that are older than a day are left out. A mark
/// leads to the page at `path` as it was when the rollout ended, or to the rollout while it runs.
pub(crate) fn tape(rollouts: &[Rollout], now: Timestamp, side: (&str, &str), path: &str) -> Tape {
    let then = |rollout: &Rollout| match rollout.finished_at {
        Some(at) => format!("{path}?at={}", encoded(&at.to_string())),
        None => format!("/rollouts/{}", encoded(&rollout.id)),
    };
    Tape {
        side: (side.0.into(), side.1.into()),
        ..line(rollouts, now, &then)
    }
}

/// The tape of a moment of the past, which ends at `end`; each mark leads to where `href` says.
pub(crate) fn past(
    rollouts: &[Rollout],
    end: Timestamp,
    at: Timestamp,
    href: &dyn Fn(&Rollout) -> String,
) -> Tape {
    Tape {
        knob: percent(place(at, end).unwrap_or_default()),
        ..line(rollouts, end, href)
    }
}

fn line(rollouts: &[Rollout], now: Timestamp, href: &dyn Fn(&Rollout) -> String) -> Tape {
    Tape {
        now: When {
            at: now,
            text: now.strftime("%H:%M:%S UTC").to_string(),
        },
        ticks: ticks(now),
        marks: marks(rollouts, now, NEAR, href),
        narrow: marks(rollouts, now, NEAR_ON_PHONES, href),
        side: (String::new(), String::new()),
        knob: percent(1000),
    }
}

/// The rollouts, with those together that stand nearer to each other than `near`.
fn marks(
    rollouts: &[Rollout],
    now: Timestamp,
    near: i64,
    href: &dyn Fn(&Rollout) -> String,
) -> Vec<Mark> {
    let mut groups: Vec<(i64, Vec<&Rollout>)> = Vec::new();
    for rollout in rollouts.iter().rev() {
        let Some(at) = place(rollout.started_at, now) else {
            continue;
        };
        match groups.last_mut() {
            Some((last, group)) if at - *last < near => group.push(rollout),
            _ => groups.push((at, vec![rollout])),
        }
    }
    let groups = groups.iter();
    groups.map(|(at, group)| mark(*at, group, href)).collect()
}

/// Every third hour of the day.
fn ticks(now: Timestamp) -> Vec<(String, Tick)> {
    const STEP: i64 = 3 * 3600;
    let first = (now - SPAN).as_second() / STEP + 1;
    (first..first + 8)
        .filter_map(|step| Timestamp::from_second(step * STEP).ok())
        .filter_map(|at| Some((place(at, now)?, at)))
        .filter(|(place, _)| *place < 940)
        .map(|(place, at)| (percent(place), Tick::new(at, "%H:%M")))
        .collect()
}

/// Where on the line, in thousandths.
fn place(at: Timestamp, now: Timestamp) -> Option<i64> {
    let from = (now - SPAN).duration_until(at);
    let place = i64::try_from(from.as_millis() * 1000 / SPAN.as_millis()).ok()?;
    (0..=1000).contains(&place).then_some(place.min(LAST))
}

fn percent(thousandths: i64) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

fn mark(at: i64, group: &[&Rollout], href: &dyn Fn(&Rollout) -> String) -> Mark {
    let worst = group
        .iter()
        .max_by_key(|rollout| Shape::of(rollout))
        .expect("a group has a first member");
    let label = match group {
        [one] => label(one),
        several => format!("{} rollouts; {}", several.len(), label(worst)),
    };
    Mark {
        x: percent(at),
        href: href(worst),
        label,
        shape: Shape::of(worst),
        count: group.len(),
        count_left: at > TURN,
        newest: at == LAST,
    }
}

fn label(rollout: &Rollout) -> String {
    let mut text = format!(
        "{} {} {}",
        rollout.application,
        rollout.revision.short(),
        State::rollout(rollout).word.to_lowercase()
    );
    if !rollout.rollback_of.is_empty() {
        text = format!("{text}, undoes {}", rollout.rollback_of);
    }
    if let Some(finished) = rollout.finished_at {
        let duration = rollout.started_at.duration_until(finished);
        text = format!("{text}, {}", took(duration));
    }
    text
}
