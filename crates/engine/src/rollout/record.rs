//! The record of a rollout, as far as decisions need it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use api::ObjectKey;
use api::kinds::RolloutPhase;

use super::{Options, Rollback};
use crate::WaveNumber;
use crate::hook::HookRun;

/// A Git commit's full hexadecimal name. Where an Application has several sources, those of all of
/// them, in their order, with `+` between: together they are what it is brought to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub String);

impl CommitId {
    /// One name for the commits of several sources.
    pub fn joined(parts: &[Self]) -> Self {
        let parts: Vec<&str> = parts.iter().map(|part| part.0.as_str()).collect();
        Self(parts.join("+"))
    }

    /// The commit of each source.
    pub fn parts(&self) -> Vec<Self> {
        let parts = self.0.split('+');
        parts.map(|part| Self(part.to_owned())).collect()
    }

    /// The beginnings of all of them, for people.
    pub fn named(&self) -> String {
        let parts = self.0.split('+');
        let parts: Vec<&str> = parts.map(|part| part.get(..7).unwrap_or(part)).collect();
        parts.join("+")
    }

    /// The commit of the first source, which stands for all in a list.
    pub fn first(&self) -> &str {
        self.0.split('+').next().unwrap_or(&self.0)
    }

    /// The first seven characters, for people.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One apply of a wave, whether or not it worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub wave: WaveNumber,
    pub at: Timestamp,
    /// The process that made it died: nobody knows how it went.
    #[serde(default)]
    pub interrupted: bool,
}

/// One attempt to bring an Application to a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    pub id: String,
    pub revision: CommitId,
    pub phase: RolloutPhase,
    pub started_at: Timestamp,
    /// When its dependencies were there and it began to write: the deadline counts from here.
    pub began_at: Option<Timestamp>,
    /// Until when it has time, as recorded: later by what passed while nobody watched. Without it,
    /// what the Application says.
    #[serde(default)]
    pub deadline_at: Option<Timestamp>,
    /// Oldest first.
    pub applied: Vec<Applied>,
    /// How many objects it has deleted so far.
    pub pruned: u32,
    pub rollback: Option<Rollback>,
    /// The verdict's one sentence.
    pub message: String,
    /// Whether what it wrote was undone after it failed.
    pub undone: bool,
    /// Whether it succeeded and is held all the same: another Application failed at its commit.
    #[serde(default)]
    pub recalled: bool,
    /// The commit that failed first, where this is another try of it beside a newer commit.
    #[serde(default)]
    pub first_try: Option<CommitId>,
    /// Whether it wrote anything, or may have.
    pub changed: bool,
    pub options: Options,
    /// Whether an earlier one was given up after it began to write, and none has succeeded since.
    #[serde(default)]
    pub unfinished: bool,
    /// How far the hooks are that it has run.
    #[serde(skip)]
    pub hooks: BTreeMap<ObjectKey, HookRun>,
}
