//! The list of applications: what needs somebody first, then all of them.

use std::sync::Arc;

use askama::Template;
use jiff::Timestamp;

use api::Object;
use engine::HealthStatus;
use engine::health::Fault;
use engine::rollout::{RolloutPhase, SyncStatus};

use super::super::app::can_undo;
use super::super::commit;
use super::super::component::{CommitChip, Icon, State, Tone, encoded};
use super::super::facts::Facts;
use super::super::nothing::Nothing;
use super::super::proven::{self, Badge};
use super::super::spark::{Spark, spark};
use super::super::time::{When, took};
use super::Query;
use super::asked::asked;
use crate::history::Rollout;
use crate::usage::Used;

/// Rows on one page.
pub(crate) const ROWS: usize = 200;
/// Of those that need somebody, on the page; the filters lead to all of them.
const NEEDS: usize = 20;

/// The line below the title.
#[derive(Debug, Template)]
#[template(path = "apps/summary.html")]
pub(crate) struct Summary {
    pub text: String,
    pub proven: Option<Badge>,
}

/// How many applications are in each state.
#[derive(Debug, Template)]
#[template(path = "apps/filters.html")]
pub(crate) struct Filters {
    pub filters: Vec<Filter>,
}

/// A state with the number of applications in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub tone: Tone,
    pub icon: Option<Icon>,
    pub label: String,
    pub count: usize,
    pub href: String,
    pub current: bool,
}

/// See the spec's "Needs you".
#[derive(Debug, Template)]
#[template(path = "apps/attention.html")]
pub(crate) struct Attention {
    /// Empty while nothing needs anybody.
    pub heading: &'static str,
    pub items: Vec<Item>,
    /// How many more there are.
    pub more: usize,
    pub total: usize,
    pub all_well: String,
}

/// One application that needs somebody.
#[derive(Debug)]
pub(crate) struct Item {
    pub tone: Tone,
    pub icon: Icon,
    pub name: String,
    pub href: String,
    pub what: String,
    pub why: String,
    pub commit: Option<CommitChip>,
    pub when: Option<When>,
    pub author: String,
    /// Label and address.
    pub actions: Vec<(&'static str, String)>,
}

/// All applications that are asked for.
#[derive(Debug, Template)]
#[template(path = "apps/table.html")]
pub(crate) struct Table {
    pub rows: Vec<Row>,
    /// By name, by health, by when they converged: the addresses, and which one it is.
    pub sorts: [(&'static str, String); 3],
    pub sort: &'static str,
    /// `201 to 400 of 1000`; empty where all are here.
    pub part: String,
    /// Addresses of the pages around; empty where there is none.
    pub before: String,
    pub after: String,
    /// Heading, sentence and command for when there are no rows.
    pub empty: (&'static str, Nothing, String),
}

/// One application.
#[derive(Debug)]
pub(crate) struct Row {
    pub name: String,
    pub href: String,
    pub path: String,
    pub health: State,
    pub sync: State,
    pub commit: Option<CommitChip>,
    pub subject: String,
    /// How the newest rollout stands, unless it converged.
    pub outcome: Option<State>,
    pub converged: Option<When>,
    /// Address of the proof of it; empty where there is none.
    pub proof: String,
    pub took: String,
    pub objects: String,
    /// The CPU of a day; `None` where it was not measured.
    pub spark: Option<Spark>,
}

pub(crate) fn summary(all: &[Facts]) -> Summary {
    let is_synced = |facts: &&Facts| facts.sync == SyncStatus::Synced;
    let synced = all.iter().filter(is_synced).count();
    let matches = match (all.len(), synced) {
        (0, _) => "None yet".into(),
        (1, 1) => "1 in Git, and it matches".into(),
        (total, synced) if total == synced => format!("{total} in Git, all of them match"),
        (total, 0) => format!("{total} in Git, none of them matches"),
        (total, synced) => format!("{total} in Git, {synced} of them match"),
    };
    // What is wrong comes first: matching Git is not being well.
    let unwell = [
        HealthStatus::Degraded,
        HealthStatus::Missing,
        HealthStatus::Progressing,
    ];
    let parts = unwell.into_iter().filter_map(|health| {
        let count = all.iter().filter(|facts| facts.health == health).count();
        (count > 0).then(|| format!("{count} {}", health.as_str()))
    });
    let unwell: Vec<String> = parts.collect();
    Summary {
        proven: proven::of_all(all),
        text: if unwell.is_empty() {
            matches
        } else {
            format!("{}; {matches}", unwell.join(", "))
        },
    }
}

pub(crate) fn filters(all: &[Facts], query: &Query) -> Filters {
    let found: Vec<&Facts> = all.iter().filter(|facts| query.finds(facts)).collect();
    let count =
        |wanted: &dyn Fn(&Facts) -> bool| found.iter().filter(|facts| wanted(facts)).count();
    let mut filters = vec![Filter {
        tone: Tone::Unknown,
        icon: None,
        label: "All".into(),
        count: found.len(),
        href: query.state(None),
        current: query.health.is_empty() && query.sync.is_empty(),
    }];
    let healths = [
        HealthStatus::Degraded,
        HealthStatus::Missing,
        HealthStatus::Unknown,
        HealthStatus::Progressing,
        HealthStatus::Suspended,
        HealthStatus::Healthy,
    ];
    for health in healths {
        let count = count(&|facts| facts.state() == health);
        let current = query.health.eq_ignore_ascii_case(health.as_str());
        if count > 0 || current {
            let state = State::health(health);
            filters.push(filter(state, count, ("health", query), current));
        }
    }
    let out = count(&|facts| facts.sync == SyncStatus::OutOfSync);
    let current = query.sync.eq_ignore_ascii_case("OutOfSync");
    if out > 0 || current {
        let state = State::sync(SyncStatus::OutOfSync);
        filters.insert(
            filters.len().min(2),
            filter(state, out, ("sync", query), current),
        );
    }
    Filters { filters }
}

fn filter(
    state: State,
    count: usize,
    (parameter, query): (&'static str, &Query),
    current: bool,
) -> Filter {
    Filter {
        tone: state.tone,
        icon: Some(state.icon),
        href: query.state(Some((parameter, &state.word.to_lowercase()))),
        label: state.word,
        count,
        current,
    }
}

/// The applications that need somebody, worst first.
/// `object` is asked for those alone that are told of: what they say of themselves is long to read.
pub(crate) fn attention(
    all: &[Facts],
    object: impl Fn(&str) -> Option<Arc<Object>>,
    now: Timestamp,
) -> Attention {
    let mut worst: Vec<&Facts> = all.iter().filter(|facts| !facts.is_well()).collect();
    worst.sort_by(|a, b| b.concern().cmp(&a.concern()).then(a.name.cmp(&b.name)));
    Attention {
        heading: match worst.first().map(|facts| facts.concern()) {
            Some(Tone::Warn | Tone::Bad) => "Needs you",
            Some(_) => "On the way",
            None => "",
        },
        more: worst.len().saturating_sub(NEEDS),
        items: worst
            .into_iter()
            .take(NEEDS)
            .map(|facts| match object(&facts.name) {
                Some(object) => item(&facts.clone().with(&object), now),
                None => item(facts, now),
            })
            .collect(),
        total: all.len(),
        all_well: match all.len() {
            1 => "The one application matches Git".into(),
            total => format!("All {total} applications match Git"),
        },
    }
}

fn item(facts: &Facts, now: Timestamp) -> Item {
    let told = facts.truth();
    let (heading, why) = (&told.heading, told.line());
    let what = heading.strip_prefix(&facts.name).map_or_else(
        || format!("- {heading}"),
        |rest| rest.trim_start().to_owned(),
    );
    let app = format!("/apps/{}", encoded(&facts.name));
    // What came about without a commit is nobody's who wrote one, nor is another try that of the
    // commit it happens to go with.
    let made_by_it = facts.running().is_some() || facts.held.is_some();
    let last = facts.last.as_deref().filter(|_| made_by_it);
    let cause = last.map(Rollout::first);
    Item {
        tone: facts.concern(),
        icon: match facts.concern() {
            Tone::Bad => Icon("bad"),
            Tone::Run => Icon("run"),
            _ if facts.sync == SyncStatus::OutOfSync => Icon("ne"),
            _ => Icon("warn"),
        },
        name: facts.name.clone(),
        href: app,
        what,
        why,
        commit: cause
            .as_ref()
            .map(|first| CommitChip::new(&first.revision, commit::href(&first.revision))),
        when: cause
            .as_ref()
            .map(|first| first.started_at)
            .or(told.since)
            .map(|at| When::ago(at, now)),
        author: cause.map(|first| first.author.name).unwrap_or_default(),
        actions: actions(facts),
    }
}

/// The page that explains it, then what can be done.
fn actions(facts: &Facts) -> Vec<(&'static str, String)> {
    let app = format!("/apps/{}", encoded(&facts.name));
    let mut actions = Vec::new();
    if facts.fault().is_some_and(|own| own.fault == Fault::NoRoom) {
        actions.push(("Why pending", "/nodes#pending".into()));
    } else if facts.needs_why() {
        actions.push(("Why", format!("{app}/why")));
    }
    let rollout = |id: &str| format!("/rollouts/{}", encoded(id));
    match &facts.last {
        Some(last) if facts.running().is_some() => actions.push(("Watch", rollout(&last.id))),
        Some(last) if facts.held.is_some() => {
            actions.push(("Compare", format!("{}/diff", rollout(&last.id))));
            if can_undo(last) {
                actions.push(("Roll back", format!("{}/rollback", rollout(&last.id))));
            }
        }
        _ if facts.sync == SyncStatus::OutOfSync => {
            actions.push(("See diff", format!("{app}/diff")));
            if facts.asks() {
                actions.push(("Review and sync", facts.review()));
            }
        }
        _ => {}
    }
    actions
}

/// The rows that `query` asks for, with what they use. `clone` is the address to clone the
/// repository from.
pub(crate) fn table(
    all: &[Facts],
    query: &Query,
    (push, used): (&str, &Used),
    now: Timestamp,
) -> Table {
    let mut asked: Vec<&Facts> = all.iter().filter(|facts| query.admits(facts)).collect();
    let converged = |facts: &Facts| facts.last.as_ref().and_then(|last| last.finished_at);
    match query.sort() {
        "health" => asked.sort_by_key(|facts| std::cmp::Reverse(facts.concern())),
        "recent" => asked.sort_by_key(|facts| std::cmp::Reverse(converged(facts))),
        _ => {}
    }
    let pages = asked.len().div_ceil(ROWS).max(1);
    let page = query.page().min(pages);
    let from = (page - 1) * ROWS;
    let to = (from + ROWS).min(asked.len());
    let empty = if all.is_empty() {
        let text = "An application is a file in apps/ of the repository. Commit one, and this push \
                    makes it an application.";
        ("No applications yet", Nothing::new(text), push.to_owned())
    } else {
        let nothing = query.nothing(all.len());
        ("No application is like that", nothing, String::new())
    };
    Table {
        rows: asked[from..to]
            .iter()
            .map(|facts| row(facts, used, now))
            .collect(),
        sorts: ["name", "health", "recent"].map(|sort| (sort, query.address(sort, 1))),
        sort: query.sort(),
        part: match pages {
            1 => String::new(),
            _ => format!("{} to {to} of {}", from + 1, asked.len()),
        },
        before: match page {
            1 => String::new(),
            _ => query.address(query.sort(), page - 1),
        },
        after: if page < pages {
            query.address(query.sort(), page + 1)
        } else {
            String::new()
        },
        empty,
    }
}

fn row(facts: &Facts, used: &Used, now: Timestamp) -> Row {
    let last = facts.last.as_deref();
    let converged = |last: &Rollout| last.phase == RolloutPhase::Succeeded;
    let good = last.is_some_and(|last| converged(last) && last.undone_at.is_none());
    let (commit, subject) = asked(last);
    Row {
        name: facts.name.clone(),
        href: format!("/apps/{}", encoded(&facts.name)),
        path: facts.path().to_owned(),
        health: State::health(facts.state()),
        sync: State::sync(facts.sync),
        commit,
        subject,
        outcome: last.filter(|_| !good).map(State::rollout),
        converged: last
            .filter(|_| good)
            .and_then(|last| last.finished_at)
            .map(|at| When::ago(at, now)),
        proof: last
            .filter(|last| good && last.undone_at.is_none() && !last.options.is_partial())
            .map(|last| {
                let commit = commit::canonical(&last.revision);
                format!("/proofs/{}/{}", encoded(&commit), encoded(&facts.name))
            })
            .unwrap_or_default(),
        took: last
            .map(|last| {
                let end = last.finished_at.unwrap_or(now);
                took(last.started_at.duration_until(end))
            })
            .unwrap_or_default(),
        objects: facts.objects.to_string(),
        spark: spark(used, &facts.name, now),
    }
}
