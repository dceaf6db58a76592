//! What is not merged yet, and how far it would reach.

mod conflict;

use askama::Template;
use jiff::Timestamp;

use engine::radius::Demand;

use super::commit::chip;
use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::graph::app_href;
use super::planned;
use super::time::When;
use super::truth::sentence;
use crate::forge::{Change, Touched, Verdict};
use crate::githost::hosted::CLUSTER;
use crate::service::RepositoryView;
use conflict::{InTheWay, in_the_way};

/// Lines of one application's plan.
const LINES: usize = 400;

/// One of many.
#[derive(Debug)]
pub(crate) struct Row {
    pub branch: String,
    pub href: String,
    /// Empty for the cluster repository.
    pub repository: String,
    /// Whether what it is planned against has moved since.
    pub is_stale: bool,
    pub subject: String,
    pub author: String,
    pub state: State,
    pub summary: String,
    pub planned: When,
}

/// One change with everything that it would do.
#[derive(Debug)]
pub(crate) struct One {
    pub row: Row,
    pub commit: CommitChip,
    pub base: CommitChip,
    pub problems: String,
    pub conflict: Option<InTheWay>,
    /// Figure, what it is, and a word on it.
    pub blast: Vec<(String, &'static str, String)>,
    /// Pods that no node has room for.
    pub shortages: Vec<String>,
    pub applications: Vec<Application>,
    pub unchanged: usize,
    pub untold: String,
    pub by_hand: String,
}

impl One {
    /// Whether there is a plan, if only one of before.
    pub(crate) fn is_planned(&self) -> bool {
        let earlier = self.conflict.as_ref().map(|it| it.earlier.is_some());
        earlier.unwrap_or(self.problems.is_empty())
    }
}

/// One application.
#[derive(Debug)]
pub(crate) struct Application {
    pub name: String,
    pub href: String,
    pub counts: String,
    pub lines: Vec<(&'static str, String)>,
    pub hidden: usize,
    /// How far it reaches.
    pub reach: Vec<String>,
}

pub(crate) fn href(change: &Change) -> String {
    let branch: Vec<String> = change.branch.split('/').map(encoded).collect();
    let path = format!("/changes/{}", branch.join("/"));
    if change.repository == CLUSTER {
        path
    } else {
        format!("{path}?repository={}", encoded(&change.repository))
    }
}

/// All of them, as a table.
#[derive(Debug, Template)]
#[template(path = "changes/rows.html")]
pub(crate) struct Rows {
    pub rows: Vec<Row>,
    /// The repositories whose branches cannot be read: nothing is known of what is in them.
    pub unread: Vec<String>,
}

/// Those of which nothing can be read, of one or of all.
pub(crate) fn unread(repositories: &[RepositoryView], repository: &str) -> Vec<String> {
    let asked = |it: &&RepositoryView| repository.is_empty() || it.name == repository;
    let unread = repositories.iter().filter(asked);
    let unread = unread.filter(|it| it.is_unread());
    unread.map(|it| it.name.clone()).collect()
}

/// What of one change moves with it.
#[derive(Debug, Template)]
#[template(path = "changes/one.html")]
pub(crate) struct Page {
    pub view: One,
}

/// Whether a plan is about what is not so any more: the branch moved, or what it goes into.
pub(crate) fn is_stale(change: &Change, repositories: &[RepositoryView]) -> bool {
    let own = repositories.iter().find(|it| it.name == change.repository);
    let head = |name: &str| {
        let branches = own.map(|it| it.branches.as_slice()).unwrap_or_default();
        let found = branches.iter().find(|it| it.name == name);
        found.map(|it| &it.commit)
    };
    let followed = own.map(|it| it.followed.as_str()).unwrap_or_default();
    let moved = head(&change.branch).is_some_and(|head| *head != change.revision);
    moved || head(followed).is_some_and(|head| *head != change.base)
}

pub(crate) fn row(change: &Change, now: Timestamp) -> Row {
    Row {
        branch: change.branch.clone(),
        href: href(change),
        repository: if change.repository == CLUSTER {
            String::new()
        } else {
            change.repository.clone()
        },
        is_stale: false,
        subject: change.report.subject.clone(),
        author: change.report.author.clone(),
        state: match change.verdict {
            Verdict::Passed => State::new(Tone::Ok, "ok", "Can be merged"),
            Verdict::Refused if change.report.conflict.is_some() => {
                State::new(Tone::Bad, "ne", "Conflicts")
            }
            Verdict::Refused => State::new(Tone::Bad, "bad", "Would be refused"),
            Verdict::Unknown => State::new(Tone::Unknown, "unk", "Not known"),
        },
        summary: summary(change),
        planned: When::ago(change.planned_at, now),
    }
}

/// What it would do, or why it would be refused; the verdict stands beside it.
fn summary(change: &Change) -> String {
    match change.verdict {
        Verdict::Refused => sentence(change.report.problems.lines().next().unwrap_or_default()),
        _ => change.summary(),
    }
}

pub(crate) fn one(change: &Change, now: Timestamp) -> One {
    One {
        row: row(change, now),
        commit: chip(&change.revision).aside(),
        base: chip(&change.base),
        problems: change.report.problems.clone(),
        conflict: change
            .report
            .conflict
            .as_ref()
            .map(|conflict| in_the_way(change, conflict, now)),
        blast: blast(change),
        shortages: change.report.demand.shortages(),
        applications: change.report.applications.iter().map(application).collect(),
        unchanged: change.report.unchanged,
        untold: change.report.untold.clone(),
        by_hand: if change.repository == CLUSTER {
            format!("kedge plan {}", change.branch)
        } else {
            format!("kedge plan {} --repo {}", change.branch, change.repository)
        },
    }
}

/// What would happen besides, in six figures.
pub(crate) fn blast(change: &Change) -> Vec<(String, &'static str, String)> {
    let all = &change.report.applications;
    let restarts = || all.iter().flat_map(|it| &it.radius.restarts);
    let pods: u64 = restarts().map(|it| it.pods).sum();
    let away: u64 = restarts().map(|it| it.away).sum();
    let deleted: usize = all.iter().map(|it| it.counts.delete).sum();
    let uses = all.iter().flat_map(|it| &it.radius.uses);
    let contents = all.iter().flat_map(|it| &it.radius.contents);
    let mut reached: Vec<&str> = uses
        .map(|it| it.application.as_str())
        .chain(contents.map(|it| it.application.as_str()))
        .filter(|name| !name.is_empty() && all.iter().all(|own| own.name != *name))
        .collect();
    reached.sort_unstable();
    reached.dedup();
    let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
    vec![
        (
            all.len().to_string(),
            "Applications changed",
            names.join(", "),
        ),
        (
            pods.to_string(),
            "Pods restarted",
            workloads(restarts().count(), restarts().map(|it| it.added).sum()),
        ),
        (
            away.to_string(),
            "Missing meanwhile",
            "at the same time, at most".into(),
        ),
        (
            reached.len().to_string(),
            "Others reached",
            reached.join(", "),
        ),
        (deleted.to_string(), "Objects deleted", kept_for_good(all)),
        room(&change.report.demand),
    ]
}

/// What a revert does not bring back.
fn kept_for_good(all: &[Touched]) -> String {
    let losses: usize = all.iter().map(|it| it.radius.losses.len()).sum();
    match losses {
        0 => "everything comes back with a revert".into(),
        1 => "1 thing cannot be undone".into(),
        many => format!("{many} things cannot be undone"),
    }
}

/// Pods without a node, and what is asked for.
fn room(demand: &Demand) -> (String, &'static str, String) {
    let pods: u64 = demand.unplaced.iter().map(|it| it.pods).sum();
    (
        pods.to_string(),
        "Pods without room",
        demand.asked().unwrap_or_default(),
    )
}

fn workloads(count: usize, added: u64) -> String {
    let of = match count {
        0 => String::new(),
        1 => "of 1 workload".into(),
        many => format!("of {many} workloads"),
    };
    match added {
        0 => of,
        more => format!("{of}, {more} more begin"),
    }
}

fn application(it: &Touched) -> Application {
    Application {
        name: it.name.clone(),
        href: app_href(&it.name),
        counts: if it.removed {
            "would be removed".into()
        } else {
            it.counts.to_string()
        },
        lines: planned::lines(&it.lines, LINES),
        hidden: it.lines.len().saturating_sub(LINES),
        reach: it.radius.lines(),
    }
}
