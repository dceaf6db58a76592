//! What will happen, or what came of it.

use askama::Template;
use jiff::Timestamp;

use api::kinds::SyncPolicy;
use engine::hook::HookPhase;
use engine::rollout::RolloutPhase;

use super::failure::{consequence, is_hook, named, of, runs};
use super::live::Start;
use super::state::by_wave;
use super::{Beside, Live};
use crate::history::{Action, FirstTry, ObjectResult, Rollout, RolloutDetail, StepKind};
use crate::web::view::app::can_undo;
use crate::web::view::component::{Icon, State, Tone, encoded};
use crate::web::view::graph::app_href;
use crate::web::view::time::{When, coarse};
use crate::web::view::truth::sentence;

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
    /// In place of a name.
    pub at: Option<When>,
    pub name: String,
    pub text: String,
    /// Words and address of what helps.
    pub way: Option<(String, String)>,
}

fn item(tone: Tone, icon: &'static str, name: impl Into<String>, text: String) -> NextItem {
    NextItem {
        tone,
        icon: Icon(icon),
        at: None,
        name: name.into(),
        text,
        way: None,
    }
}

/// What a rollout's own record does not say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlook<'a> {
    /// The tracked branch; empty where it is not known.
    pub branch: &'a str,
    /// What the Application says of itself; `None` where it is not there.
    pub policy: Option<&'a SyncPolicy>,
    /// Whether no other rollout of the application came after it.
    pub is_newest: bool,
    pub beside: &'a Beside,
    pub live: &'a Live,
}

impl Outlook<'_> {
    fn branch(&self) -> &str {
        match self.branch {
            "" => "the tracked branch",
            branch => branch,
        }
    }
}

pub(crate) fn next(detail: &RolloutDetail, outlook: &Outlook, now: Timestamp) -> Next {
    if detail.rollout.phase.is_final() {
        came(detail, outlook)
    } else {
        comes(detail, outlook, now)
    }
}

fn came(detail: &RolloutDetail, outlook: &Outlook) -> Next {
    let rollout = &detail.rollout;
    let state = State::rollout(&Rollout {
        taken_back: None,
        ..rollout.clone()
    });
    let text = if rollout.message.is_empty() {
        "Nothing more will happen.".into()
    } else {
        sentence(&rollout.message)
    };
    let mut items = vec![item(state.tone, state.icon.0, &state.word, text)];
    let failed = rollout.phase == RolloutPhase::Failed;
    if let Some(at) = rollout.undone_at {
        let mut undone = item(Tone::Hold, "back", "", undone(detail));
        undone.at = Some(When::clock(at));
        items.push(undone);
    } else if failed && rollout.began_at.is_none() {
        let text = "It failed before anything was written: the cluster is as it was.";
        items.push(item(Tone::Ok, "ok", "Not begun", text.into()));
    } else if failed && rollout.changed == Some(false) {
        let text = "It found what the commit asks for, and wrote nothing: all of it stays.";
        items.push(item(Tone::Ok, "ok", "Nothing to undo", text.into()));
    } else if failed && rollout.previous.0.is_empty() {
        let text = "The application was nowhere before: there is nothing to go back to.";
        items.push(item(Tone::Unknown, "unk", "Not undone", text.into()));
    } else if failed && !outlook.is_newest {
        let text = "A newer rollout began before what this one wrote was undone.";
        items.push(item(Tone::Unknown, "unk", "Not undone", text.into()));
    } else if failed {
        let text = consequence(detail, outlook.policy, outlook.branch());
        items.push(item(Tone::Warn, "back", "Then", text));
    }
    if let Some(taken) = &rollout.taken_back {
        let text = format!("Rollout {} took back what it brought.", taken.rollout);
        let mut back = item(Tone::Hold, "back", "Rolled back", text);
        back.at = Some(When::clock(taken.at));
        items.push(back);
    }
    items.extend(after_hold(rollout, outlook));
    items.extend(rollout.first_try.as_deref().map(again));
    if failed {
        let stands = outlook.beside.mended_by(rollout);
        items.push(stands.map_or_else(|| held(rollout), mended));
    }
    Next {
        heading: "What came of it",
        items,
    }
}

/// What is asked of somebody while nothing went well since.
fn held(rollout: &Rollout) -> NextItem {
    let way = if can_undo(rollout) {
        ", or roll back"
    } else {
        ""
    };
    let text = format!(
        "Commit {} is not applied again. Push a newer commit{way}.",
        rollout.first().revision.short()
    );
    item(Tone::Warn, "hold", "Held", text)
}

/// What failed long ago asks nothing of anybody any more.
fn mended(by: &str) -> NextItem {
    let text = "A later rollout went well, and nothing waits for this one any more:";
    NextItem {
        way: Some((by.to_owned(), format!("/rollouts/{}", encoded(by)))),
        ..item(Tone::Ok, "ok", "Mended", text.into())
    }
}

/// What it tries again, and why no commit is judged by that.
fn again(first: &FirstTry) -> NextItem {
    let text = format!(
        "Its commit does not change the application: what failed at commit {} was tried again, \
         beside the commit, by itself. It began with",
        first.revision.short()
    );
    let href = format!("/rollouts/{}", encoded(&first.rollout));
    NextItem {
        way: Some((first.rollout.clone(), href)),
        ..item(Tone::Unknown, "roll", "Another try", text)
    }
}

/// How what was held goes on, or does not.
fn after_hold(rollout: &Rollout, outlook: &Outlook) -> Option<NextItem> {
    if rollout.phase != RolloutPhase::Held {
        return None;
    }
    let of = |id: &str| (id.to_owned(), format!("/rollouts/{}", encoded(id)));
    if let Some(id) = outlook.beside.goes_on_as(rollout) {
        let way = Some(of(id));
        let text = "A new rollout of the same commit took it up again:".into();
        let item = item(Tone::Run, "roll", "Goes on", text);
        return Some(NextItem { way, ..item });
    }
    if let Some(after) = &outlook.beside.after {
        let way = Some(of(&after.id));
        let text = "What came after it is not this commit:".into();
        let item = item(Tone::Unknown, "commit", "Not taken up", text);
        return Some(NextItem { way, ..item });
    }
    // An application that is gone goes on with nothing.
    outlook.policy?;
    let href = format!("{}/resume", app_href(&rollout.application));
    let way = Some(("Resume".to_owned(), href));
    let text = "What it wrote stays, what it did not reach waits. A new rollout takes it up once \
                somebody resumes the application.";
    let item = item(Tone::Hold, "hold", "Then", text.into());
    Some(NextItem { way, ..item })
}

/// As it was recorded when it was done.
fn undone(detail: &RolloutDetail) -> String {
    let step = detail.steps.iter().rfind(|it| it.kind == StepKind::Undone);
    step.map_or_else(
        || "What it wrote was undone.".into(),
        |step| sentence(&step.text),
    )
}

fn comes(detail: &RolloutDetail, outlook: &Outlook, now: Timestamp) -> Next {
    let rollout = &detail.rollout;
    let mut items = Vec::new();
    if !rollout.message.is_empty() {
        let text = sentence(&rollout.message);
        items.push(item(Tone::Run, "wait", "Now", text));
    }
    items.extend(steps(detail));
    let mut timed: Vec<NextItem> = starts(&outlook.live.starts).collect();
    let failure = consequence(detail, outlook.policy, outlook.branch());
    if let Some(deadline) = rollout.deadline_at {
        let left = coarse(now.duration_until(deadline));
        let text = format!(
            "In {left}: if it is not healthy by then, the rollout fails and the commit is held. \
             {failure}"
        );
        let mut item = item(Tone::Warn, "hold", String::new(), text);
        item.at = Some(When::clock(deadline));
        timed.push(item);
    }
    // What has a time comes in the order of its times: a pod may go before its next start.
    timed.sort_by_key(|item| item.at.as_ref().map(|when| when.at));
    items.extend(timed);
    let branch = outlook.branch();
    let text =
        format!("A newer commit on {branch} supersedes this rollout and is planned at once.");
    items.push(item(Tone::Ok, "commit", "Any time", text));
    Next {
        heading: "What happens next",
        items,
    }
}

/// Starts of containers that are told; more of them say nothing new.
const STARTS: usize = 3;

/// When what crashed is started again.
fn starts(starts: &[Start]) -> impl Iterator<Item = NextItem> {
    starts.iter().take(STARTS).map(|start| {
        let Start {
            at,
            pod,
            container,
            wait,
        } = start;
        let text = format!(
            "The kubelet starts container {container} in pod {pod} again (back-off {wait})."
        );
        let item = item(Tone::Run, "wait", "", text);
        NextItem {
            at: Some(When::clock(*at)),
            ..item
        }
    })
}

/// What is still to be done, in its order: hooks, the next wave, hooks, deletions.
fn steps(detail: &RolloutDetail) -> Vec<NextItem> {
    let objects = &detail.objects;
    let waits = |name: String, text: String| item(Tone::Unknown, "wait", name, text);
    let mut items = Vec::new();
    let partial = detail.rollout.options.is_partial();
    let hooks = |phase| of(objects, |it| !partial && is_hook(it, phase));
    let before = hooks(HookPhase::Before);
    if !before.is_empty() {
        let text = format!("{} {} first.", named(&before), runs(before.len()));
        items.push(waits("Hooks".into(), text));
    }
    let waves = by_wave(objects);
    let to_do =
        |object: &&ObjectResult| object.action != Action::Unchanged && object.applied_at.is_none();
    let next = waves.iter().find_map(|(wave, objects)| {
        let titles: Vec<String> = objects
            .iter()
            .copied()
            .filter(to_do)
            .map(ObjectResult::title)
            .collect();
        (!titles.is_empty()).then_some((*wave, titles))
    });
    if let Some((wave, titles)) = &next {
        let when = match waves.keys().rev().find(|before| *before < wave) {
            Some(before) => format!(", once wave {before} is healthy"),
            None => String::new(),
        };
        let text = format!("{} {} applied{when}.", named(titles), are(titles.len()));
        items.push(waits(format!("Wave {wave}"), text));
    }
    let after = hooks(HookPhase::After);
    if !after.is_empty() {
        let runs = runs(after.len());
        let text = format!("{} {runs} once all waves are healthy.", named(&after));
        items.push(waits("Hooks".into(), text));
    }
    items.extend(prune(objects));
    items
}

/// What left the commit: what goes last of all, and what stays.
fn prune(objects: &[ObjectResult]) -> Option<NextItem> {
    let going = of(objects, |it| {
        it.action == Action::Delete && it.applied_at.is_none()
    });
    let kept = objects
        .iter()
        .filter(|it| it.action == Action::Keep)
        .count();
    let stays = match kept {
        0 => String::new(),
        1 => " 1 object that left Git stays.".into(),
        kept => format!(" {kept} objects that left Git stay."),
    };
    let text = match going.len() {
        0 if kept == 0 => return None,
        0 => format!("Nothing is deleted.{stays}"),
        count => {
            let are = are(count);
            format!(
                "{} {are} deleted last of all, once all else is healthy.{stays}",
                named(&going)
            )
        }
    };
    Some(item(Tone::Unknown, "wait", "Prune", text))
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
