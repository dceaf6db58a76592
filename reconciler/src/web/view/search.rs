//! What a few letters find: applications, objects, pods, nodes, commits, messages. Pure.

use std::sync::Arc;

use api::{Object, resource};

use super::component::encoded;
use super::graph::app_href;
use super::object;
use crate::history::{InventoryItem, Rollout};

/// Of one sort.
const MOST: usize = 20;

/// What is recorded that may be meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub applications: Vec<String>,
    pub objects: Vec<InventoryItem>,
    /// By commit or message.
    pub rollouts: Vec<Rollout>,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hit {
    /// `Application`, `Pod`, `Commit`, or the kind of an object.
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
    hits.extend(running(&wanted, live));
    hits.extend(objects(&wanted, found));
    hits.extend(messages(&wanted, found));
    hits.sort_by_key(|hit| !hit.exact);
    hits
}

/// The one thing that is exactly meant.
pub(crate) fn exact(hits: &[Hit]) -> Option<&Hit> {
    let mut exact = hits.iter().filter(|hit| hit.exact);
    let first = exact.next()?;
    exact.next().is_none().then_some(first)
}

fn applications(wanted: &str, found: &Found) -> Vec<Hit> {
    let all = found.applications.iter();
    let fitting = all.filter(|name| name.to_lowercase().contains(wanted));
    let hit = |name: &String| Hit {
        sort: "Application".into(),
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

fn messages(wanted: &str, found: &Found) -> Vec<Hit> {
    let fitting = found.rollouts.iter();
    let fitting = fitting.filter(|it| it.commit_message.to_lowercase().contains(wanted));
    let hit = |it: &Rollout| Hit {
        sort: "Message".into(),
        name: it.subject().to_owned(),
        href: format!("/rollouts/{}", encoded(&it.id)),
        note: format!("{} {}, {}", it.application, it.number, it.revision.short()),
        exact: false,
    };
    fitting.take(MOST).map(hit).collect()
}
