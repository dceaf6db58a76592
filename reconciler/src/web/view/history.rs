//! What was rolled out, newest first: of one application, or of all.

use askama::Template;
use jiff::{Timestamp, Zoned};

use engine::rollout::RolloutPhase;

use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::facts::undone;
use super::graph::app_href;
use super::rollout::initials;
use super::tape::Shape;
use super::time::{When, took};
use crate::history::{Outcome, Rollout};

/// Rows on one page.
pub(crate) const PAGE: u16 = 50;
/// Height of a row, for the arcs.
const ROW: usize = 49;
/// Height of the line above the first row of a day.
const DAY: usize = 29;

/// Which rollouts, from the page's address.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(crate) struct Query {
    /// `failed`, `rollback`, `running`, or empty for all.
    #[serde(default)]
    pub outcome: String,
    /// `running` is the same as that outcome.
    #[serde(default)]
    pub state: String,
    /// Started before this moment, RFC 3339.
    #[serde(default)]
    pub before: String,
}

impl Query {
    pub(crate) fn outcome(&self) -> &str {
        if self.state == "running" {
            "running"
        } else {
            &self.outcome
        }
    }

    /// What the history is asked for; what it does not know is all of them.
    pub(crate) fn asked(&self) -> Option<Outcome> {
        match self.outcome() {
            "failed" => Some(Outcome::Failed),
            "rollback" => Some(Outcome::Rollback),
            "running" => Some(Outcome::Running),
            _ => None,
        }
    }
}

/// The filters and the rows.
#[derive(Debug, Template)]
#[template(path = "history/list.html")]
pub(crate) struct List {
    pub filters: Vec<Filter>,
    pub summary: String,
    pub rows: Vec<Row>,
    /// The address of the next page; empty at the end.
    pub older: String,
    /// The address of the first page; empty there.
    pub newest: String,
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

/// One rollout.
#[derive(Debug)]
pub(crate) struct Row {
    /// Above the first of each day.
    pub day: String,
    pub shape: Shape,
    /// From where to where the line of history goes.
    pub line: (&'static str, &'static str),
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
}

/// The list. `rollouts` newest first, as many as were read; `base` is the page's own path. Days are those of the reader, as `now` is.
pub(crate) fn list(
    rollouts: &[Rollout],
    standing: &Standing,
    query: &Query,
    base: &str,
    scope: Scope,
    now: &Zoned,
) -> List {
    let (here, now) = (now.time_zone(), now.timestamp());
    let shown: Vec<&Rollout> = rollouts.iter().collect();
    let longest = shown
        .iter()
        .map(|rollout| duration(rollout, now).as_millis())
        .max()
        .unwrap_or(1)
        .max(1);
    let serving = standing.serving.as_ref();
    let mut day = String::new();
    let mut rows: Vec<Row> = Vec::new();
    for (index, rollout) in shown.iter().enumerate() {
        let mut row = row(rollout, scope, now);
        row.back = back(rollout, &standing.newest);
        row.serving = serving.is_some_and(|serving| serving.id == rollout.id);
        let own = day_of(
            &rollout.started_at.to_zoned(here.clone()),
            &now.to_zoned(here.clone()),
        );
        if own != day {
            row.day.clone_from(&own);
            day = own;
        }
        row.bar = i64::try_from(duration(rollout, now).as_millis() * 96 / longest).unwrap_or(0);
        row.bar = row.bar.max(3);
        row.line = line(index, shown.len());
        rows.push(row);
    }
    if scope == Scope::Application {
        for (index, rollout) in shown.iter().enumerate() {
            rows[index].arc = arc(rollout, &shown[index + 1..], &rows[index + 1..]);
        }
    }
    List {
        older: older(rollouts, query, base),
        newest: first(query, base),
        filters: filters(query, base),
        summary: summary(&shown, now),
        rows,
    }
}

/// The address of the next page; empty at the end.
fn older(rollouts: &[Rollout], query: &Query, base: &str) -> String {
    match rollouts.last() {
        Some(last) if rollouts.len() >= usize::from(PAGE) => {
            let before = encoded(&last.started_at.to_string());
            let outcome = encoded(query.outcome());
            format!("{base}?outcome={outcome}&before={before}")
        }
        _ => String::new(),
    }
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

/// Going back to a rollout is undoing all that came after it.
fn back(rollout: &Rollout, newest: &[Rollout]) -> String {
    let own = |one: &&Rollout| one.application == rollout.application;
    let newer = newest.iter().find(own);
    let is_there = |newest: &Rollout| {
        let restored = newest.rollback.as_ref().and_then(|it| it.restores.as_ref());
        newest.id == rollout.id
            || restored == Some(&rollout.revision)
            || (!newest.digest.is_empty() && newest.digest == rollout.digest)
    };
    if rollout.phase != RolloutPhase::Succeeded || newer.is_none_or(is_there) {
        return String::new();
    }
    let (app, id) = (app_href(&rollout.application), encoded(&rollout.id));
    format!("{app}/rollback?to={id}")
}

fn duration(rollout: &Rollout, now: Timestamp) -> jiff::SignedDuration {
    rollout
        .started_at
        .duration_until(rollout.finished_at.unwrap_or(now))
}

/// How far down the rollout is whose commit comes back, if it is on the page.
fn arc(rollout: &Rollout, older: &[&Rollout], rows: &[Row]) -> usize {
    let restored = rollout
        .rollback
        .as_ref()
        .and_then(|back| back.restores.as_ref());
    let Some(restored) = restored.filter(|_| !undone(rollout).is_empty()) else {
        return 0;
    };
    let is_it = |one: &&&Rollout| one.revision.0.starts_with(&restored.0);
    let place = |good: bool| {
        older
            .iter()
            .position(|one| is_it(&one) && (one.phase == RolloutPhase::Succeeded || !good))
    };
    // The one that brought it to the cluster, if that is on the page.
    let Some(at) = place(true).or_else(|| place(false)) else {
        return 0;
    };
    let between = rows[..=at]
        .iter()
        .map(|row| ROW + if row.day.is_empty() { 0 } else { DAY });
    ROW / 2 + between.sum::<usize>()
}

fn summary(shown: &[&Rollout], now: Timestamp) -> String {
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

fn filters(query: &Query, base: &str) -> Vec<Filter> {
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
    vec![
        filter(None, None, "All", ""),
        filter(Some(Tone::Run), icon("wait"), "Running", "running"),
        filter(Some(Tone::Hold), icon("back"), "Rollbacks", "rollback"),
        filter(Some(Tone::Bad), icon("bad"), "Failed", "failed"),
    ]
}

fn row(rollout: &Rollout, scope: Scope, now: Timestamp) -> Row {
    let href = format!("/rollouts/{}", encoded(&rollout.id));
    let state = State::rollout(rollout);
    let running = !rollout.phase.is_final();
    Row {
        day: String::new(),
        shape: Shape::of(rollout),
        line: ("0", "100%"),
        arc: 0,
        name: match scope {
            Scope::All => rollout.id.clone(),
            Scope::Application => rollout.number.to_string(),
        },
        tone: state.tone,
        state,
        commit: CommitChip::new(&rollout.revision, super::commit::href(&rollout.revision)),
        href,
        subject: rollout.subject().to_owned(),
        serving: false,
        undoes: undone(rollout),
        author: rollout.author.name.clone(),
        initials: initials(&rollout.author.name),
        when: When {
            at: rollout.started_at,
            text: rollout.started_at.strftime("%H:%M").to_string(),
        },
        took: took(duration(rollout, now)),
        bar: 0,
        running,
        back: String::new(),
        void: rollout.phase == RolloutPhase::Superseded || rollout.changed == Some(false),
    }
}
