//! What the web pages and the command line are given and ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use api::{ObjectKey, Uid};
use engine::plan::{Edit, Sides};
use engine::proof::Leaf;
use engine::rollout::{CommitId, Pause, SyncStatus};
use engine::{Health, Plan};

use crate::githost::revert::Size;
use crate::history::{ApplicationSummary, Rollout};
use crate::source::{Commit, Person};

/// A commit of the tracked repository.
#[derive(Debug, Clone)]
pub struct CommitView {
    pub commit: Commit,
    pub signature: Signature,
}

/// Whether a commit is signed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    Missing,
    /// There is one, and no keys that it is checked with.
    Unchecked,
    /// With a trusted key, by whoever is named.
    Trusted(String),
    /// Why it is not trusted.
    Refused(String),
    /// Why it cannot be said.
    Unknown(String),
}

/// One application: what is recorded, and how it is at this moment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationView {
    #[serde(flatten)]
    pub summary: ApplicationSummary,
    /// How many objects are its own.
    pub objects: usize,
    /// Path in the repository; empty where the Application cannot be read (any more).
    pub path: String,
    pub depends_on: Vec<String>,
    #[serde(flatten)]
    pub standing: Arc<Standing>,
    /// The commit that `standing` compares with, where it is known.
    pub commit: Option<Arc<Commit>>,
}

/// How an application is, as its last pass found it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    pub sync: SyncStatus,
    /// Why it is not Synced; empty when it is.
    pub sync_message: String,
    pub health: Health,
    /// The commit the cluster was compared with. Empty before the first pass.
    pub revision: CommitId,
    /// The newest commit that is in the cluster, whole.
    pub applied: CommitId,
    /// Whether `revision` failed and is not tried again.
    pub on_hold: bool,
    /// Whether what was proven last is so still.
    pub proof_stands: bool,
    /// What it waits for that is neither an object nor another application.
    pub paused: Option<Pause>,
    pub observed_at: Option<Timestamp>,
    /// Why what is newest in Git is not what is compared; `None` where it is.
    pub trouble: Option<Trouble>,
}

/// What is wrong between a repository and an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// One word, as in the reason of a condition: `CommitRefused`.
    pub reason: &'static str,
    /// Where, what, and what to do.
    pub message: String,
}

/// How far the tracked repository was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tracked {
    /// The newest commit that could be followed. Empty before the first.
    pub revision: CommitId,
    /// How many Applications it defines.
    pub applications: usize,
    /// What is wrong with the repository, or with a newer commit; empty for nothing.
    pub error: String,
}

/// What bringing an application from one state to another would do.
#[derive(Debug, Clone)]
pub struct PlanView {
    pub application: String,
    pub from: Side,
    pub to: Side,
    /// Of what it is compared with: the commit of `to`, or of `from` where `to` is live.
    pub commit: Commit,
    /// Values of Secrets are in it: show only `lines`, or mask it.
    pub plan: Plan,
    /// For people; see [`engine::plan::lines`].
    pub lines: Vec<String>,
    /// The objects, as far as they are at hand. Values of Secrets are in them too.
    pub sides: Sides,
}

/// A state of an application: what is live, or what a commit asks for.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// `None` for what is live.
    pub commit: Option<Commit>,
    /// The rollout that was asked for, which is about the commit.
    pub rollout: Option<Rollout>,
    /// Whether the tracked branch does not have the commit.
    pub unmerged: bool,
}

impl Side {
    /// A commit of the tracked branch.
    pub fn of(commit: &Commit) -> Self {
        Self {
            commit: Some(commit.clone()),
            ..Self::default()
        }
    }
}

/// An object of an application, or one that such an object made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectNode {
    pub key: ObjectKey,
    pub kind: String,
    pub uid: Uid,
    /// The object that made it; `None` for what comes from Git.
    pub owner: Option<Uid>,
    pub wave: i32,
    /// `None` for kinds that have no health.
    pub health: Option<Health>,
    pub created_at: Option<Timestamp>,
    /// Whether it is wanted and not there.
    pub missing: bool,
    /// What is wrong although it is healthy, in one clause: a Service that leads nowhere. May be
    /// empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub warning: String,
}

/// That the cluster was what a commit says, looked at again.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofView {
    pub application: String,
    pub commit: CommitId,
    pub rollout: String,
    /// When it was so.
    pub at: Timestamp,
    /// When the next rollout began or somebody changed an object; `None` where neither did.
    pub until: Option<Timestamp>,
    /// The hash over all objects.
    pub root: String,
    /// Whether it was so before, and not all the time since.
    pub again: bool,
    /// Whether it comes out of what is recorded.
    pub root_recomputes: bool,
    /// Whether the recorded manifests come out of the commit; `None` where Git cannot say.
    pub commit_recomputes: Option<bool>,
    /// How many objects were what the commit asks for: wanted and live are one hash.
    pub matching: usize,
    /// How many objects are now as they were.
    pub holding: usize,
    pub objects: Vec<ProofObject>,
}

/// One object of a proof.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProofObject {
    #[serde(flatten)]
    pub leaf: Leaf,
    /// Whether it was what the commit asks for.
    pub matches: bool,
    /// Whether it is now as it was.
    pub holds: bool,
}

/// What a rollback would push, before it is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackPreview {
    /// What is undone, in words: `rollout web-12`.
    pub what: String,
    /// Empty for all of the repository.
    pub application: String,
    /// The oldest rollout that is undone; empty where that is not known.
    pub rollout: String,
    /// The commit it stands on: what the branch must still be at.
    pub parent: CommitId,
    /// The commits that are undone, newest first.
    pub undoes: Vec<Commit>,
    /// The commit whose state comes back; empty where later commits stay.
    pub restores: CommitId,
    /// The whole message, without the reason.
    pub message: String,
    /// What it would do, application by application, for people.
    pub plan: Vec<String>,
    /// The fields of the changes in it.
    pub edits: Vec<Edit>,
    /// One name for exactly this plan.
    pub digest: String,
    /// The Applications that it changes.
    pub touches: Vec<String>,
    /// Those of them that are not rolled out by themselves, and what they wait for.
    pub waiting: BTreeMap<String, String>,
    /// The commit as it would be; empty where there is none, or where it is not known.
    pub commit: CommitId,
    /// How much it changes.
    pub size: Size,
    /// Pods that start again or stop, and what else it reaches, for people.
    pub reach: Vec<String>,
    /// Files in which the revert conflicts with later commits; a rollback is not possible then.
    pub conflicts: Vec<String>,
    /// Files of the commits that stay as they are: later commits changed the same places of some of
    /// them, and none is the application's.
    pub stays: Vec<String>,
    /// The paths that go back then; empty where the whole commits do.
    pub only: Vec<String>,
    /// The Applications that those files are of.
    pub owners: BTreeMap<String, BTreeSet<String>>,
}

/// Asks for a sync.
#[derive(Debug, Clone)]
pub struct SyncRequest {
    pub application: String,
    pub actor: Person,
    /// `KIND/NAME` or `KIND/NAMESPACE/NAME`; none for every object.
    pub objects: Vec<String>,
    /// Delete what left the commit, even where the policy keeps it or wants to be asked.
    pub prune: bool,
    /// Only if this is what it does: the digest of a plan, or how it begins. Empty for whatever it
    /// does.
    pub plan: String,
}

/// What a rollback takes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// What one rollout brought; what came later stays.
    Rollout(String),
    /// What these and all rollouts between them brought; what came later stays.
    Range { first: String, last: String },
    /// Everything since a point: a rollout, which stays, a commit, or a time (RFC 3339). Without an
    /// application, all of the repository.
    Since { application: String, point: String },
}

/// Asks for a rollback.
#[derive(Debug, Clone)]
pub struct RollbackRequest {
    pub span: Span,
    /// Why, for the commit's message. May be empty.
    pub reason: String,
    pub author: Person,
    /// Where the person saw the branch; `None`: wherever it is.
    pub parent: Option<CommitId>,
    /// Only if this is what it does: the digest of its preview. Empty for whatever it does.
    pub plan: String,
}

/// A rollback on its way.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolledBack {
    pub commit: CommitId,
    /// The rollouts that follow have this push id.
    pub push: String,
    /// The plan, for people.
    pub report: Vec<String>,
    /// The Applications that it changes.
    pub touches: Vec<String>,
    /// Files of the commits that stay as they are, since none is the application's.
    pub stays: Vec<String>,
    /// The Applications that are not rolled out by themselves, and what they wait for.
    pub waiting: BTreeMap<String, String>,
    /// Whether anything is asked for that is not done yet, so that a rollout may follow.
    pub asks: bool,
}
