//! The repositories: where they are, what was read of them, what is wrong.

use askama::Template;
use jiff::Timestamp;

use super::commit;
use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::graph::app_href;
use super::time::When;
use crate::githost::hosted::{CLUSTER, Direction};
use crate::service::RepositoryView;
use crate::web::webhook::Webhook;

/// One of many.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: String,
    pub href: String,
    pub place: String,
    pub state: State,
    pub error: String,
    /// How many; `?` where they cannot be read.
    pub branches: String,
    pub applications: usize,
    pub fetched: Option<When>,
}

/// Everything about one.
#[derive(Debug)]
pub(crate) struct One {
    pub row: Row,
    pub clone: String,
    /// Whether it cannot be read.
    pub is_unread: bool,
    pub branches: Vec<(String, CommitChip, String)>,
    /// How many branches there are besides.
    pub more: usize,
    pub followed: String,
    pub applications: Vec<(String, String)>,
    pub mirrors: Vec<Mirror>,
    pub rules: Vec<Rule>,
    pub told: Option<When>,
    pub webhook: Option<Hook>,
    /// Whether it is of the past: what was not kept is not shown.
    pub is_then: bool,
    pub is_hosted: bool,
}

/// Whether a forge tells of news, and what came of it.
#[derive(Debug)]
pub(crate) struct Hook {
    pub state: State,
    /// Forge, when, and what it was told.
    pub last: Option<(String, When, String)>,
    /// Why the last message was refused, when, and how many were.
    pub refused: Option<(String, When, u64)>,
}

/// A mirror and how it is.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub direction: &'static str,
    pub url: String,
    pub state: State,
    pub error: String,
    pub synced: Option<When>,
}

/// What may be done to which refs.
#[derive(Debug)]
pub(crate) struct Rule {
    pub pattern: String,
    pub may: String,
    pub who: String,
}

/// The name as a part of an address: an URL has slashes.
pub(crate) fn slug(view: &RepositoryView) -> String {
    let name = view
        .name
        .split_once("://")
        .map_or(view.name.as_str(), |(_, rest)| rest);
    name.replace(['/', ':', '@'], "-")
}

/// All of them, as a table.
#[derive(Debug, Template)]
#[template(path = "repos/rows.html")]
pub(crate) struct Rows {
    pub rows: Vec<Row>,
}

/// What of one repository moves with it.
#[derive(Debug, Template)]
#[template(path = "repos/one.html")]
pub(crate) struct Page {
    pub view: One,
}

pub(crate) fn row(view: &RepositoryView, now: Timestamp) -> Row {
    let is_hosted = !view.clone_url.is_empty();
    let failing = view.mirrors.iter().any(|mirror| !mirror.error.is_empty());
    Row {
        name: view.name.clone(),
        href: format!("/repos/{}", encoded(&slug(view))),
        place: if is_hosted {
            "hosted here".into()
        } else {
            view.url.clone()
        },
        state: match (view.error.is_empty(), failing) {
            (false, _) => State::new(Tone::Bad, "bad", "Not followed"),
            (true, true) => State::new(Tone::Warn, "warn", "A mirror fails"),
            (true, false) => State::new(Tone::Ok, "ok", "Followed"),
        },
        error: view.error.clone(),
        branches: if view.is_unread() {
            "?".into()
        } else {
            view.branch_count.to_string()
        },
        applications: view.applications.len(),
        fetched: view.fetched_at.map(|at| When::ago(at, now)),
    }
}

pub(crate) fn one(view: &RepositoryView, now: Timestamp) -> One {
    let mut heads = view.branches.iter();
    let followed = heads.find(|it| it.name == view.followed);
    let branches = view.branches.iter().map(|head| {
        let chip = CommitChip::new(&head.commit, commit::href(&head.commit));
        // What is followed already has nothing left to do, and nobody plans what nobody reads.
        let is_there = followed.is_some_and(|it| it.commit == head.commit);
        if is_there || (view.followed.is_empty() && view.applications.is_empty()) {
            return (head.name.clone(), chip, String::new());
        }
        let plan = format!(
            "/changes/{}{}",
            head.name
                .split('/')
                .map(encoded)
                .collect::<Vec<_>>()
                .join("/"),
            if view.name == CLUSTER {
                String::new()
            } else {
                format!("?repository={}", encoded(&view.name))
            }
        );
        (head.name.clone(), chip, plan)
    });
    let names = view.applications.iter();
    One {
        row: row(view, now),
        clone: view.clone_url.clone(),
        is_unread: view.is_unread(),
        branches: branches.collect(),
        more: view.branch_count.saturating_sub(view.branches.len()),
        followed: view.followed.clone(),
        applications: names.map(|name| (name.clone(), app_href(name))).collect(),
        mirrors: view.mirrors.iter().map(|it| mirror(it, now)).collect(),
        rules: view.rules.iter().map(rule).collect(),
        told: view.told_at.map(|at| When::ago(at, now)),
        webhook: view.webhook.as_ref().map(|it| hook(it, now)),
        is_hosted: !view.clone_url.is_empty(),
        is_then: false,
    }
}

fn hook(webhook: &Webhook, now: Timestamp) -> Hook {
    let ago = |at| When::ago(at, now);
    let state = match (&webhook.last, &webhook.refused) {
        (Some(_), None) => State::new(Tone::Ok, "ok", "Set up"),
        (Some(_), Some(_)) => State::new(Tone::Warn, "warn", "Set up, and something is refused"),
        (None, Some(_)) => State::new(Tone::Warn, "warn", "Nothing accepted"),
        (None, None) => State::new(Tone::Unknown, "unk", "Nothing was sent"),
    };
    let last = webhook.last.as_ref();
    let refused = webhook.refused.as_ref();
    Hook {
        state,
        last: last.map(|it| (it.forge.clone(), ago(it.at), it.outcome.clone())),
        refused: refused.map(|it| (it.why.clone(), ago(it.at), it.count)),
    }
}

fn mirror(mirror: &crate::githost::hosted::Mirror, now: Timestamp) -> Mirror {
    Mirror {
        direction: match mirror.direction {
            Direction::To => "to",
            Direction::From => "from",
        },
        url: mirror.url.clone(),
        state: if mirror.error.is_empty() {
            State::new(Tone::Ok, "eq", "The same")
        } else {
            State::new(
                Tone::Bad,
                "bad",
                format!("Failed {} times", mirror.failures),
            )
        },
        error: mirror.error.clone(),
        synced: mirror.synced_at.map(|at| When::ago(at, now)),
    }
}

fn rule(rule: &crate::githost::rule::Rule) -> Rule {
    let may = match (rule.allow_force, rule.allow_deletion) {
        (false, false) => "no rewriting, no deletion",
        (true, false) => "rewriting, no deletion",
        (false, true) => "deletion, no rewriting",
        (true, true) => "rewriting and deletion",
    };
    Rule {
        pattern: rule.pattern.clone(),
        may: may.into(),
        who: if rule.pushers.is_empty() {
            "whoever may write".into()
        } else {
            rule.pushers.join(", ")
        },
    }
}
