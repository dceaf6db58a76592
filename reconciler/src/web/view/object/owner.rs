//! Who each field of an object is from: Git with commit, file and line, a controller, an
//! autoscaler, a person, or nobody, which is a default. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use api::Object;
use engine::Origin;
use engine::diff::masked;
use engine::rollout::CommitId;

use super::lines::{Line, Manager, lines, lines_of};

/// The reconciler's user in the cluster.
const RECONCILER: &str = "system:kedge:reconciler";

/// What the API server writes itself, and nobody owns.
const SERVER: [&str; 4] = [
    "metadata.uid",
    "metadata.resourceVersion",
    "metadata.creationTimestamp",
    "metadata.generation",
];
/// What says which object it is.
const IDENTITY: [&str; 4] = ["apiVersion", "kind", "metadata.name", "metadata.namespace"];

/// The change that made a field what it is, as the log of changes tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Guilt {
    pub(crate) field: String,
    pub(crate) time: Option<Timestamp>,
    pub(crate) user: String,
    pub(crate) manager: String,
    pub(crate) commit: String,
}

/// What sort of owner a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sort {
    Git,
    Controller,
    Autoscaler,
    Person,
    /// Nobody asked for it: the API server filled it in.
    Default,
}

impl Sort {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Git => "Git",
            Self::Controller => "controller",
            Self::Autoscaler => "autoscaler",
            Self::Person => "person",
            Self::Default => "default",
        }
    }
}

/// Who a field is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Owner {
    pub(crate) sort: Sort,
    /// The person, or the field manager; empty for a default.
    pub(crate) name: String,
    /// Of Git; empty where it is not known.
    pub(crate) commit: CommitId,
    /// Of Git: file and line; absent where that is not known.
    pub(crate) origin: Option<Origin>,
    /// Since when it is so, as far as that is known.
    pub(crate) since: Option<Timestamp>,
    /// Others that own it as well.
    pub(crate) also: Vec<String>,
}

/// A line of YAML and whose it is; nobody's where it only holds others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) text: String,
    pub(crate) path: String,
    pub(crate) owner: Option<Owner>,
}

/// All that is known besides the object itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// By field; of what the log does not know, nothing.
    pub(crate) guilt: BTreeMap<String, Guilt>,
    /// By field.
    pub(crate) origins: BTreeMap<String, Origin>,
    /// By field, of those that say which object it is: the commit that its line came with.
    pub(crate) brought: BTreeMap<String, CommitId>,
    /// The commit of fields from Git that the log does not know of.
    pub(crate) commit: CommitId,
}

impl Known {
    /// The commit that asked first which object it is: that of the line, else the oldest of which the log
    /// has anything left.
    fn first(&self, path: &str) -> Option<CommitId> {
        let own = self.guilt.values();
        let own = own.filter(|it| it.manager == crate::config::MANAGER && !it.commit.is_empty());
        let oldest = || {
            own.min_by_key(|it| it.time)
                .map(|it| CommitId(it.commit.clone()))
        };
        self.brought.get(path).cloned().or_else(oldest)
    }

    /// The change of a field, or the newest one of what is in it.
    fn of(&self, path: &str) -> Option<&Guilt> {
        if let Some(guilt) = self.guilt.get(path) {
            return Some(guilt);
        }
        let inside = self.guilt.range(path.to_owned()..);
        inside
            .take_while(|(field, _)| field.starts_with(path))
            .filter(|(field, _)| field[path.len()..].starts_with(['.', '[']))
            .map(|(_, guilt)| guilt)
            .max_by_key(|guilt| guilt.time)
    }
}

/// The object's lines with their owners. Values of Secrets are replaced by fingerprints.
pub(crate) fn owned(object: &Object, known: &Known) -> Vec<Owned> {
    let (lines, managers) = lines(&masked(object));
    let owned = lines.into_iter().map(|line| {
        let owner = (!line.path.is_empty()).then(|| owner(&line, &managers, known));
        Owned {
            owner,
            text: line.text,
            path: line.path,
        }
    });
    owned.collect()
}

/// Whose a field is, as far as the object itself tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) sort: Sort,
    /// The field manager; empty for a default.
    pub(crate) manager: String,
    /// When the manager wrote last.
    pub(crate) since: Option<Timestamp>,
}

/// The lines of those fields that `keep` admits. Values of Secrets are replaced by fingerprints.
pub(crate) fn kept(object: &Object, keep: &dyn Fn(&str) -> bool) -> Vec<Line> {
    lines_of(&masked(object), keep).0
}

/// Whose each field is, by path, but for those that say which object it is; nothing where the object
/// does not tell who set what.
pub(crate) fn whose(object: &Object) -> BTreeMap<String, Whose> {
    let (lines, managers) = lines(object);
    if managers.is_empty() {
        return BTreeMap::new();
    }
    let known = Known::default();
    let is_asked = |line: &Line| !line.path.is_empty() && !IDENTITY.contains(&line.path.as_str());
    let lines = lines.into_iter().filter(is_asked);
    lines
        .map(|line| {
            let owner = owner(&line, &managers, &known);
            let whose = Whose {
                sort: owner.sort,
                manager: owner.name,
                since: owner.since,
            };
            (line.path, whose)
        })
        .collect()
}

/// The lines of one field of the object, such as `spec`, with its head.
pub(crate) fn part(lines: Vec<Owned>, field: &str) -> Vec<Owned> {
    let head = format!("{field}:");
    let from = lines.into_iter().skip_while(|line| line.text != head);
    let is_within = |line: &Owned| line.text == head || line.text.starts_with([' ', '-']);
    from.take_while(is_within).collect()
}

/// The fields of an object that say which one it is, as far as it has them and they are from Git.
pub(crate) fn identity(object: &Object, known: &Known) -> Vec<String> {
    let lines = owned(object, known).into_iter();
    let is_it = |line: &Owned| {
        let is_of_git = line.owner.as_ref().is_some_and(|it| it.sort == Sort::Git);
        is_of_git && IDENTITY.contains(&line.path.as_str())
    };
    lines.filter(is_it).map(|line| line.path).collect()
}

/// The fields that a commit asks for, by commit: what to ask the repository about.
pub(crate) fn asked(object: &Object, known: &Known) -> BTreeMap<CommitId, Vec<String>> {
    let mut asked: BTreeMap<CommitId, Vec<String>> = BTreeMap::new();
    for line in owned(object, known) {
        let owner = line.owner.filter(|owner| !owner.commit.0.is_empty());
        if let Some(owner) = owner {
            let fields = asked.entry(owner.commit).or_default();
            if fields.last() != Some(&line.path) {
                fields.push(line.path);
            }
        }
    }
    asked
}

fn owner(line: &Line, managers: &[Manager], known: &Known) -> Owner {
    let guilt = known.of(&line.path);
    let mut all: Vec<(Sort, &Manager)> = line
        .owners
        .iter()
        .filter_map(|index| managers.get(*index))
        .map(|manager| (sort(manager, guilt), manager))
        .collect();
    all.sort_by_key(|(sort, _)| *sort);
    let asked = || managers.iter().find(|it| it.name == crate::config::MANAGER);
    let is_identity = IDENTITY.contains(&line.path.as_str());
    if all.is_empty() && is_identity {
        // Whoever applies an object says which one it is, and owns no field by that.
        all.extend(asked().map(|manager| (Sort::Git, manager)));
    }
    let Some((sort, manager)) = all.first().copied() else {
        let (sort, name) = nobody(&line.path);
        return Owner {
            sort,
            name: name.into(),
            commit: CommitId::default(),
            origin: None,
            since: None,
            also: Vec::new(),
        };
    };
    let own = guilt.filter(|guilt| guilt.manager == manager.name);
    let name = match (sort, own) {
        (Sort::Person, Some(guilt)) if !guilt.user.is_empty() => guilt.user.clone(),
        _ => manager.name.clone(),
    };
    let commit = match (sort, own) {
        (Sort::Git, Some(guilt)) if !guilt.commit.is_empty() => CommitId(guilt.commit.clone()),
        (Sort::Git, _) if is_identity => {
            let first = known.first(&line.path);
            first.unwrap_or_else(|| known.commit.clone())
        }
        (Sort::Git, _) => known.commit.clone(),
        _ => CommitId::default(),
    };
    let mut also: Vec<String> = all[1..].iter().map(|(_, it)| it.name.clone()).collect();
    also.retain(|other| *other != manager.name);
    also.dedup();
    Owner {
        origin: known
            .origins
            .get(&line.path)
            .filter(|_| sort == Sort::Git)
            .cloned(),
        since: own
            .and_then(|guilt| guilt.time)
            .or_else(|| api::parse_time(&manager.time).filter(|_| !is_identity)),
        sort,
        name,
        commit,
        also,
    }
}

/// Whose a field is that has no manager.
fn nobody(path: &str) -> (Sort, &'static str) {
    if SERVER.contains(&path) {
        (Sort::Controller, "API server")
    } else {
        (Sort::Default, "")
    }
}

/// By the user who wrote, where the log knows that; else by how managers are called.
fn sort(manager: &Manager, guilt: Option<&Guilt>) -> Sort {
    let name = manager.name.as_str();
    if name == crate::config::MANAGER {
        return Sort::Git;
    }
    let is_called_so = name.starts_with("kube-")
        || name.starts_with("kedge-")
        || name == "kubelet"
        || name == "scheduler"
        || name.contains("controller");
    let user = guilt.filter(|guilt| guilt.manager == name && !guilt.user.is_empty());
    let is_machine = user.map_or(is_called_so, |guilt| {
        guilt.user.starts_with("system:") && guilt.user != RECONCILER
    });
    if !is_machine {
        return Sort::Person;
    }
    let scales = manager.subresource == "scale" || name.contains("autoscaler");
    if scales {
        Sort::Autoscaler
    } else {
        Sort::Controller
    }
}
