//! The lines of the history, each by itself.

use jiff::Timestamp;

use engine::rollout::RolloutPhase;

use super::{DAY, DriftRow, Entry, ROW, Row, Scope};
use crate::history::{Counted, Drift, Rollout};
use crate::web::view::component::{CommitChip, State, encoded};
use crate::web::view::facts::undone;
use crate::web::view::graph::app_href;
use crate::web::view::rollout::initials;
use crate::web::view::tape::Event;
use crate::web::view::time::{When, took};
use crate::web::view::{commit, drift};

/// Going back to a rollout is undoing all that came after it.
pub(super) fn back(rollout: &Rollout, newest: &[Rollout]) -> String {
    let own = |one: &&Rollout| one.application == rollout.application;
    let newer = newest.iter().find(own);
    let is_there = |newest: &Rollout| {
        let restored = newest.rollback.as_ref().and_then(|it| it.restores.as_ref());
        newest.id == rollout.id
            || restored == Some(&rollout.revision)
            || (!newest.digest.is_empty() && newest.digest == rollout.digest)
    };
    let good = rollout.phase == RolloutPhase::Succeeded && rollout.undone_at.is_none();
    if !good || newer.is_none_or(is_there) {
        return String::new();
    }
    let (app, id) = (app_href(&rollout.application), encoded(&rollout.id));
    format!("{app}/rollback?to={id}")
}

pub(super) fn duration(rollout: &Rollout, now: Timestamp) -> jiff::SignedDuration {
    rollout
        .started_at
        .duration_until(rollout.finished_at.unwrap_or(now))
}

/// How far down the rollout is whose commit comes back, if it is on the page.
pub(super) fn arc(rollout: &Rollout, older: &[Event], rows: &[Entry]) -> usize {
    let restored = rollout
        .rollback
        .as_ref()
        .and_then(|back| back.restores.as_ref());
    let Some(restored) = restored.filter(|_| !undone(rollout).is_empty()) else {
        return 0;
    };
    let is_it = |one: &Rollout| one.revision.0.starts_with(&restored.0);
    let place = |good: bool| {
        older.iter().position(|event| match event {
            Event::Rollout(one) => is_it(one) && (one.phase == RolloutPhase::Succeeded || !good),
            Event::Drift(_) => false,
        })
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

/// The rollout that this one tries again; empty for none.
fn tried(rollout: &Rollout) -> String {
    let first = rollout.first_try.as_ref();
    first.map(|it| it.rollout.clone()).unwrap_or_default()
}

pub(super) fn row(rollout: &Rollout, scope: Scope, now: Timestamp) -> Row {
    let href = format!("/rollouts/{}", encoded(&rollout.id));
    let state = State::rollout(rollout);
    let running = !rollout.phase.is_final();
    Row {
        arc: 0,
        name: match scope {
            Scope::All => rollout.id.clone(),
            Scope::Application => rollout.number.to_string(),
        },
        tone: state.tone,
        state,
        commit: CommitChip::new(&rollout.revision, commit::href(&rollout.revision)),
        href,
        subject: rollout.subject().to_owned(),
        serving: false,
        undoes: undone(rollout),
        tries: tried(rollout),
        objects: Counted::default(),
        author: rollout.by().name.clone(),
        initials: initials(&rollout.by().name),
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

pub(super) fn drift_row(drift: &Drift, now: Timestamp) -> DriftRow {
    let by = match (drift.writer.as_str(), drift.actor.as_str()) {
        ("", manager) => manager,
        (writer, _) => writer,
    };
    DriftRow {
        href: drift::href(drift),
        title: format!("{} {}", drift.kind, drift.key.name),
        state: drift::state(drift),
        text: format!("{}; {}", drift::fields(drift), drift::ended(drift)),
        by: by.to_owned(),
        initials: initials(by),
        when: When {
            at: drift.at,
            text: drift.at.strftime("%H:%M").to_string(),
        },
        took: drift::lasted(drift, now).map(took).unwrap_or_default(),
        diff: match drift.ending {
            None => format!("{}/diff", app_href(&drift.application)),
            Some(_) => String::new(),
        },
    }
}
