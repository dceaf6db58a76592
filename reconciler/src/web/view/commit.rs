//! One commit: who made it, what it did, whether that was proven.

use std::collections::BTreeSet;

use askama::Template;
use jiff::Timestamp;

use engine::rollout::{CommitId, RolloutPhase};

use super::changes;
use super::component::{CommitChip, Icon, State, encoded};
use super::graph::app_href;
use super::time::{When, took};
use crate::forge::Change;
use crate::history::{Push, Rollout};
use crate::service::{CommitView, Signature};

/// Subject, people, times.
#[derive(Debug, Template)]
#[template(path = "commit/head.html")]
pub(crate) struct Head {
    pub subject: String,
    pub short: String,
    /// The commits that it reverts.
    pub undoes: Vec<CommitChip>,
    pub author: String,
    pub when: Option<When>,
    /// Address of the cluster as the commit left it; empty while it is on its way.
    pub then: String,
}

/// What it did, application by application.
#[derive(Debug, Template)]
#[template(path = "commit/rollouts.html")]
pub(crate) struct Rollouts {
    pub rows: Vec<Row>,
    /// Why there are none.
    pub nothing: &'static str,
    /// The branch whose newest commit it is, as long as that is not merged, and its page.
    pub branch: Option<(String, String)>,
}

/// One rollout.
#[derive(Debug)]
pub(crate) struct Row {
    pub application: String,
    pub application_href: String,
    pub name: String,
    pub href: String,
    pub state: State,
    pub when: When,
    pub took: String,
    /// Address of the proof; empty where there is none.
    pub proof: String,
}

/// What an entry says.
#[derive(Debug)]
pub(crate) enum Fact {
    Text(String),
    Moment(When),
}

/// Everything else there is to say about it.
#[derive(Debug, Template)]
#[template(path = "commit/facts.html")]
pub(crate) struct Facts {
    pub id: String,
    pub body: String,
    pub parents: Vec<CommitChip>,
    /// What was brought to the cluster after it.
    pub next: Option<CommitChip>,
    pub entries: Vec<(&'static str, Fact)>,
    /// As the pusher was told.
    pub report: Vec<String>,
}

/// Commits that are named where several are meant.
const CANDIDATES: usize = 10;

/// Where a commit's own page is.
pub(crate) fn href(id: &CommitId) -> String {
    format!("/commits/{}", encoded(&canonical(id)))
}

/// Twelve characters name a commit in an address; of several sources, the first one's.
pub(crate) fn canonical(id: &CommitId) -> String {
    let first = id.parts().into_iter().next().unwrap_or_default();
    first.0.get(..12).unwrap_or(&first.0).to_owned()
}

/// A beginning that several commits have, with which they are.
pub(crate) fn ambiguous(beginning: &str, commits: &BTreeSet<CommitId>) -> String {
    let named: Vec<String> = commits.iter().take(CANDIDATES).map(canonical).collect();
    let more = commits.len() - named.len();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "{beginning} is the beginning of several commits: {}{more}",
        named.join(", ")
    )
}

/// Where a rollout's proof is.
pub(crate) fn proof(rollout: &Rollout) -> String {
    let revision = encoded(&rollout.revision.0);
    format!("/proofs/{revision}/{}", encoded(&rollout.application))
}

/// A commit with the way to its own page.
pub(crate) fn chip(id: &CommitId) -> CommitChip {
    CommitChip::new(id, href(id))
}

pub(crate) fn head(
    id: &CommitId,
    known: Option<&CommitView>,
    rollouts: &[Rollout],
    now: Timestamp,
) -> Head {
    let (subject, author, when) = match (known, rollouts.first()) {
        (Some(known), _) => (
            known.commit.subject().to_owned(),
            known.commit.author.to_string(),
            Some(known.commit.committed_at),
        ),
        (None, Some(rollout)) => (
            rollout.subject().to_owned(),
            rollout.author.to_string(),
            Some(rollout.started_at),
        ),
        (None, None) => (id.short().to_owned(), String::new(), None),
    };
    let message = match (known, rollouts.first()) {
        (Some(known), _) => known.commit.message.as_str(),
        (None, Some(rollout)) => rollout.commit_message.as_str(),
        (None, None) => "",
    };
    let is_done = !rollouts.is_empty() && rollouts.iter().all(|it| it.finished_at.is_some());
    Head {
        subject,
        short: id.short().to_owned(),
        undoes: undone(message),
        author,
        when: when.map(|at| When::ago(at, now)),
        then: if is_done {
            format!("/apps?at={}", encoded(&id.0))
        } else {
            String::new()
        },
    }
}

/// The commits that the message says are undone, whoever reverted them.
fn undone(message: &str) -> Vec<CommitChip> {
    let reverts = engine::rollout::rollback(message).map(|it| it.reverts);
    reverts.unwrap_or_default().iter().map(chip).collect()
}

/// `unmerged`: the branch that it is the newest commit of.
pub(crate) fn rollouts(all: &[Rollout], unmerged: Option<&Change>, now: Timestamp) -> Rollouts {
    Rollouts {
        rows: all.iter().map(|rollout| row(rollout, now)).collect(),
        nothing: match unmerged {
            Some(_) => "It is not merged, and was brought to no application. See what it would do:",
            None => {
                "It was brought to no application: nothing that is followed asks for \
                     something else since."
            }
        },
        branch: unmerged.map(|change| (change.branch.clone(), changes::href(change))),
    }
}

fn row(rollout: &Rollout, now: Timestamp) -> Row {
    let end = rollout.finished_at.unwrap_or(now);
    let whole = !rollout.options.is_partial();
    let is_proven = whole && rollout.phase == RolloutPhase::Succeeded;
    Row {
        application: rollout.application.clone(),
        application_href: app_href(&rollout.application),
        name: format!("Rollout {}", rollout.number),
        href: format!("/rollouts/{}", encoded(&rollout.id)),
        state: State::rollout(rollout),
        when: When::ago(rollout.started_at, now),
        took: took(rollout.started_at.duration_until(end)),
        proof: if is_proven {
            proof(rollout)
        } else {
            String::new()
        },
    }
}

/// The first commit that some application went to from this one. `rollouts` newest first.
pub(crate) fn next(id: &CommitId, rollouts: &[Rollout]) -> Option<CommitId> {
    let is_it = |commit: &CommitId| commit.parts().first() == Some(id);
    let mut oldest = rollouts.iter().rev();
    let next = oldest.find(|it| is_it(&it.previous) && !is_it(&it.revision))?;
    next.revision.parts().into_iter().next()
}

pub(crate) fn facts(
    id: &CommitId,
    known: Option<&CommitView>,
    push: Option<&Push>,
    rollouts: &[Rollout],
    next: Option<&CommitId>,
) -> Facts {
    let message = match (known, rollouts.first()) {
        (Some(known), _) => known.commit.message.as_str(),
        (None, Some(rollout)) => rollout.commit_message.as_str(),
        (None, None) => "",
    };
    let body = message.split_once('\n').map_or("", |(_, body)| body).trim();
    let mut entries = Vec::new();
    let (text, moment) = (Fact::Text, |at| Fact::Moment(When::full(at)));
    if let Some(known) = known {
        entries.push(("Author", text(known.commit.author.to_string())));
        entries.push(("Authored", moment(known.commit.authored_at)));
        entries.push(("Committed", moment(known.commit.committed_at)));
        entries.push(("Signature", text(signature(&known.signature))));
    }
    if let Some(push) = push {
        if !push.pusher.is_empty() {
            entries.push(("Pushed by", text(push.pusher.clone())));
        }
        entries.push(("Received", moment(push.received_at)));
        entries.push(("How", text(push.trigger.as_str().to_owned())));
        entries.push(("Verdict", text(push.verdict.as_str().to_owned())));
    }
    let parents = known.map(|known| known.commit.parents.as_slice());
    let parents = parents.unwrap_or_default().iter();
    Facts {
        id: id.0.clone(),
        body: body.to_owned(),
        parents: parents.map(chip).collect(),
        next: next.map(chip),
        entries,
        report: push
            .map(|push| push.report.lines().map(ToOwned::to_owned).collect())
            .unwrap_or_default(),
    }
}

/// For people, in one clause.
pub(crate) fn signature(signature: &Signature) -> String {
    match signature {
        Signature::Missing => "none".into(),
        Signature::Unchecked => "there is one; no keys are trusted here to check it with".into(),
        Signature::Trusted(who) => format!("by {who}, with a trusted key"),
        Signature::Refused(why) => format!("not trusted: {why}"),
        Signature::Unknown(why) => format!("cannot be read: {why}"),
    }
}
