//! The last 24 hours as a line with a mark per rollout, and per drift.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::{SignedDuration, Timestamp};

use engine::rollout::RolloutPhase;

use super::component::{State, encoded};
use super::drift;
use super::facts::undone;
use super::time::{Tick, When, took};
use crate::history::{Drift, Recent, Rollout};

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
    /// The newest moment that there is something to see of; empty for none.
    pub before: String,
    /// Where the moment is that the page shows.
    pub knob: String,
}

/// What began in a day, newest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Day {
    pub rollouts: Recent,
    pub drifts: Vec<Drift>,
}

/// One thing that has a mark.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event<'a> {
    Rollout(&'a Rollout),
    Drift(&'a Drift),
}

/// An event, or several that stand too near to each other.
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
    /// It was stopped.
    Held,
    Converged,
    Rollback,
    /// It converged, and was undone.
    Undone,
    Drift,
    Running,
    /// It failed, and was undone.
    FailedUndone,
    Failed,
}

impl Shape {
    pub(crate) fn of(rollout: &Rollout) -> Self {
        let is_undone = rollout.undone_at.is_some() || rollout.taken_back.is_some();
        match rollout.phase {
            RolloutPhase::Failed if is_undone => Self::FailedUndone,
            RolloutPhase::Failed => Self::Failed,
            RolloutPhase::Superseded => Self::Dot,
            RolloutPhase::Held => Self::Held,
            RolloutPhase::Succeeded if is_undone => Self::Undone,
            RolloutPhase::Succeeded if undone(rollout).is_empty() => Self::Converged,
            RolloutPhase::Succeeded => Self::Rollback,
            _ => Self::Running,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dot => "<circle r=\"3\" class=\"f-unk\"/>",
            Self::Held => "<path d=\"M-4-4.5h3v9h-3zM1-4.5h3v9h-3z\" class=\"f-warn\"/>",
            Self::Converged => "<circle r=\"4\" class=\"f-ok\"/>",
            Self::Rollback => "<path d=\"M-5 0L4-5V5z\" class=\"f-hold\"/>",
            // What is not there any more is hollow and crossed out.
            Self::Undone => {
                "<path d=\"M4 0A4 4 0 1 1-4 0A4 4 0 1 1 4 0M-6 6L6-6\" class=\"nofill s-hold\" \
                 stroke-width=\"1.75\"/>"
            }
            Self::Drift => "<path d=\"M0-5L5 4H-5z\" class=\"f-warn\"/>",
            Self::Running => "<circle r=\"4.5\" class=\"nofill s-run\" stroke-width=\"2\"/>",
            Self::FailedUndone => {
                "<path d=\"M-2-5h4l3 3v4l-3 3h-4l-3-3v-4zM-6 6L6-6\" class=\"nofill s-bad\" \
                 stroke-width=\"1.75\"/>"
            }
            Self::Failed => "<path d=\"M-2-5h4l3 3v4l-3 3h-4l-3-3v-4z\" class=\"f-bad\"/>",
        })
    }
}

impl HtmlSafe for Shape {}

impl Event<'_> {
    pub(crate) fn began(self) -> Timestamp {
        match self {
            Self::Rollout(rollout) => rollout.started_at,
            Self::Drift(drift) => drift.at,
        }
    }

    /// When there is something to see of it.
    pub(crate) fn moment(self) -> Timestamp {
        match self {
            Self::Rollout(rollout) => rollout.finished_at.unwrap_or(rollout.started_at),
            Self::Drift(drift) => drift.at,
        }
    }

    fn shape(self) -> Shape {
        match self {
            Self::Rollout(rollout) => Shape::of(rollout),
            Self::Drift(_) => Shape::Drift,
        }
    }

    fn label(self) -> String {
        match self {
            Self::Rollout(rollout) => label(rollout),
            Self::Drift(drift) => {
                let Drift {
                    application,
                    kind,
                    key,
                    what,
                    ..
                } = drift;
                let (by, ended) = (drift.by(), drift::ended(drift));
                format!(
                    "{application} drift: {kind} {} {what}{by}, {ended}",
                    key.name
                )
            }
        }
    }
}

/// The tape at `now`. What is older than a day is left out. A mark leads to the page at `path` as it
/// was when the rollout ended or the drift was seen, or to the rollout while it runs.
pub(crate) fn tape(day: &Day, now: Timestamp, side: (&str, &str), path: &str) -> Tape {
    let then = |event: Event| match event {
        Event::Rollout(rollout) if rollout.finished_at.is_none() => {
            format!("/rollouts/{}", encoded(&rollout.id))
        }
        event => format!("{path}?at={}", encoded(&event.moment().to_string())),
    };
    Tape {
        side: (side.0.into(), side.1.into()),
        ..line(day, now, &then)
    }
}

/// The tape of a moment of the past, which ends at `end`; each mark leads to where `href` says.
pub(crate) fn past(
    day: &Day,
    end: Timestamp,
    at: Timestamp,
    href: &dyn Fn(Event) -> String,
) -> Tape {
    Tape {
        knob: percent(place(at, end).unwrap_or_default()),
        ..line(day, end, href)
    }
}

fn line(day: &Day, now: Timestamp, href: &dyn Fn(Event) -> String) -> Tape {
    let rollouts = day.rollouts.iter().map(|one| Event::Rollout(one));
    let mut events: Vec<Event> = rollouts
        .chain(day.drifts.iter().map(Event::Drift))
        .collect();
    events.sort_by_key(|event| event.began());
    let is_over = |event: &&Event| match event {
        Event::Rollout(rollout) => rollout.finished_at.is_some(),
        Event::Drift(_) => true,
    };
    let newest = events.iter().filter(is_over).max_by_key(|it| it.moment());
    Tape {
        now: When {
            at: now,
            text: now.strftime("%H:%M:%S UTC").to_string(),
        },
        ticks: ticks(now),
        marks: marks(&events, now, NEAR, href),
        narrow: marks(&events, now, NEAR_ON_PHONES, href),
        side: (String::new(), String::new()),
        before: newest.map_or_else(String::new, |event| href(*event)),
        knob: percent(1000),
    }
}

/// The events, oldest first, with those together that stand nearer to each other than `near`.
fn marks(events: &[Event], now: Timestamp, near: i64, href: &dyn Fn(Event) -> String) -> Vec<Mark> {
    let mut groups: Vec<(i64, Vec<Event>)> = Vec::new();
    for event in events {
        let Some(at) = place(event.began(), now) else {
            continue;
        };
        match groups.last_mut() {
            Some((last, group)) if at - *last < near => group.push(*event),
            _ => groups.push((at, vec![*event])),
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

fn mark(at: i64, group: &[Event], href: &dyn Fn(Event) -> String) -> Mark {
    let worst = group
        .iter()
        .max_by_key(|event| event.shape())
        .expect("a group has a first member");
    let label = match group {
        [one] => one.label(),
        several => format!("{}; {}", counted(several), worst.label()),
    };
    Mark {
        x: percent(at),
        href: href(*worst),
        label,
        shape: worst.shape(),
        count: group.len(),
        count_left: at > TURN,
        newest: at == LAST,
    }
}

/// `2 rollouts and 1 drift`
fn counted(group: &[Event]) -> String {
    let is_drift = |event: &&Event| matches!(event, Event::Drift(_));
    let drifts = group.iter().filter(is_drift).count();
    let count = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        many => Some(format!("{many} {what}s")),
    };
    let parts = [
        count(group.len() - drifts, "rollout"),
        count(drifts, "drift"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" and ")
}

fn label(rollout: &Rollout) -> String {
    let mut text = format!(
        "{} {} {}",
        rollout.application,
        rollout.revision.short(),
        State::rollout(rollout).word.to_lowercase()
    );
    let undoes = undone(rollout);
    if !undoes.is_empty() {
        text = format!("{text}, undoes {undoes}");
    }
    if let Some(finished) = rollout.finished_at {
        let duration = rollout.started_at.duration_until(finished);
        text = format!("{text}, {}", took(duration));
    }
    text
}
