//! One application: its title, its truth, its conditions, what it consists of, what was last
//! done to it.

use std::collections::BTreeSet;

use askama::Template;
use jiff::Timestamp;

use engine::health::{Fault, silent_node};
use engine::rollout::{CommitId, RolloutPhase, SyncStatus};

use super::component::{CommitChip, Icon, State, Tone, encoded};
use super::facts::{Facts, undone};
use super::graph;
use super::proven::Proof;
use super::time::{When, took};
use super::tree::Node;
use crate::history::Rollout;

/// Name, state, where it comes from, what can be done.
#[derive(Debug, Template)]
#[template(path = "app/head.html")]
pub(crate) struct Head {
    pub name: String,
    pub href: String,
    pub health: State,
    pub sync: State,
    pub path: String,
    pub tracks: String,
    /// The commit of the last rollout that converged.
    pub live: Option<CommitChip>,
    /// A newer one that asks for the same.
    pub same_as: Option<CommitChip>,
    pub going_to: Option<CommitChip>,
    pub removed: Option<When>,
    /// Label and address of the newest rollout.
    pub rollout: Option<(String, String)>,
    /// Address of its newest proof; empty where none was made.
    pub proof: String,
    /// Addresses of the pages that leave it alone, and that follow it again; empty where that is
    /// not to be done.
    pub suspend: String,
    pub resume: String,
    /// Address of the page that undoes the newest rollout; empty where there is nothing to undo.
    pub rollback: String,
}

/// The same of one that was removed.
#[derive(Debug, Template)]
#[template(path = "app/gone.html")]
pub(crate) struct Removed {
    pub name: String,
    pub at: When,
}

/// The pages of one application.
#[derive(Debug, Template)]
#[template(path = "app/tabs.html")]
pub(crate) struct Tabs {
    pub name: String,
    /// Label, address, whether it is the current one.
    pub tabs: Vec<(&'static str, String, bool)>,
}

/// The page's one sentence. Nothing when all is well.
#[derive(Debug, Template)]
#[template(path = "app/truth.html")]
pub(crate) struct Truth {
    pub tone: Option<Tone>,
    pub icon: Icon,
    pub heading: String,
    pub details: String,
    pub since: Option<When>,
    pub until: Option<When>,
    pub then: String,
    /// Label and address.
    pub actions: Vec<(&'static str, String)>,
}

/// Names and values.
#[derive(Debug, Template)]
#[template(path = "app/summary.html")]
pub(crate) struct Summary {
    pub proof: Proof,
    pub entries: Vec<(&'static str, String)>,
    /// Name, value and the address of its page.
    pub linked: Vec<(&'static str, String, String)>,
}

impl Summary {
    pub(crate) fn of(entries: Vec<(&'static str, String)>) -> Self {
        Self {
            proof: Proof::default(),
            entries,
            linked: Vec::new(),
        }
    }
}

/// The newest rollouts.
#[derive(Debug, Template)]
#[template(path = "app/rollouts.html")]
pub(crate) struct Recent {
    pub history: String,
    pub rows: Vec<RecentRow>,
}

/// One rollout.
#[derive(Debug)]
pub(crate) struct RecentRow {
    pub number: i64,
    pub href: String,
    pub state: State,
    pub commit: CommitChip,
    pub subject: String,
    pub undoes: String,
    pub author: String,
    pub when: When,
}

pub(crate) fn head(facts: &Facts, now: Timestamp) -> Head {
    let last = facts.last.as_ref();
    let href = |rollout: &Rollout| format!("/rollouts/{}", encoded(&rollout.id));
    let live = facts.live();
    let chip = |id: &CommitId| CommitChip::new(id, super::commit::href(id));
    let base = graph::app_href(&facts.name);
    let is_there = facts.removed_at.is_none();
    let page = |name: &str, is: bool| {
        let there = (is && is_there).then(|| format!("{base}/{name}"));
        there.unwrap_or_default()
    };
    Head {
        proof: if facts.applied.0.is_empty() {
            String::new()
        } else {
            format!("/proofs/newest/{}", encoded(&facts.name))
        },
        suspend: page("suspend", facts.suspended().is_none()),
        resume: page("resume", facts.resumes()),
        name: facts.name.clone(),
        href: graph::app_href(&facts.name),
        health: State::health(facts.state()),
        sync: State::sync(facts.sync),
        path: facts.path().to_owned(),
        tracks: facts.tracks.clone(),
        live: (!live.0.is_empty()).then(|| chip(&live)),
        going_to: facts.running().map(|running| chip(&running.revision)),
        same_as: Some(&facts.applied)
            .filter(|it| !it.0.is_empty() && **it != live && facts.running().is_none())
            .map(chip),
        removed: facts.removed_at.map(|at| When::ago(at, now)),
        rollout: last.map(|last| (format!("Rollout {}", last.number), href(last))),
        rollback: last
            .filter(|last| can_undo(last))
            .map(|last| format!("{}/rollback", href(last)))
            .unwrap_or_default(),
    }
}

/// Whether there is something before this rollout to go back to.
pub(crate) fn can_undo(rollout: &Rollout) -> bool {
    !rollout.previous.0.is_empty()
        && rollout.previous != rollout.revision
        && !rollout.same_as_previous
        && rollout.phase != RolloutPhase::Superseded
        && rollout.taken_back.is_none()
}

pub(crate) fn tabs(name: &str, current: &str) -> Tabs {
    let base = graph::app_href(name);
    let tab = |label: &'static str, path: &str| {
        let href = format!("{base}{path}");
        (label, href, label == current)
    };
    Tabs {
        name: name.into(),
        tabs: vec![
            tab("Overview", ""),
            tab("Diff", "/diff"),
            tab("History", "/history"),
            tab("Events", "/events"),
            tab("Logs", "/logs"),
            tab("Settings", "/settings"),
        ],
    }
}

pub(crate) fn truth(facts: &Facts, now: Timestamp) -> Truth {
    let concern = facts.concern();
    let told = facts.truth();
    Truth {
        tone: (concern >= Tone::Hold).then_some(concern),
        icon: Icon(match concern {
            Tone::Bad => "bad",
            Tone::Run => "run",
            Tone::Hold => "hold",
            Tone::Unknown => "unk",
            Tone::Ok => "ok",
            Tone::Warn => "warn",
        }),
        heading: told.heading,
        details: told.details,
        since: told.since.map(|at| When::ago(at, now)),
        until: told.until.map(When::clock),
        then: told.then,
        actions: actions(facts),
    }
}

/// The page that explains it, then what can be done.
fn actions(facts: &Facts) -> Vec<(&'static str, String)> {
    let base = graph::app_href(&facts.name);
    let mut actions = Vec::new();
    if facts.needs_why() {
        actions.push(("Why", format!("{base}/why")));
    }
    if facts.fault().is_some_and(|own| own.fault == Fault::NoRoom) {
        actions.push(("Why pending", "/nodes#pending".into()));
    }
    if silent_node(&facts.health_message).is_some() {
        let node = silent_node(&facts.health_message).unwrap_or_default();
        actions.push(("See the node", format!("/nodes/{}", encoded(node))));
    }
    match &facts.last {
        Some(last) if facts.running().is_some() || facts.held.is_some() => {
            actions.push(("What happened", format!("/rollouts/{}", encoded(&last.id))));
        }
        _ if facts.resumes() => actions.push(("Resume", format!("{base}/resume"))),
        _ if facts.asks() => actions.push(("Review and sync", facts.review())),
        _ if facts.health.is_settled_well() && facts.sync != SyncStatus::Synced => {
            actions.push(("See diff", format!("{base}/diff")));
        }
        _ => {}
    }
    actions
}

/// `SourceFetched` as `Source fetched`.
pub(crate) fn words(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut before = 'A';
    for character in name.chars() {
        if character.is_uppercase() && before.is_lowercase() {
            text.push(' ');
            text.extend(character.to_lowercase());
        } else {
            text.push(character);
        }
        before = character;
    }
    text
}

/// `forest` is what the application consists of, as far as that could be read; `uses` is empty
/// where that is not known.
pub(crate) fn summary(facts: &Facts, forest: &[Node], uses: String, proof: Proof) -> Summary {
    let mut entries = Vec::new();
    if let Some(application) = &facts.application {
        for source in application.sources() {
            if !source.repo.is_empty() {
                entries.push(("Repository", source.repo.clone()));
            }
            entries.push(("Path", source.path.clone()));
        }
        entries.push(namespaces(&application.target_namespace, forest));
        let policy = &application.policy;
        let mut does = Vec::new();
        does.push(if policy.automated {
            "converge by itself"
        } else {
            "wait for a sync"
        });
        does.push(if policy.self_heal {
            "heal drift"
        } else {
            "leave drift"
        });
        does.push(if policy.prune {
            "prune what left"
        } else {
            "keep what left"
        });
        entries.push(("Policy", does.join(", ")));
        entries.push(("Deadline", took(application.deadline)));
        if !application.depends_on.is_empty() {
            entries.push(("After", application.depends_on.join(", ")));
        }
    }
    entries.push(("Objects", facts.objects.to_string()));
    entries.extend((!uses.is_empty()).then_some(("Uses now", uses)));
    Summary {
        proof,
        ..Summary::of(entries)
    }
}

/// Where its objects are, or where they would be put.
fn namespaces(target: &str, forest: &[Node]) -> (&'static str, String) {
    let own = forest.iter().map(|node| node.key.namespace.as_str());
    let all: BTreeSet<&str> = own.filter(|namespace| !namespace.is_empty()).collect();
    let name = if all.len() > 1 {
        "Namespaces"
    } else {
        "Namespace"
    };
    let all: Vec<&str> = all.into_iter().collect();
    match all.as_slice() {
        [] => (name, target.to_owned()),
        all => (name, all.join(", ")),
    }
}

pub(crate) fn recent(name: &str, rollouts: &[Rollout], now: Timestamp) -> Recent {
    Recent {
        history: format!("{}/history", graph::app_href(name)),
        rows: rollouts.iter().map(|rollout| row(rollout, now)).collect(),
    }
}

fn row(rollout: &Rollout, now: Timestamp) -> RecentRow {
    let href = format!("/rollouts/{}", encoded(&rollout.id));
    RecentRow {
        number: rollout.number,
        state: State::rollout(rollout),
        commit: CommitChip::new(&rollout.revision, super::commit::href(&rollout.revision)),
        href,
        subject: rollout.subject().to_owned(),
        undoes: undone(rollout),
        author: rollout.by().name.clone(),
        when: When::ago(rollout.started_at, now),
    }
}
