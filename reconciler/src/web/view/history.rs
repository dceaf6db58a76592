//! What was rolled out, newest first: of one application, with what others changed, or of all.

mod query;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use askama::Template;
use jiff::{Timestamp, Zoned};

use engine::rollout::RolloutPhase;

use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::nothing::Nothing;
use super::tape::{Event, Shape};
use super::time::{When, took};
use crate::history::{Counted, Drift, Rollout};
pub(crate) use query::Query;
use row::{arc, back, drift_row, duration, row};

/// Rows on one page.
pub(crate) const PAGE: u16 = 50;
/// Pages in front of one that its address knows.
const TRAIL: usize = 20;
/// Height of a row, for the arcs.
const ROW: usize = 49;
/// Height of the line above the first row of a day.
const DAY: usize = 29;

/// The filters and the rows.
#[derive(Debug, Template)]
#[template(path = "history/list.html")]
pub(crate) struct List {
    pub filters: Vec<Filter>,
    pub summary: String,
    pub rows: Vec<Entry>,
    /// The address of the next page; empty at the end.
    pub older: String,
    /// The address of the page before; empty on the first.
    pub newer: String,
    /// The address of the first page; empty there, and where that is the one before.
    pub newest: String,
    /// In place of rows.
    pub nothing: (&'static str, Nothing),
}

/// One choice.
#[derive(Debug)]
pub(crate) struct Filter {
    pub tone: Option<Tone>,
    pub icon: Option<Icon>,
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

/// A line of the history.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Above the first of each day.
    pub day: String,
    pub shape: Shape,
    /// From where to where the line of history goes.
    pub line: (&'static str, &'static str),
    pub what: What,
}

/// What it is about.
#[derive(Debug)]
pub(crate) enum What {
    Rollout(Row),
    Drift(DriftRow),
}

/// What others changed.
#[derive(Debug)]
pub(crate) struct DriftRow {
    pub href: String,
    pub title: String,
    pub state: State,
    pub text: String,
    pub by: String,
    pub initials: String,
    pub when: When,
    /// How long it was there, or is.
    pub took: String,
    /// The page that shows it; empty where it is gone.
    pub diff: String,
}

/// One rollout.
#[derive(Debug)]
pub(crate) struct Row {
    /// How far down the arc to what it undid goes; 0 for none.
    pub arc: usize,
    pub href: String,
    pub name: String,
    pub state: State,
    pub tone: Tone,
    pub commit: CommitChip,
    pub subject: String,
    pub serving: bool,
    pub undoes: String,
    /// The rollout that it tries again; empty for none.
    pub tries: String,
    /// Objects that it creates, changes and deletes.
    pub objects: Counted,
    pub author: String,
    pub initials: String,
    pub when: When,
    pub took: String,
    /// Relative to the longest, in percent.
    pub bar: i64,
    pub running: bool,
    /// The page that goes back to what this one brought; empty where it brought nothing good, or
    /// nothing came after it.
    pub back: String,
    pub void: bool,
}

/// Whose rollouts a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Application,
}

/// What is true of the applications, whatever the list shows of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    /// The newest rollout of each application, of any outcome.
    pub newest: Vec<Rollout>,
    /// The newest one that went well, where the list is of one application.
    pub serving: Option<Rollout>,
    /// How many objects each rollout of the list is about, by id.
    pub objects: BTreeMap<String, Counted>,
}

/// The list of a day's rollouts and drifts, or of more, as many as were read; `base` is the page's own
/// path. Days are those of the reader, as `now` is.
pub(crate) fn list(
    (rollouts, drifts): (&[Rollout], &[Drift]),
    standing: &Standing,
    query: &Query,
    base: &str,
    scope: Scope,
    now: &Zoned,
) -> List {
    let events = events(rollouts, drifts);
    let (here, now) = (now.time_zone(), now.timestamp());
    let longest = longest(rollouts, now);
    let serving = standing.serving.as_ref();
    let mut day = String::new();
    let mut rows: Vec<Entry> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let (began, shape, what) = match event {
            Event::Drift(drift) => (drift.at, Shape::Drift, What::Drift(drift_row(drift, now))),
            Event::Rollout(rollout) => {
                let mut row = row(rollout, scope, now);
                row.back = back(rollout, &standing.newest);
                row.objects = standing
                    .objects
                    .get(&rollout.id)
                    .copied()
                    .unwrap_or_default();
                row.serving = serving.is_some_and(|serving| serving.id == rollout.id);
                let bar = duration(rollout, now).as_millis() * 96 / longest;
                row.bar = i64::try_from(bar).unwrap_or(0).max(3);
                (rollout.started_at, Shape::of(rollout), What::Rollout(row))
            }
        };
        let own = day_of(&began.to_zoned(here.clone()), &now.to_zoned(here.clone()));
        let is_new = own != day;
        rows.push(Entry {
            day: if is_new { own.clone() } else { String::new() },
            shape,
            line: line(index, events.len()),
            what,
        });
        day = own;
    }
    if scope == Scope::Application {
        draw_arcs(&events, &mut rows);
    }
    let (first, newer) = (first(query, base), newer(query, base));
    List {
        older: older(&events, (rollouts.len(), drifts.len()), query, base),
        newest: if first == newer { String::new() } else { first },
        newer,
        nothing: nothing(query, base, scope),
        filters: filters(query, base, scope),
        summary: summary(rollouts, now),
        rows,
    }
}

/// Milliseconds that the longest of them took; never none.
fn longest(rollouts: &[Rollout], now: Timestamp) -> i128 {
    let took = rollouts.iter().map(|it| duration(it, now).as_millis());
    took.max().unwrap_or(1).max(1)
}

/// Why there are no rows, and where there may be some.
fn nothing(query: &Query, base: &str, scope: Scope) -> (&'static str, Nothing) {
    let whose = match scope {
        Scope::All => "of any application",
        Scope::Application => "of this application",
    };
    let text = match query.outcome() {
        "running" => format!("No rollout {whose} is on its way"),
        "failed" => format!("No rollout {whose} failed"),
        "held" => format!("No rollout {whose} was held"),
        "rollback" => format!("No rollout {whose} undid another one"),
        "drift" if scope == Scope::Application => {
            "Nobody changed an object of this application outside of Git".into()
        }
        _ => format!("No rollout {whose} began"),
    };
    let until = match query.before.as_str() {
        "" => String::new(),
        before => format!(" before {before}"),
    };
    let mut nothing = Nothing::new(format!("{text}{until}."));
    if !query.outcome().is_empty() {
        nothing = nothing.or("All outcomes", base);
    }
    if !query.before.is_empty() {
        nothing = nothing.or("The newest", first(query, base));
    }
    if nothing.ways.is_empty() {
        let text = "A rollout begins when a commit changes what an application asks for.";
        return ("No rollouts here", Nothing::new(text));
    }
    ("Nothing like that here", nothing)
}

/// Leads from each rollback to what it brought back.
fn draw_arcs(events: &[Event], rows: &mut [Entry]) {
    for (index, event) in events.iter().enumerate() {
        if let Event::Rollout(rollout) = event {
            let arc = arc(rollout, &events[index + 1..], &rows[index + 1..]);
            if let What::Rollout(row) = &mut rows[index].what {
                row.arc = arc;
            }
        }
    }
}

/// All of it, newest first.
fn events<'a>(rollouts: &'a [Rollout], drifts: &'a [Drift]) -> Vec<Event<'a>> {
    let rollouts = rollouts.iter().map(Event::Rollout);
    let mut events: Vec<Event> = rollouts.chain(drifts.iter().map(Event::Drift)).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.began()));
    events
}

/// The address of the next page; empty at the end.
fn older(events: &[Event], read: (usize, usize), query: &Query, base: &str) -> String {
    let read = if query.has_rollouts() { read.0 } else { read.1 };
    match events.last() {
        Some(last) if read >= usize::from(PAGE) => {
            let trail = query.trail.split(',').chain([query.before.as_str()]);
            let trail: Vec<&str> = trail.filter(|it| !it.is_empty()).collect();
            let known = &trail[trail.len().saturating_sub(TRAIL)..];
            page(query, base, &last.began().to_string(), known)
        }
        _ => String::new(),
    }
}

/// The address of the page before, by the way one came; without one it is the first.
fn newer(query: &Query, base: &str) -> String {
    let mut trail: Vec<&str> = query.trail.split(',').filter(|it| !it.is_empty()).collect();
    match trail.pop().filter(|_| !query.before.is_empty()) {
        Some(before) => page(query, base, before, &trail),
        None => first(query, base),
    }
}

fn page(query: &Query, base: &str, before: &str, trail: &[&str]) -> String {
    let (outcome, before) = (encoded(query.outcome()), encoded(before));
    let trail = match trail.join(",") {
        none if none.is_empty() => none,
        trail => format!("&trail={}", encoded(&trail)),
    };
    format!("{base}?outcome={outcome}&before={before}{trail}")
}

/// The address of the first page; empty there.
fn first(query: &Query, base: &str) -> String {
    match (query.before.as_str(), query.outcome()) {
        ("", _) => String::new(),
        (_, "") => base.to_owned(),
        (_, outcome) => format!("{base}?outcome={}", encoded(outcome)),
    }
}

/// From where to where the line of history runs through a row.
fn line(index: usize, count: usize) -> (&'static str, &'static str) {
    match (index == 0, index + 1 == count) {
        (true, true) => ("50%", "50%"),
        (true, false) => ("50%", "100%"),
        (false, true) => ("0", "50%"),
        (false, false) => ("0", "100%"),
    }
}

/// The day as a heading; today has none.
fn day_of(at: &Zoned, now: &Zoned) -> String {
    let passed = now.date().duration_since(at.date()).as_hours() / 24;
    match passed {
        ..=0 => String::new(),
        1 => at.strftime("Yesterday, %-d %B").to_string(),
        2..=300 => at.strftime("%A, %-d %B").to_string(),
        _ => at.strftime("%A, %-d %B %Y").to_string(),
    }
}

fn summary(shown: &[Rollout], now: Timestamp) -> String {
    let good: Vec<i128> = {
        let mut good: Vec<i128> = shown
            .iter()
            .filter(|one| one.phase == RolloutPhase::Succeeded && one.changed != Some(false))
            .map(|one| duration(one, now).as_millis())
            .collect();
        good.sort_unstable();
        good
    };
    let failed = shown
        .iter()
        .filter(|one| one.phase == RolloutPhase::Failed)
        .count();
    let Some(median) = good.get(good.len() / 2) else {
        return String::new();
    };
    let median = jiff::SignedDuration::from_millis(i64::try_from(*median).unwrap_or(0));
    format!(
        "On this page: median {}, {failed} of {} failed",
        took(median),
        shown.len()
    )
}

fn filters(query: &Query, base: &str, scope: Scope) -> Vec<Filter> {
    let filter = |tone, icon, label, outcome: &str| Filter {
        tone,
        icon,
        label,
        href: if outcome.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?outcome={outcome}")
        },
        current: query.outcome() == outcome,
    };
    let icon = |name| Some(Icon(name));
    let mut filters = vec![
        filter(None, None, "All", ""),
        filter(Some(Tone::Run), icon("wait"), "Running", "running"),
        filter(Some(Tone::Hold), icon("back"), "Rollbacks", "rollback"),
        filter(Some(Tone::Bad), icon("bad"), "Failed", "failed"),
        filter(Some(Tone::Warn), icon("hold"), "Held", "held"),
    ];
    if scope == Scope::Application {
        filters.push(filter(Some(Tone::Warn), icon("warn"), "Drift", "drift"));
    }
    filters
}
