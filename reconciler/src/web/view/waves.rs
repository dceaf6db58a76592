//! A rollout's waves over time: one row per changed object, the unchanged ones of a wave in one.

#[cfg(test)]
mod tests;
mod words;

use askama::Template;
use jiff::Timestamp;

use engine::rollout::RolloutPhase;

use super::component::{Icon, State, Tone};
use super::crosses::crosses;
use super::rollout::{Live, Sign, by_wave, is_settled, wave_state};
use super::scale::{Scale, percent, ticks};
use super::time::Tick;
use crate::history::{Action, ObjectResult, Rollout, RolloutDetail};
use words::{cut, label_of, shortened, text};

/// Rows of one wave.
const ROWS: usize = 40;
const HEAD: usize = 24;
const TITLE: usize = 32;
const ROW: usize = 28;
const AXIS: usize = 26;
/// Marks nearer than this have their words on either side, in hundredths of a percent.
const NEAR: i64 = 2_200;

/// The picture and its labels.
#[derive(Debug, Template)]
#[template(path = "rollout/waves.html")]
pub(crate) struct Waves {
    pub bands: Vec<Band>,
    pub height: usize,
    pub label: String,
    /// Place and text.
    pub ticks: Vec<(String, Tick)>,
    pub now: Option<Mark>,
    pub deadline: Option<Mark>,
    /// Whether the time to the deadline is drawn shorter than what has passed.
    pub is_bent: bool,
    /// Whether containers ended badly: the legend has their sign then.
    pub has_exits: bool,
    /// What the picture has no room for.
    pub cut: Vec<Cut>,
}

/// A moment with a line and its words.
#[derive(Debug)]
pub(crate) struct Mark {
    pub x: String,
    pub at: Tick,
    /// Which end of the words stands at the line.
    pub anchor: &'static str,
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
pub(crate) fn waves(detail: &RolloutDetail, live: &Live, now: Timestamp) -> Waves {
    let rollout = &detail.rollout;
    let scale = Scale::new(rollout, now);
    let at = At {
        rollout,
        live,
        scale: &scale,
        now,
    };
    let mut y = HEAD;
    let mut bands = Vec::new();
    for (wave, objects) in by_wave(&detail.objects) {
        let state = wave_state(rollout, &objects, now);
        bands.push(band(format!("Wave {wave}"), state, &objects, &at, &mut y));
    }
    let deleted: Vec<&ObjectResult> = detail
        .objects
        .iter()
        .filter(|object| object.action == Action::Delete)
        .collect();
    if !deleted.is_empty() {
        let state = prune_state(&deleted, rollout);
        bands.push(band("Prune".into(), state, &deleted, &at, &mut y));
    }
    let (now, deadline) = marks(&at);
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
        now,
        deadline,
        is_bent: scale.is_bent(),
        bands,
    }
}

/// What all rows are seen by.
struct At<'a> {
    rollout: &'a Rollout,
    live: &'a Live,
    scale: &'a Scale,
    now: Timestamp,
}

/// Now and the deadline of a rollout that runs.
fn marks(at: &At) -> (Option<Mark>, Option<Mark>) {
    if at.rollout.phase.is_final() {
        return (None, None);
    }
    let mark = |moment: Timestamp, anchor: &'static str| Mark {
        x: percent(at.scale.at(moment)),
        at: Tick::new(moment, "%H:%M:%S"),
        anchor,
    };
    let Some(deadline) = at.rollout.deadline_at else {
        return (Some(mark(at.now, "middle")), None);
    };
    let apart = at.scale.at(deadline) - at.scale.at(at.now);
    let (of_now, of_deadline) = match apart {
        0..NEAR => ("end", "start"),
        apart if apart < 0 => ("start", "end"),
        _ => ("middle", "middle"),
    };
    (
        Some(mark(at.now, of_now)),
        Some(mark(deadline, of_deadline)),
    )
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

fn band(name: String, state: State, objects: &[&ObjectResult], at: &At, y: &mut usize) -> Band {
    let top = *y;
    *y += TITLE;
    let (unchanged, changed): (Vec<&ObjectResult>, Vec<&ObjectResult>) = objects
        .iter()
        .partition(|object| object.action == Action::Unchanged && is_settled(object));
    let mut rows = Vec::new();
    for object in changed.iter().take(ROWS) {
        rows.push(row(object, at, *y));
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

fn row(object: &ObjectResult, at: &At, y: usize) -> Row {
    let &At {
        rollout,
        live,
        scale,
        now,
    } = at;
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
    let ready = live.ready.get(&object.key);
    let told = text(object, rollout, ready, settled, end);
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
