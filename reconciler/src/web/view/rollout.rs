//! One rollout: how far it is, what it will do next, what it did and why.

use std::collections::BTreeMap;
use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::Timestamp;

use engine::diff;
use engine::rollout::RolloutPhase;

use super::app::can_undo;
use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::graph::app_href;
use super::time::{When, clock, coarse, took};
use crate::history::{Action, ObjectResult, Rollout, RolloutDetail, StepKind};

/// Decisions and planned changes on the page.
const DECISIONS: usize = 200;
const CHANGES: usize = 30;

/// Its name, state, commits and what can be done.
#[derive(Debug, Template)]
#[template(path = "rollout/head.html")]
pub(crate) struct Head {
    pub number: i64,
    pub href: String,
    pub state: State,
    pub app: String,
    pub app_href: String,
    pub from: Option<CommitChip>,
    pub to: CommitChip,
    pub subject: String,
    pub author: String,
    pub initials: String,
    /// Name and address of what it undoes.
    pub undoes: Option<(String, String)>,
    pub duration: String,
    pub rollback: String,
}

/// From the push to the proof.
#[derive(Debug, Template)]
#[template(path = "rollout/steps.html")]
pub(crate) struct Steps {
    pub steps: Vec<StepView>,
}

/// One of the steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepView {
    pub tone: Tone,
    pub icon: Icon,
    pub name: String,
    pub text: String,
    pub done: bool,
}

impl StepView {
    fn new(tone: Tone, icon: &'static str, name: impl Into<String>, text: String) -> Self {
        Self {
            tone,
            icon: Icon(icon),
            name: name.into(),
            text,
            done: tone == Tone::Ok,
        }
    }
}

/// What was done and seen, newest first: time, text, whether it is bad.
#[derive(Debug, Template)]
#[template(path = "rollout/decisions.html")]
pub(crate) struct Decisions {
    pub decisions: Vec<(When, String, bool)>,
}

/// What will happen, in words, or what came of it.
#[derive(Debug, Template)]
#[template(path = "rollout/next.html")]
pub(crate) struct Next {
    pub heading: &'static str,
    pub items: Vec<NextItem>,
}

/// One sentence with a time.
#[derive(Debug)]
pub(crate) struct NextItem {
    pub tone: Tone,
    pub icon: Icon,
    pub name: String,
    pub text: String,
}

/// The plan in short.
#[derive(Debug, Template)]
#[template(path = "rollout/changes.html")]
pub(crate) struct Changes {
    pub created: usize,
    pub changed: usize,
    pub deleted: usize,
    pub items: Vec<ChangeItem>,
    pub hidden: usize,
}

/// One object of the plan.
#[derive(Debug)]
pub(crate) struct ChangeItem {
    pub sign: Sign,
    pub title: String,
    pub href: String,
    pub text: String,
}

/// What happens to an object as one coloured sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sign(pub Action);

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Action::Create => "<i>+</i>",
            Action::Change => "<u>~</u>",
            Action::Delete => "<s>−</s>",
            Action::Keep | Action::Unchanged => "",
        })
    }
}

impl HtmlSafe for Sign {}

pub(crate) fn head(rollout: &Rollout, now: Timestamp) -> Head {
    let href = format!("/rollouts/{}", encoded(&rollout.id));
    let end = rollout.finished_at.unwrap_or(now);
    let duration = took(rollout.started_at.duration_until(end));
    let undone = &rollout.rollback_of;
    // A rollout's name has a number at its end; a commit's has not.
    let is_rollout = undone.rsplit_once('-').is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    Head {
        number: rollout.number,
        state: State::rollout(rollout),
        app: rollout.application.clone(),
        app_href: app_href(&rollout.application),
        from: (!rollout.previous.0.is_empty()).then(|| CommitChip::new(&rollout.previous, "")),
        to: CommitChip::new(&rollout.revision, format!("{href}/diff")),
        subject: rollout.subject().to_owned(),
        author: rollout.author.name.clone(),
        initials: initials(&rollout.author.name),
        undoes: (!undone.is_empty()).then(|| {
            let to = if is_rollout {
                format!("/rollouts/{}", encoded(undone))
            } else {
                String::new()
            };
            (undone.clone(), to)
        }),
        duration: if rollout.phase.is_final() {
            format!("took {duration}")
        } else {
            format!("running {duration}")
        },
        rollback: if can_undo(rollout) {
            format!("{href}/rollback")
        } else {
            String::new()
        },
        href,
    }
}

/// The first letters of the first and last word.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.last().and_then(|word| word.chars().next());
    first
        .into_iter()
        .chain(last)
        .collect::<String>()
        .to_uppercase()
}

/// The objects that are applied, by wave.
pub(crate) fn by_wave(objects: &[ObjectResult]) -> BTreeMap<i32, Vec<&ObjectResult>> {
    let mut waves: BTreeMap<i32, Vec<&ObjectResult>> = BTreeMap::new();
    for object in objects {
        if !matches!(object.action, Action::Delete | Action::Keep) {
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
            (Some(began), Some(end)) => took(began.duration_until(end)),
            _ => "unchanged".into(),
        };
        return State::new(Tone::Ok, "ok", text);
    }
    match began {
        None if over => State::new(Tone::Unknown, "unk", "not reached"),
        None => State::new(Tone::Unknown, "wait", "waits"),
        Some(_) if rollout.phase == RolloutPhase::Failed => State::new(Tone::Bad, "bad", "failed"),
        Some(_) if over => State::new(Tone::Unknown, "unk", "superseded"),
        Some(began) => State::new(Tone::Run, "run", took(began.duration_until(now))),
    }
}

pub(crate) fn steps(detail: &RolloutDetail, now: Timestamp) -> Steps {
    let rollout = &detail.rollout;
    let counts = counts(&detail.objects);
    let mut steps = vec![StepView::new(
        Tone::Ok,
        "ok",
        if rollout.push.is_some() {
            "Pushed"
        } else {
            "Seen"
        },
        format!("{} by {}", clock(rollout.started_at), rollout.author.name),
    )];
    steps.push(if detail.objects.is_empty() && !rollout.phase.is_final() {
        StepView::new(Tone::Run, "run", "Planned", "being made".into())
    } else {
        StepView::new(Tone::Ok, "ok", "Planned", planned(counts))
    });
    for (wave, objects) in by_wave(&detail.objects) {
        let state = wave_state(rollout, &objects, now);
        let settled = objects.iter().filter(|object| is_settled(object)).count();
        let text = match state.tone {
            Tone::Ok if state.word == "unchanged" => format!("{} unchanged", objects.len()),
            Tone::Ok => format!("{} in {}", objects_of(objects.len()), state.word),
            Tone::Unknown => format!("{}, {}", objects_of(objects.len()), state.word),
            _ => format!("{settled} of {} ready", objects_of(objects.len())),
        };
        steps.push(StepView::new(
            state.tone,
            state.icon.0,
            format!("Wave {wave}"),
            text,
        ));
    }
    if counts.2 > 0 {
        let deletes = detail.objects.iter().filter(|o| o.action == Action::Delete);
        let gone = deletes.filter(|object| object.applied_at.is_some()).count();
        let text = format!("{gone} of {} deleted", counts.2);
        steps.push(if gone == counts.2 {
            StepView::new(Tone::Ok, "ok", "Pruned", text)
        } else {
            StepView::new(Tone::Unknown, "wait", "Prune", text)
        });
    }
    steps.push(verdict(rollout));
    Steps { steps }
}

fn objects_of(count: usize) -> String {
    match count {
        1 => "1 object".into(),
        many => format!("{many} objects"),
    }
}

fn planned((created, changed, deleted): (usize, usize, usize)) -> String {
    match created + changed + deleted {
        0 => "nothing to change".into(),
        1 => "1 change".into(),
        many => format!("{many} changes"),
    }
}

fn verdict(rollout: &Rollout) -> StepView {
    let at = rollout.finished_at.map(clock).unwrap_or_default();
    match rollout.phase {
        RolloutPhase::Succeeded => StepView::new(Tone::Ok, "ok", "Converged", at),
        RolloutPhase::Failed => StepView::new(Tone::Bad, "bad", "Failed", at),
        RolloutPhase::Superseded => StepView::new(Tone::Unknown, "unk", "Superseded", at),
        _ => StepView::new(
            Tone::Unknown,
            "proof",
            "Converged",
            "when all of it is healthy".into(),
        ),
    }
}

/// How many are created, changed and deleted.
pub(crate) fn counts(objects: &[ObjectResult]) -> (usize, usize, usize) {
    let of = |action| objects.iter().filter(|o| o.action == action).count();
    (of(Action::Create), of(Action::Change), of(Action::Delete))
}

pub(crate) fn decisions(detail: &RolloutDetail) -> Decisions {
    let newest = detail.steps.iter().rev().take(DECISIONS);
    Decisions {
        decisions: newest
            .map(|step| {
                let bad = matches!(
                    step.kind,
                    StepKind::Failed | StepKind::ApplyFailed | StepKind::Refused
                );
                (When::clock(step.at), step.text.clone(), bad)
            })
            .collect(),
    }
}

pub(crate) fn next(detail: &RolloutDetail, branch: &str, now: Timestamp) -> Next {
    let rollout = &detail.rollout;
    let item = |tone, icon, name: &str, text: String| NextItem {
        tone,
        icon: Icon(icon),
        name: name.into(),
        text,
    };
    if rollout.phase.is_final() {
        let state = State::rollout(rollout);
        let text = if rollout.message.is_empty() {
            "Nothing more will happen.".into()
        } else {
            sentence(&rollout.message)
        };
        let mut items = vec![item(state.tone, state.icon.0, &state.word, text)];
        if rollout.phase == RolloutPhase::Failed {
            items.push(item(
                Tone::Warn,
                "hold",
                "Held",
                format!(
                    "Commit {} is not applied again. Push a newer commit, or roll back.",
                    rollout.revision.short()
                ),
            ));
        }
        return Next {
            heading: "What came of it",
            items,
        };
    }
    let mut items = Vec::new();
    if !rollout.message.is_empty() {
        items.push(item(Tone::Run, "wait", "Now", sentence(&rollout.message)));
    }
    if let Some(deadline) = rollout.deadline_at {
        let left = coarse(now.duration_until(deadline));
        items.push(item(
            Tone::Warn,
            "hold",
            &clock(deadline),
            format!("In {left}: if it is not healthy by then, the rollout fails and the commit is held. What serves now keeps serving; nothing is deleted."),
        ));
    }
    let branch = if branch.is_empty() {
        "the branch"
    } else {
        branch
    };
    items.push(item(
        Tone::Ok,
        "commit",
        "Any time",
        format!("A newer commit on {branch} supersedes this rollout and is planned at once."),
    ));
    Next {
        heading: "What happens next",
        items,
    }
}

/// With a capital at its start and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let stop = if text.ends_with(['.', '!', '?', '…']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", characters.as_str())
}

pub(crate) fn changes(detail: &RolloutDetail) -> Changes {
    let (created, changed, deleted) = counts(&detail.objects);
    let mut planned: Vec<&ObjectResult> = detail
        .objects
        .iter()
        .filter(|object| object.action != Action::Unchanged)
        .collect();
    planned.sort_by_key(|object| match object.action {
        Action::Delete => 0,
        Action::Create => 1,
        _ => 2,
    });
    let base = format!("/rollouts/{}/diff", encoded(&detail.rollout.id));
    Changes {
        created,
        changed,
        deleted,
        hidden: planned.len().saturating_sub(CHANGES),
        items: planned
            .into_iter()
            .take(CHANGES)
            .map(|object| ChangeItem {
                sign: Sign(object.action),
                title: object.title(),
                href: format!(
                    "{base}#{}",
                    encoded(&super::diff::anchor(&object.kind, &object.key))
                ),
                text: told(object),
            })
            .collect(),
    }
}

/// A few words about what changes.
fn told(object: &ObjectResult) -> String {
    match object.action {
        Action::Create => "new".into(),
        Action::Delete => "leaves Git".into(),
        Action::Keep if object.message.is_empty() => "left Git, is kept".into(),
        Action::Keep => object.message.clone(),
        Action::Unchanged => String::new(),
        Action::Change => {
            let secret = super::diff::is_secret(&object.kind, &object.key);
            let mut lines: Vec<String> = object
                .changes
                .iter()
                .take(3)
                .map(|change| diff::show(change, secret))
                .collect();
            if object.changes.len() > 3 {
                lines.push(format!("and {} more fields", object.changes.len() - 3));
            }
            lines.join("; ")
        }
    }
}

/// The failure in one sentence, at the top of the page. Nothing while it may still succeed.
pub(crate) fn truth(rollout: &Rollout) -> super::app::Truth {
    let failed = rollout.phase == RolloutPhase::Failed;
    super::app::Truth {
        tone: failed.then_some(Tone::Bad),
        icon: Icon("bad"),
        heading: format!(
            "{} did not become healthy at {}",
            rollout.application,
            rollout.revision.short()
        ),
        details: sentence(&rollout.message),
        action: None,
    }
}
