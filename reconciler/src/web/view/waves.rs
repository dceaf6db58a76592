//! A rollout's waves over time: one row per changed object, the unchanged ones of a wave in one.

#[cfg(test)]
mod tests;

use askama::Template;
use jiff::{SignedDuration, Timestamp};

use engine::rollout::RolloutPhase;

use super::component::{Icon, State, Tone};
use super::crosses::crosses;
use super::rollout::{Sign, by_wave, is_settled, wave_state};
use super::scale::{Scale, letters, percent, ticks};
use super::time::{Tick, took};
use crate::history::{Action, ObjectResult, Rollout, RolloutDetail};

/// Rows of one wave.
const ROWS: usize = 40;
const HEAD: usize = 24;
const TITLE: usize = 32;
const ROW: usize = 28;
/// Letters that have room on a phone.
const SHORT: usize = 22;
const AXIS: usize = 26;

/// The picture and its labels.
#[derive(Debug, Template)]
#[template(path = "rollout/waves.html")]
pub(crate) struct Waves {
    pub bands: Vec<Band>,
    pub height: usize,
    pub label: String,
    /// Place and text.
    pub ticks: Vec<(String, Tick)>,
    pub now: Option<(String, Tick)>,
    pub deadline: Option<(String, Tick)>,
    /// Whether containers ended badly: the legend has their sign then.
    pub has_exits: bool,
    /// What the picture has no room for.
    pub cut: Vec<Cut>,
}

/// Words about an object, in full.
#[derive(Debug)]
pub(crate) struct Cut {
    pub tone: Tone,
    pub name: String,
    pub told: String,
    /// Whether they have no room on a wide screen either.
    pub everywhere: bool,
}

/// One wave, or what is deleted at the end.
#[derive(Debug)]
pub(crate) struct Band {
    pub name: String,
    pub state: State,
    pub y: usize,
    pub rows: Vec<Row>,
}

/// One object.
#[derive(Debug)]
pub(crate) struct Row {
    pub tone: Tone,
    pub icon: Icon,
    pub name: String,
    pub kind: String,
    pub title: String,
    pub sign: Sign,
    pub y: usize,
    pub bar: Option<Bar>,
    /// From now to the deadline, while it is waited for.
    pub open: Option<Bar>,
    /// Where a container of it ended badly, and what is said of that.
    pub exits: Vec<(String, String)>,
    /// What there is to say, in full, and as much of it as has room.
    pub told: String,
    pub text: String,
    pub text_class: String,
    pub text_x: String,
    /// Whether the text stands before its place.
    pub text_end: bool,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub x: String,
    pub width: String,
    pub class: String,
    pub faint: bool,
}

/// The waves at `now`.
pub(crate) fn waves(detail: &RolloutDetail, now: Timestamp) -> Waves {
    let rollout = &detail.rollout;
    let scale = Scale::new(rollout, now);
    let mut y = HEAD;
    let mut bands = Vec::new();
    for (wave, objects) in by_wave(&detail.objects) {
        let state = wave_state(rollout, &objects, now);
        let band = band(
            format!("Wave {wave}"),
            state,
            &objects,
            rollout,
            &scale,
            now,
            &mut y,
        );
        bands.push(band);
    }
    let deleted: Vec<&ObjectResult> = detail
        .objects
        .iter()
        .filter(|object| object.action == Action::Delete)
        .collect();
    if !deleted.is_empty() {
        let state = prune_state(&deleted, rollout);
        bands.push(band(
            "Prune".into(),
            state,
            &deleted,
            rollout,
            &scale,
            now,
            &mut y,
        ));
    }
    let running = !rollout.phase.is_final();
    let end = scale.from + SignedDuration::from_millis(scale.span);
    let mark = |at: Timestamp| (percent(scale.at(at)), Tick::new(at, "%H:%M:%S"));
    let exits = detail.objects.iter().map(|object| object.exits.len());
    let exits: usize = exits.sum();
    Waves {
        has_exits: exits > 0,
        label: label(&bands, exits),
        cut: bands
            .iter()
            .flat_map(|it| &it.rows)
            .filter_map(cut)
            .collect(),
        height: y + AXIS,
        ticks: ticks(&scale),
        now: running.then(|| mark(now)),
        deadline: rollout
            .deadline_at
            .filter(|at| running && *at < end)
            .map(mark),
        bands,
    }
}

fn prune_state(deleted: &[&ObjectResult], rollout: &Rollout) -> State {
    if deleted.iter().all(|object| object.applied_at.is_some()) {
        State::new(Tone::Ok, "ok", "done")
    } else if rollout.phase.is_final() {
        State::new(Tone::Unknown, "unk", "not reached")
    } else {
        State::new(Tone::Unknown, "wait", "last of all")
    }
}

fn label(bands: &[Band], exits: usize) -> String {
    let told: Vec<String> = bands
        .iter()
        .map(|band| format!("{}: {}", band.name, band.state.word))
        .collect();
    let exits = match exits {
        0 => String::new(),
        1 => ". 1 container ended badly".into(),
        many => format!(". {many} times a container ended badly"),
    };
    format!("Waves over time. {}{exits}", told.join(". "))
}

fn band(
    name: String,
    state: State,
    objects: &[&ObjectResult],
    rollout: &Rollout,
    scale: &Scale,
    now: Timestamp,
    y: &mut usize,
) -> Band {
    let top = *y;
    *y += TITLE;
    let (unchanged, changed): (Vec<&ObjectResult>, Vec<&ObjectResult>) = objects
        .iter()
        .partition(|object| object.action == Action::Unchanged && is_settled(object));
    let mut rows = Vec::new();
    for object in changed.iter().take(ROWS) {
        rows.push(row(object, rollout, scale, now, *y));
        *y += ROW;
    }
    if changed.len() > ROWS {
        rows.push(folded(
            format!("{} more", changed.len() - ROWS),
            "see Changes",
            *y,
        ));
        *y += ROW;
    }
    if !unchanged.is_empty() {
        let text = format!("{} unchanged", unchanged.len());
        rows.push(folded(text, "already matched", *y));
        *y += ROW;
    }
    Band {
        name,
        state,
        y: top,
        rows,
    }
}

fn folded(name: String, text: &str, y: usize) -> Row {
    Row {
        tone: Tone::Ok,
        icon: Icon("eq"),
        title: name.clone(),
        name,
        kind: String::new(),
        sign: Sign(Action::Unchanged),
        y,
        bar: None,
        open: None,
        exits: Vec::new(),
        told: text.into(),
        text: text.into(),
        text_class: "on".into(),
        text_x: percent(200),
        text_end: false,
    }
}

fn row(object: &ObjectResult, rollout: &Rollout, scale: &Scale, now: Timestamp, y: usize) -> Row {
    let settled = is_settled(object);
    let (tone, icon) = tone(object, rollout, settled);
    let end = match object.healthy_at.filter(|_| settled) {
        Some(at) => at,
        None if settled => object.applied_at.unwrap_or(now),
        None => rollout.finished_at.unwrap_or(now),
    };
    let bar = object.applied_at.map(|applied| {
        let (from, to) = (scale.at(applied), scale.at(end));
        Bar {
            x: percent(from),
            width: percent((to - from).max(45)),
            class: format!("f-{tone}"),
            faint: !settled,
        }
    });
    let running = !rollout.phase.is_final();
    let open = rollout
        .deadline_at
        .filter(|_| running && !settled && object.applied_at.is_some())
        .map(|deadline| {
            let (from, to) = (scale.at(now), scale.at(deadline));
            Bar {
                x: percent(from),
                width: percent((to - from).max(0)),
                class: String::new(),
                faint: false,
            }
        });
    let told = text(object, rollout, settled, end);
    let label = label_of(object, &told, settled, scale, end);
    Row {
        tone,
        icon: Icon(icon),
        name: object.key.name.clone(),
        kind: object.kind.clone(),
        title: match object.message.as_str() {
            "" => object.title(),
            message => format!("{}: {message}", object.title()),
        },
        sign: Sign(object.action),
        y,
        bar,
        open,
        exits: crosses(&object.exits, scale),
        text_class: if tone == Tone::Bad { "b" } else { "on" }.into(),
        text: shortened(&told, label.room),
        told,
        text_x: percent(label.x),
        text_end: label.end,
    }
}

/// Where the words about an object stand.
struct Label {
    /// In hundredths of a percent.
    x: i64,
    /// Whether they end there; they begin there otherwise.
    end: bool,
    /// For how many letters there is room.
    room: usize,
}

/// The words of a row that do not all stand in it, here or on a phone.
fn cut(row: &Row) -> Option<Cut> {
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
fn label_of(
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

fn tone(object: &ObjectResult, rollout: &Rollout, settled: bool) -> (Tone, &'static str) {
    if settled {
        return (Tone::Ok, "ok");
    }
    if object.action == Action::Delete {
        return match object.applied_at {
            Some(_) => (Tone::Ok, "ok"),
            None => (Tone::Unknown, "wait"),
        };
    }
    if object.applied_at.is_none() && object.action != Action::Unchanged {
        return (Tone::Unknown, "wait");
    }
    match object.health.as_str() {
        "Degraded" => (Tone::Bad, "bad"),
        "Missing" => (Tone::Warn, "miss"),
        _ if rollout.phase == RolloutPhase::Failed => (Tone::Bad, "bad"),
        _ if rollout.phase.is_final() => (Tone::Unknown, "unk"),
        _ => (Tone::Run, "run"),
    }
}

fn text(object: &ObjectResult, rollout: &Rollout, settled: bool, end: Timestamp) -> String {
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
        return message;
    }
    let passed = applied.duration_until(end);
    if passed < SignedDuration::from_millis(200) {
        return "applied".into();
    }
    format!("healthy after {}", took(passed))
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}
