//! What will happen, or what came of it.

use askama::Template;
use jiff::Timestamp;

use engine::rollout::RolloutPhase;

use crate::history::{Rollout, RolloutDetail};
use crate::web::view::component::{Icon, State, Tone};
use crate::web::view::time::{When, coarse};

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
}

fn item(tone: Tone, icon: &'static str, name: impl Into<String>, text: String) -> NextItem {
    NextItem {
        tone,
        icon: Icon(icon),
        at: None,
        name: name.into(),
        text,
    }
}

pub(crate) fn next(detail: &RolloutDetail, branch: &str, now: Timestamp) -> Next {
    if detail.rollout.phase.is_final() {
        came(&detail.rollout)
    } else {
        comes(&detail.rollout, branch, now)
    }
}

fn came(rollout: &Rollout) -> Next {
    let state = State::rollout(rollout);
    let text = if rollout.message.is_empty() {
        "Nothing more will happen.".into()
    } else {
        sentence(&rollout.message)
    };
    let mut items = vec![item(state.tone, state.icon.0, &state.word, text)];
    if rollout.phase == RolloutPhase::Failed {
        let held = format!(
            "Commit {} is not applied again. Push a newer commit, or roll back.",
            rollout.revision.short()
        );
        items.push(item(Tone::Warn, "hold", "Held", held));
    }
    Next {
        heading: "What came of it",
        items,
    }
}

fn comes(rollout: &Rollout, branch: &str, now: Timestamp) -> Next {
    let mut items = Vec::new();
    if !rollout.message.is_empty() {
        let text = sentence(&rollout.message);
        items.push(item(Tone::Run, "wait", "Now", text));
    }
    if let Some(deadline) = rollout.deadline_at {
        let left = coarse(now.duration_until(deadline));
        let text = format!(
            "In {left}: if it is not healthy by then, the rollout fails and the commit is held. \
             What serves now keeps serving; nothing is deleted."
        );
        let mut item = item(Tone::Warn, "hold", String::new(), text);
        item.at = Some(When::clock(deadline));
        items.push(item);
    }
    let branch = if branch.is_empty() {
        "the branch"
    } else {
        branch
    };
    let text =
        format!("A newer commit on {branch} supersedes this rollout and is planned at once.");
    items.push(item(Tone::Ok, "commit", "Any time", text));
    Next {
        heading: "What happens next",
        items,
    }
}

/// With a capital at its start and a full stop at its end.
pub(super) fn sentence(text: &str) -> String {
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
