//! What the history holds, as it is shown: rows with names.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use api::kinds::DeletionPolicy;
use api::{ObjectKey, Uid};
use engine::diff::FieldChange;
use engine::rollout::{CommitId, Options, Rollback, RolloutPhase};

use super::first_try::{FirstTry, TakenBack};
use crate::source::Person;

/// A repository that is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceState {
    /// Its URL, or `hosted`.
    pub repository: String,
    pub branch: String,
    /// The newest commit that passed its checks. Empty before the first.
    pub revision: CommitId,
    pub fetched_at: Option<Timestamp>,
    /// Why it cannot be read or its newest commit is not followed. Empty when all is well.
    pub error: String,
}

/// What made a commit known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Pushed to the hosted repository.
    Push,
    /// A revert commit made by Kedge because somebody asked for it.
    Rollback,
    Poll,
    Notify,
    Webhook,
    /// Found when the service started.
    Start,
    /// Asked for by hand.
    Sync,
    /// The Application itself was changed.
    Application,
    /// What failed before, and the commit did not change, is tried again.
    Retry,
}

impl Trigger {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Rollback => "rollback",
            Self::Poll => "poll",
            Self::Notify => "notify",
            Self::Webhook => "webhook",
            Self::Start => "start",
            Self::Sync => "sync",
            Self::Application => "application",
            Self::Retry => "retry",
        }
    }
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Checking,
    Refused,
    Accepted,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "Checking",
            Self::Refused => "Refused",
            Self::Accepted => "Accepted",
        }
    }
}

/// A new commit on the tracked branch, however it came there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Push {
    pub id: String,
    /// Its URL, or `hosted`.
    pub repository: String,
    pub branch: String,
    /// Empty for the first one.
    pub old_revision: CommitId,
    pub new_revision: CommitId,
    /// Who pushed; empty where that is not known.
    pub pusher: String,
    pub trigger: Trigger,
    pub received_at: Timestamp,
    pub verdict: Verdict,
    /// The plan, or the reasons for the refusal, line by line.
    pub report: String,
}

/// A rollout's row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// `APPLICATION-NUMBER`; also the name of its `Rollout` object.
    pub id: String,
    pub application: String,
    /// Counts from 1 in each application.
    pub number: i64,
    /// Shared by the rollouts that one push started.
    pub push: Option<String>,
    pub revision: CommitId,
    /// The commit the application was at before; empty at first.
    pub previous: CommitId,
    pub author: Person,
    /// The commit's whole message.
    pub commit_message: String,
    pub trigger: Trigger,
    /// What it tries again; only where `trigger` is [`Trigger::Retry`].
    pub first_try: Option<Box<FirstTry>>,
    /// The rollout, or else the commit, that this one undoes; empty for no rollback.
    pub rollback_of: String,
    #[serde(skip)]
    pub rollback: Option<Rollback>,
    /// Equal where a commit asks for the same objects.
    pub digest: String,
    /// Whether the commit before asked for the same objects. Found when it is recorded.
    #[serde(skip)]
    pub same_as_previous: bool,
    pub phase: RolloutPhase,
    /// What is waited for, then the verdict's one sentence.
    pub message: String,
    /// Whether the commit asked for anything new; `None` before the verdict.
    pub changed: Option<bool>,
    pub started_at: Timestamp,
    /// When its dependencies were there.
    pub began_at: Option<Timestamp>,
    pub deadline_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// When what it wrote was undone, after it failed.
    pub undone_at: Option<Timestamp>,
    /// What took back what it brought, as long as that stands.
    pub taken_back: Option<TakenBack>,
    /// Who asked for it by hand; `None` where a commit did.
    pub asked_by: Option<Person>,
    /// What was asked for beyond the commit; some objects only, for a rollout in part.
    pub options: Options,
}

impl Rollout {
    /// The first line of the commit's message.
    pub fn subject(&self) -> &str {
        self.commit_message.lines().next().unwrap_or_default()
    }
}

/// A sync that was asked for by hand and is not begun yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub actor: String,
    pub options: Options,
}

/// What a rollout does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Change,
    Delete,
    /// It left the commit and stays.
    Keep,
    Unchanged,
    /// It is run, and not kept in the cluster.
    Hook,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Unchanged => "unchanged",
            Self::Hook => "hook",
        }
    }
}

/// One object of a rollout: the plan, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectResult {
    pub key: ObjectKey,
    pub kind: String,
    pub wave: i32,
    /// In the order of application.
    pub position: i32,
    pub action: Action,
    /// Empty for what is deleted or kept.
    pub file: String,
    pub line: i32,
    /// Values of Secrets are replaced by fingerprints.
    pub changes: Vec<FieldChange>,
    /// Where it changes: the object that the changes lead to, masked as they are.
    #[serde(skip)]
    pub after: Option<Value>,
    pub applied_at: Option<Timestamp>,
    pub healthy_at: Option<Timestamp>,
    /// The newest health while the rollout ran; empty for kinds that have none.
    pub health: String,
    pub message: String,
    /// Containers of it that ended badly meanwhile, oldest first, the newest fifty.
    pub exits: Vec<Exit>,
}

/// The end of a container that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exit {
    pub at: Timestamp,
    /// In the namespace of the object.
    pub pod: String,
    pub container: String,
    pub code: i64,
}

impl ObjectResult {
    /// What was planned for an object, and nothing has come of it yet.
    pub fn new(key: ObjectKey, kind: &str, action: Action) -> Self {
        Self {
            key,
            kind: kind.to_owned(),
            wave: 0,
            position: 0,
            action,
            file: String::new(),
            line: 0,
            changes: Vec::new(),
            after: None,
            applied_at: None,
            healthy_at: None,
            health: String::new(),
            message: String::new(),
            exits: Vec::new(),
        }
    }

    /// `Deployment shop/web`
    pub fn title(&self) -> String {
        if self.key.namespace.is_empty() {
            format!("{} {}", self.kind, self.key.name)
        } else {
            format!("{} {}/{}", self.kind, self.key.namespace, self.key.name)
        }
    }
}

/// One attempt to apply a wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Apply {
    /// From 1, through all waves.
    pub attempt: i32,
    pub wave: i32,
    pub began_at: Timestamp,
    /// `None` while it runs, and for ever where the process died.
    pub finished_at: Option<Timestamp>,
    /// Empty where it worked.
    pub error: String,
}

/// What kind of thing a step reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    Received,
    Accepted,
    Refused,
    Started,
    Began,
    Waiting,
    Applying,
    Applied,
    ApplyFailed,
    /// How an object is doing.
    Progress,
    Pruning,
    Pruned,
    Forgotten,
    Succeeded,
    Failed,
    Superseded,
    /// A rollout stopped because its application is left alone.
    Held,
    /// The newest commit asks for what is there already.
    Unchanged,
    Drifted,
    Corrected,
    /// It is as Git says again, and nobody of ours wrote it.
    DriftGone,
    /// What had drifted is proven again.
    Proven,
    /// What a failed rollout wrote was undone.
    Undone,
    Requested,
    Suspended,
    Resumed,
    Removed,
}

/// Something that was decided, done or seen. Steps are what followers are told of.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Grows with every step of the whole history.
    pub seq: i64,
    pub at: Timestamp,
    /// Empty where it concerns no single one.
    pub application: String,
    pub rollout: Option<String>,
    pub push: Option<String>,
    pub kind: StepKind,
    /// One sentence or clause for people.
    pub text: String,
    pub data: Value,
}

/// An object that is an application's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryItem {
    pub application: String,
    pub key: ObjectKey,
    /// Empty between the record and the creation.
    pub uid: Uid,
    pub added_at: Timestamp,
}

/// A commit that failed and is not tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    pub application: String,
    pub revision: CommitId,
    pub rollout: String,
    pub reason: String,
    pub since: Timestamp,
    /// Whether the other applications of the commit go back too.
    pub atomic: bool,
}

/// An application as the history knows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationRecord {
    pub name: String,
    /// Whether a commit defines it; the others were made by hand.
    pub in_git: bool,
    /// What becomes of its objects when it goes.
    pub deletion: DeletionPolicy,
    pub seen_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

/// One application in the overview. What every overview says again is shared, not copied.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSummary {
    #[serde(flatten)]
    pub application: Arc<ApplicationRecord>,
    /// Its newest rollout.
    pub last: Option<Arc<Rollout>>,
    pub held: Option<Arc<Hold>>,
}

/// Everything about one rollout.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutDetail {
    #[serde(flatten)]
    pub rollout: Rollout,
    pub objects: Vec<ObjectResult>,
    pub applies: Vec<Apply>,
    pub steps: Vec<Step>,
}
