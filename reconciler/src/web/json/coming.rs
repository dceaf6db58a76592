//! What needs somebody, what comes next, and what going back would take, for programs.

use jiff::Timestamp;
use serde::Serialize;

use engine::rollout::CommitId;

use crate::service::RollbackPreview;
use crate::web::view::apps::{Attention, Item};
use crate::web::view::rollback::View;
use crate::web::view::rollout::Next;
use crate::web::view::suspend;

/// The applications that need somebody, worst first.
#[derive(Debug, Serialize)]
pub struct Needs {
    pub items: Vec<Need>,
    /// How many more there are.
    pub more: usize,
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct Need {
    pub application: String,
    /// `bad`, `warn` or `run`.
    pub state: &'static str,
    /// What is the matter, in one sentence.
    pub sentence: String,
    /// Why; may be empty.
    pub cause: String,
    /// The newest commit that was brought to it, when and whose.
    pub commit: Option<CommitId>,
    pub since: Option<Timestamp>,
    pub author: String,
    /// What can be done, or looked at.
    pub actions: Vec<Offer>,
}

/// A page that helps.
#[derive(Debug, Serialize)]
pub struct Offer {
    pub label: &'static str,
    pub page: String,
}

/// What suspending or resuming an application would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pausing {
    pub application: String,
    /// Whether it can be done here: Git may say otherwise, or there may be nothing to resume.
    pub possible: bool,
    pub sentence: String,
    pub effects: Vec<Effect>,
    /// The same on the command line, and in Git.
    pub by_hand: String,
    pub in_git: String,
}

/// One thing that happens, or that does not.
#[derive(Debug, Serialize)]
pub struct Effect {
    pub text: String,
    pub more: String,
    /// Where to look at it; empty for nowhere.
    pub page: String,
}

impl Pausing {
    pub(in crate::web) fn of(application: &str, view: suspend::View) -> Self {
        let effect = |effect: suspend::Effect| Effect {
            text: effect.text,
            more: effect.more,
            page: effect.href,
        };
        Self {
            application: application.to_owned(),
            possible: !view.button.is_empty(),
            sentence: view.sentence,
            effects: view.effects.into_iter().map(effect).collect(),
            by_hand: view.by_hand,
            in_git: view.in_git,
        }
    }
}

impl Needs {
    pub(in crate::web) fn of(attention: Attention) -> Self {
        Self {
            items: attention.items.into_iter().map(Need::of).collect(),
            more: attention.more,
        }
    }
}

impl Need {
    fn of(item: Item) -> Self {
        let offer = |(label, page)| Offer { label, page };
        Self {
            sentence: format!("{} {}", item.name, item.what),
            application: item.name,
            state: item.tone.as_str(),
            cause: item.why,
            commit: item.commit.map(|chip| chip.id),
            since: item.when.map(|when| when.at),
            author: item.author,
            actions: item.actions.into_iter().map(offer).collect(),
        }
    }
}

/// What a rollout will do next, or what came of it.
#[derive(Debug, Serialize)]
pub struct Coming {
    pub heading: &'static str,
    pub items: Vec<ComingItem>,
}

/// One sentence.
#[derive(Debug, Serialize)]
pub struct ComingItem {
    /// When; absent where it has a name instead.
    pub at: Option<Timestamp>,
    pub name: String,
    pub text: String,
}

impl Coming {
    pub(in crate::web) fn of(next: Next) -> Self {
        let items = next.items.into_iter().map(|item| ComingItem {
            at: item.at.map(|when| when.at),
            name: item.name,
            text: item.text,
        });
        Self {
            heading: next.heading,
            items: items.collect(),
        }
    }
}

/// What going back would do and take.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackPage {
    #[serde(flatten)]
    pub preview: RollbackPreview,
    /// The branch that it is pushed to.
    pub branch: String,
    /// As whom.
    pub author: String,
    /// How long it is likely to take, and how that is known.
    pub takes: String,
    pub takes_why: String,
    /// The git command that does the same.
    pub by_hand: String,
}

impl RollbackPage {
    pub(in crate::web) fn of(
        preview: RollbackPreview,
        view: View,
        branch: String,
        author: String,
    ) -> Self {
        Self {
            preview,
            branch,
            author,
            takes: view.takes,
            takes_why: view.takes_why,
            by_hand: view.by_hand,
        }
    }
}
