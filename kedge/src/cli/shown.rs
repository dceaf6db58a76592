//! The answers' fields that tables show. Answers may have more, and older ones fewer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use anyhow::Context;

/// Reads an answer, leaving out what is not shown.
pub(crate) fn read<T: DeserializeOwned>(answer: &Value) -> anyhow::Result<T> {
    T::deserialize(answer)
        .context("the instance's answer has another form; it may be of another version")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Items<T> {
    pub(super) items: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Application {
    pub(crate) name: String,
    pub(super) path: String,
    pub(super) depends_on: Vec<String>,
    pub(crate) sync: String,
    pub(crate) sync_message: String,
    pub(crate) health: Health,
    /// Whether its commit failed and is not tried again.
    pub(crate) on_hold: bool,
    pub(super) paused: Option<Trouble>,
    pub(super) trouble: Option<Trouble>,
    pub(super) revision: String,
    pub(super) applied: String,
    pub(super) objects: i64,
    pub(super) last: Option<Rollout>,
    pub(super) commit: Option<Commit>,
    pub(super) tree: Option<Vec<Node>>,
    pub(super) rollouts: Vec<Rollout>,
}

/// Somebody wants it left alone; also the health of what stands still.
const SUSPENDED: &str = "Suspended";

impl Application {
    /// What keeps its next rollout from beginning; empty where nothing does.
    pub(crate) fn pause(&self) -> &str {
        let paused = self.paused.as_ref();
        paused.map_or("", |pause| pause.message.as_str())
    }

    /// Its health, or that it is left alone where nothing else is to be said: as its page has it.
    pub(super) fn state(&self) -> &str {
        let is_suspended = self
            .paused
            .as_ref()
            .is_some_and(|it| it.reason == SUSPENDED);
        match self.health.status.as_str() {
            "Healthy" if is_suspended => SUSPENDED,
            status => status,
        }
    }
}

/// Why what is newest in Git is not what is compared, or is not rolled out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Trouble {
    pub(super) reason: String,
    pub(super) message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Health {
    pub(crate) status: String,
    pub(crate) message: String,
}

/// Something was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) application: String,
    pub(super) rollout: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Key {
    pub(super) namespace: String,
    pub(super) name: String,
}

/// An object of an application, or one that such an object made.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) key: Key,
    pub(super) kind: String,
    pub(super) uid: String,
    pub(super) owner: Option<String>,
    pub(super) wave: i32,
    pub(super) health: Option<Health>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) missing: bool,
    /// What is wrong with an object that is healthy by itself.
    pub(super) warning: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Rollout {
    pub(super) id: String,
    pub(super) application: String,
    pub(super) revision: String,
    pub(super) previous: String,
    pub(super) commit_message: String,
    pub(super) author: Person,
    pub(super) trigger: String,
    pub(super) rollback_of: String,
    pub(super) phase: String,
    pub(super) message: String,
    pub(super) started_at: Timestamp,
    pub(super) deadline_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) undone_at: Option<Timestamp>,
    pub(super) taken_back: Option<TakenBack>,
    pub(super) asked_by: Option<Person>,
    pub(super) goes_on_from: Option<String>,
    pub(super) goes_on_as: Option<String>,
    pub(super) mended_by: Option<String>,
    pub(super) objects: Vec<Planned>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Person {
    pub(super) name: String,
}

/// What took back what a rollout brought.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TakenBack {
    pub(super) rollout: String,
}

/// An object of a rollout.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Planned {
    pub(super) key: Key,
    pub(super) kind: String,
    pub(super) wave: i32,
    pub(super) action: String,
    pub(super) health: String,
    pub(super) message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Step {
    pub(super) at: Timestamp,
    pub(super) text: String,
}

/// What a revision would change.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Diff {
    pub(super) application: String,
    /// `live`, or the commit on the other side.
    pub(super) from: String,
    pub(super) revision: String,
    pub(super) counts: engine::plan::Counts,
    /// Between two commits there is none.
    pub(super) plan: Option<String>,
    pub(super) lines: Vec<String>,
    pub(super) objects: Vec<super::patch::DiffObject>,
}

impl Diff {
    pub(super) fn differs(&self) -> bool {
        let counts = &self.counts;
        counts.create + counts.change + counts.delete + counts.asks > 0
    }
}

/// A proof, looked at again.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Proof {
    pub(super) application: String,
    pub(super) commit: String,
    pub(super) at: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) again: bool,
    pub(super) root: String,
    pub(super) root_recomputes: bool,
    pub(super) commit_recomputes: Option<bool>,
    pub(super) matching: usize,
    pub(super) holding: usize,
    pub(super) objects: Vec<Proven>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Proven {
    pub(super) key: Key,
    pub(super) kind: String,
    pub(super) resource_version: String,
    pub(super) wanted: String,
    pub(super) live: String,
    pub(super) matches: bool,
    pub(super) holds: bool,
}

/// What a rollback would push.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RollbackPreview {
    pub(super) what: String,
    pub(super) message: String,
    pub(super) plan: Vec<String>,
    pub(super) edits: Vec<engine::plan::Edit>,
    pub(super) digest: String,
    pub(super) conflicts: Vec<String>,
    /// Files that stay as they are, which are not the application's.
    pub(super) stays: Vec<String>,
    /// By file: the applications that it is of.
    pub(super) owners: BTreeMap<String, Vec<String>>,
    pub(super) by_hand: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RolledBack {
    pub(super) commit: String,
    pub(super) report: Vec<String>,
    pub(super) rollouts: Vec<String>,
    /// The applications that it changes.
    pub(super) touches: Vec<String>,
    pub(super) stays: Vec<String>,
    /// By application: what keeps it from being rolled out.
    pub(super) waiting: BTreeMap<String, String>,
}

impl Key {
    /// `shop/web`, or `shop` for what is in no namespace.
    pub(super) fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => self.name.clone(),
            namespace => format!("{namespace}/{}", self.name),
        }
    }
}

/// As people read commits: twelve digits.
pub(super) fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

/// The first line of a message.
pub(super) fn subject(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}
