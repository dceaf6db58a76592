//! Which version of its workload a pod is of, and what that one has otherwise than the one before: what
//! is left to tell of a process that ends for a reason no rule knows.

use api::{Object, parse_time};
use jiff::Timestamp;
use serde_json::json;

use super::chain::{Chain, Excerpt, Field, Line, Step, Tone};
use super::facts::{Facts, field_of, title};
use super::rules::{NODE, containers};
use super::written::{Written, ago, line, short};
use crate::diff::{FieldChange, changes, show};

/// What the Deployment's controller numbers them with.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// Fields that are told one by one.
const TOLD: usize = 6;
/// Lines in Git that are told.
pub const LINES: usize = 3;

/// A `ReplicaSet`, among those of its Deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// `ReplicaSet/web-7d9f6c8b54`
    source: String,
    number: u64,
    /// `Deployment shop/web`
    of: String,
    pub made_at: Option<Timestamp>,
    /// The number and the name of the newest older one that is kept.
    before: Option<(u64, String)>,
    changes: Vec<FieldChange>,
    /// Where what is new or another one is in the object that Git has.
    pub fields: Vec<Field>,
}

/// What the history says of how a version came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It was made while this rollout ran.
    With {
        rollout: String,
        commit: String,
        subject: String,
        author: String,
    },
    /// No rollout ran then.
    Alone,
    /// The history cannot be read.
    Unread,
    /// Nobody can say.
    Unknown,
}

/// The version that the pod is of; `None` where nothing says it.
pub fn version(facts: &Facts) -> Option<Version> {
    let (set, root) = (facts.owners.first()?, facts.owners.get(1)?);
    if facts.object.kind() != "Pod" || set.kind() != "ReplicaSet" {
        return None;
    }
    let number = number(set)?;
    let is_sibling = |it: &&Object| it.controller().is_some_and(|owner| owner.uid == root.uid());
    let siblings = facts.all("ReplicaSet").filter(is_sibling);
    let older = siblings.filter_map(|it| Some((self::number(it)?, it)));
    let before = older
        .filter(|(other, _)| *other < number)
        .max_by_key(|(other, _)| *other);
    let changes = before.map_or_else(Vec::new, |(_, other)| changes(&shape(other), &shape(set)));
    let there = changes.iter().filter(|change| change.new.is_some());
    Some(Version {
        source: format!("ReplicaSet/{}", set.name()),
        number,
        of: title(root),
        made_at: parse_time(set.creation_timestamp()),
        before: before.map(|(number, set)| (number, set.name().to_owned())),
        fields: there.map(|change| field_of(root, &change.path)).collect(),
        changes,
    })
}

fn number(set: &Object) -> Option<u64> {
    set.annotation(REVISION)?.trim().parse().ok()
}

/// Only what its pods are made from, without what tells its pods from those of others.
fn shape(set: &Object) -> Object {
    let mut template = set.body["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.shift_remove("pod-template-hash");
    }
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": template}}).into()
}

/// Whether the `ReplicaSet` is what comes of this workload: what a manifest leaves out, the server
/// has filled in.
pub fn asks_for(workload: &Object, set: &Object) -> bool {
    let (wanted, is) = (shape(workload), shape(set));
    crate::diff::changes(&is, &crate::diff::overlay(&is, &wanted)).is_empty()
}

impl Chain {
    /// Whether a process ended and no field is known to be at fault: then its version is what is left
    /// to tell.
    pub fn ends_at_the_process(&self, facts: &Facts) -> bool {
        let ended = |it: &super::rules::Container| it.failure().is_some();
        self.rule != NODE && self.field.is_none() && containers(&facts.object).iter().any(ended)
    }

    /// Goes on with the version, how it came about, and the lines that it came with.
    #[must_use]
    pub fn came(
        mut self,
        version: &Version,
        came: &Came,
        lines: &[Written],
        now: Timestamp,
    ) -> Self {
        self.steps.push(version.made(came, now));
        self.steps.extend(version.differs());
        let mut told: Vec<&Written> = Vec::new();
        for written in lines.iter().filter(|it| it.exact) {
            if told.len() < LINES && told.iter().all(|it| it.origin != written.origin) {
                told.push(written);
            }
        }
        self.steps
            .extend(told.iter().map(|written| line(written, now)));
        self
    }
}

impl Version {
    fn made(&self, came: &Came, now: Timestamp) -> Step {
        let ago = self.made_at.map(|at| ago(at.duration_until(now)));
        let ago = ago.unwrap_or_default();
        let made = if ago.is_empty() { "" } else { ", made " };
        let is = format!("The pod is of revision {} of {}", self.number, self.of);
        let mut commit = "";
        let (heading, mut text) = match came {
            Came::With {
                rollout,
                commit: id,
                subject,
                author,
            } => {
                commit = id;
                let by = match author.as_str() {
                    "" => String::new(),
                    author => format!(", by {author}"),
                };
                let heading = format!("{is}, which came with {}", short(id));
                (heading, format!("Rollout {rollout}: {subject}{by}."))
            }
            Came::Alone => {
                let of = &self.of;
                let text = format!("No rollout ran then: something else changed {of}.");
                (format!("{is}{made}{ago}"), text)
            }
            Came::Unread => {
                let text = "Which commit it came with cannot be read: the history does not answer.";
                (format!("{is}{made}{ago}"), text.to_owned())
            }
            Came::Unknown => (format!("{is}{made}{ago}"), String::new()),
        };
        if self.before.is_none() {
            let space = if text.is_empty() { "" } else { " " };
            text += space;
            text += "No older revision is kept that it could be compared with.";
        }
        Step {
            commit: commit.to_owned(),
            ..Step::new(Tone::Warn, self.source.as_str(), heading).text(text)
        }
    }

    /// What it has otherwise than the one before.
    fn differs(&self) -> Option<Step> {
        let (number, name) = self.before.as_ref()?;
        let heading = match self.changes.len() {
            0 => return None,
            1 => format!("1 field is not as in revision {number}"),
            many => format!("{many} fields are not as in revision {number}"),
        };
        let told = self.changes.iter().take(TOLD);
        let line = |change| Line {
            number: 0,
            text: show(change, false),
            marked: false,
        };
        let mut step = Step::new(Tone::Warn, format!("ReplicaSet/{name}"), heading);
        step.excerpt = Some(Excerpt {
            lines: told.map(line).collect(),
        });
        let more = self.changes.len().saturating_sub(TOLD);
        Some(match more {
            0 => step,
            more => step.text(format!("{more} more are not shown here.")),
        })
    }
}
