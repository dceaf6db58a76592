//! What a few letters find: applications, objects, pods, nodes, rollouts, branches, commits,
//! messages. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::{Object, resource};

use super::component::encoded;
use super::graph::app_href;
use super::object;
use crate::forge::Change;
use crate::history::{InventoryItem, Rollout};

/// Of one sort.
const MOST: usize = 20;
const APPLICATION: &str = "Application";

/// What is recorded that may be meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub applications: Vec<String>,
    pub objects: Vec<InventoryItem>,
    /// By commit, message or name.
    pub rollouts: Vec<Rollout>,
    /// Plans of branches, of whatever name.
    pub changes: Vec<Change>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// `Application`, `Rollout`, `Branch`, `Commit`, `Message`, or the kind of an object.
    pub sort: String,
    pub name: String,
    pub href: String,
    pub note: String,
    /// Whether it is exactly what was asked for.
    pub exact: bool,
}

/// Exact ones first, then by sort.
pub(crate) fn hits(wanted: &str, found: &Found, live: &[Arc<Object>]) -> Vec<Hit> {
    let wanted = wanted.to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut hits: Vec<Hit> = Vec::new();
    hits.extend(applications(&wanted, found));
    hits.extend(commits(&wanted, found));
    hits.extend(rollouts(&wanted, found));
    hits.extend(branches(&wanted, found));
    hits.extend(running(&wanted, live));
    hits.extend(objects(&wanted, found));
    hits.extend(messages(&wanted, found));
    hits.sort_by_key(|hit| !hit.exact);
    hits
}

/// The one thing that is exactly meant: an application before its objects, which nearly always have
/// its name too.
pub(crate) fn exact(hits: &[Hit]) -> Option<&Hit> {
    let is_application = |hit: &&Hit| hit.exact && hit.sort == APPLICATION;
    if let Some(application) = hits.iter().find(is_application) {
        return Some(application);
    }
    let mut exact = hits.iter().filter(|hit| hit.exact);
    let first = exact.next()?;
    exact.next().is_none().then_some(first)
}

fn applications(wanted: &str, found: &Found) -> Vec<Hit> {
    let all = found.applications.iter();
    let fitting = all.filter(|name| name.to_lowercase().contains(wanted));
    let hit = |name: &String| Hit {
        sort: APPLICATION.into(),
        name: name.clone(),
        href: app_href(name),
        note: String::new(),
        exact: name.eq_ignore_ascii_case(wanted),
    };
    fitting.take(MOST).map(hit).collect()
}

/// Seven digits of a hash are as good as all of them.
fn commits(wanted: &str, found: &Found) -> Vec<Hit> {
    let is_hash = wanted.len() >= 4 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash {
        return Vec::new();
    }
    let mut hits: Vec<Hit> = Vec::new();
    for rollout in &found.rollouts {
        let id = &rollout.revision;
        let is_known = hits.iter().any(|hit| hit.name == id.short());
        if id.0.starts_with(wanted) && !is_known {
            hits.push(Hit {
                sort: "Commit".into(),
                name: id.short().to_owned(),
                href: super::commit::href(id),
                note: rollout.subject().to_owned(),
                exact: wanted.len() >= 7,
            });
        }
    }
    hits
}

/// By its whole name; a part of it is nearly the application's.
fn rollouts(wanted: &str, found: &Found) -> Vec<Hit> {
    let all = found.rollouts.iter();
    let fitting = all.filter(|it| it.id.eq_ignore_ascii_case(wanted));
    let hit = |it: &Rollout| Hit {
        sort: "Rollout".into(),
        name: it.id.clone(),
        href: format!("/rollouts/{}", encoded(&it.id)),
        note: format!("{} {}", it.revision.short(), it.subject()),
        exact: true,
    };
    fitting.map(hit).collect()
}

/// Those that are not merged.
fn branches(wanted: &str, found: &Found) -> Vec<Hit> {
    let all = found.changes.iter();
    let fitting = all.filter(|it| it.branch.to_lowercase().contains(wanted));
    let hit = |it: &Change| Hit {
        sort: "Branch".into(),
        name: it.branch.clone(),
        href: super::changes::href(it),
        note: format!("of {}: {}", it.repository, it.report.subject),
        exact: it.branch.eq_ignore_ascii_case(wanted),
    };
    fitting.take(MOST).map(hit).collect()
}

fn running(wanted: &str, live: &[Arc<Object>]) -> Vec<Hit> {
    let fitting = live.iter().filter(|it| it.name().contains(wanted));
    let hit = |it: &Arc<Object>| Hit {
        sort: it.kind().to_owned(),
        name: it.name().to_owned(),
        href: if it.kind() == "Node" {
            format!("/nodes/{}", encoded(it.name()))
        } else {
            format!("/pods/{}/{}", encoded(it.namespace()), encoded(it.name()))
        },
        note: match it.kind() {
            "Node" => String::new(),
            _ => format!("{} on {}", it.namespace(), it.text("/spec/nodeName")),
        },
        exact: it.name() == wanted,
    };
    fitting.take(MOST).map(hit).collect()
}

fn objects(wanted: &str, found: &Found) -> Vec<Hit> {
    let fitting = found.objects.iter();
    // An Application is found as itself.
    let is_application = |it: &&InventoryItem| it.key.collection.group == api::kinds::GROUP;
    let fitting = fitting
        .filter(|it| it.key.name.to_lowercase().contains(wanted))
        .filter(|it| !is_application(it));
    let hit = |it: &InventoryItem| {
        let kind = resource::by_collection(&it.key.collection).map_or_else(
            || it.key.collection.resource.clone(),
            |found| found.kind.clone(),
        );
        Hit {
            href: object::href(&it.application, &kind, &it.key),
            sort: kind,
            name: it.key.name.clone(),
            note: match it.key.namespace.as_str() {
                "" => format!("of {}", it.application),
                namespace => format!("{namespace}, of {}", it.application),
            },
            exact: it.key.name == wanted,
        }
    };
    fitting.take(MOST).map(hit).collect()
}

/// Each commit once, with the applications that were brought to it.
fn messages(wanted: &str, found: &Found) -> Vec<Hit> {
    let all = found.rollouts.iter();
    let fitting = all.filter(|it| it.commit_message.to_lowercase().contains(wanted));
    let mut commits: Vec<(&Rollout, BTreeSet<&str>)> = Vec::new();
    for rollout in fitting {
        let known = commits
            .iter_mut()
            .find(|(one, _)| one.revision == rollout.revision);
        match known {
            Some((_, applications)) => {
                applications.insert(&rollout.application);
            }
            None => commits.push((rollout, BTreeSet::from([rollout.application.as_str()]))),
        }
    }
    let hit = |(rollout, applications): (&Rollout, BTreeSet<&str>)| {
        let names: Vec<&str> = applications.into_iter().collect();
        Hit {
            sort: "Message".into(),
            name: rollout.subject().to_owned(),
            href: super::commit::href(&rollout.revision),
            note: format!("{}, in {}", rollout.revision.short(), names.join(", ")),
            exact: false,
        }
    };
    commits.into_iter().take(MOST).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use engine::rollout::{CommitId, RolloutPhase};

    use super::super::tests::rollout;
    use super::*;

    fn of(application: &str, number: i64, commit: &str) -> Rollout {
        Rollout {
            id: format!("{application}-{number}"),
            application: application.into(),
            number,
            revision: CommitId(commit.repeat(40)),
            commit_message: "Three of serving".into(),
            ..rollout(RolloutPhase::Succeeded, 100)
        }
    }

    fn found() -> Found {
        Found {
            applications: vec!["serving".into(), "serving-2".into(), "ui".into()],
            rollouts: vec![
                of("ui", 4, "b"),
                of("serving", 3, "b"),
                of("serving", 2, "a"),
            ],
            ..Found::default()
        }
    }

    #[test]
    fn a_name_that_is_an_application_s_is_that_application() {
        let to = |wanted: &str| {
            let hits = hits(wanted, &found(), &[]);
            exact(&hits).map(|hit| hit.href.clone())
        };
        assert_eq!(to("Serving").as_deref(), Some("/apps/serving"));
        assert_eq!(to("serving-3").as_deref(), Some("/rollouts/serving-3"));
        assert_eq!(to("serving-2").as_deref(), Some("/apps/serving-2"));
        assert_eq!(to("serv"), None);
    }

    #[test]
    fn a_commit_of_several_applications_is_found_once() {
        let hits = hits("three of", &found(), &[]);
        let told: Vec<(&str, &str)> = hits
            .iter()
            .map(|hit| (hit.name.as_str(), hit.note.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Three of serving", "bbbbbbb, in serving, ui"),
                ("Three of serving", "aaaaaaa, in serving"),
            ]
        );
    }
}
