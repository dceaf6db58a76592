//! An Application: its spec and its status.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DeletionPolicy, HealthCheck, IgnoreDifferences, PruneBudget, SyncWindow};
use crate::{Condition, Generation};

/// Seconds; see [`ApplicationSpec::deadline_seconds`].
pub const DEFAULT_DEADLINE_SECONDS: i32 = 600;

/// A path of a Git repository that the cluster is to look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSpec {
    /// Either this, or `sources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// Several places whose objects belong together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ApplicationSource>,
    #[serde(default)]
    pub sync_policy: SyncPolicy,
    /// Names of Applications in the same namespace that must be Healthy first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// How long a rollout may take before it has failed.
    #[serde(default = "default_deadline_seconds")]
    pub deadline_seconds: i32,
    /// Where objects go that name no namespace themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_namespace: Option<String>,
    /// Fields that keep the value the cluster has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<IgnoreDifferences>,
    /// Change nothing until it is false again.
    #[serde(default)]
    pub suspend: bool,
    /// When rollouts may begin; always where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sync_windows: Vec<SyncWindow>,
    /// What becomes of the objects when the Application goes; absent for `keepData`, or `orphan`
    /// where the policy prunes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,
    /// How objects are judged, by kind; the rest by the rules of their kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub health_check_exprs: Vec<HealthCheck>,
}

/// Where the manifests are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSource {
    /// Absent for the repository that holds the Application itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// From the root of the repository.
    pub path: String,
    /// A branch, a tag, a range of versions, any ref or a commit; absent for the tracked branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What is filled in after rendering; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_build: Option<PostBuild>,
    /// What must be signed, and by whom; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
}

/// Whose signatures a source must have. The keys are in a ConfigMap or in a Secret of the
/// namespace of the Application: armored OpenPGP keys, and lines of allowed signers as of OpenSSH.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Verify {
    pub mode: VerifyMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VerifyMode {
    /// The commit that is followed.
    #[default]
    Head,
    /// That one, and every commit that came since the last one that was applied.
    Commits,
    /// The tag that is followed.
    Tag,
    /// The tag and its commit.
    TagAndHead,
}

/// Variables of the manifests, as in Flux: `${NAME}`, `${NAME:=default}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PostBuild {
    /// Values by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub substitute: BTreeMap<String, String>,
    /// A variable that has neither value nor default is an error, not empty.
    pub strict: bool,
}

/// What Kedge may do by itself. All of it, unless somebody says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncPolicy {
    /// Roll out new commits as they come.
    pub automated: bool,
    /// Delete what left the repository.
    pub prune: bool,
    /// How much of that without asking.
    pub prune_budget: PruneBudget,
    /// Take over objects that are there already and that somebody else made.
    pub adopt: bool,
    /// Undo changes that others make to the objects.
    pub self_heal: bool,
    /// What becomes of a commit that fails.
    pub on_failure: OnFailure,
}

/// What is done about a commit whose rollout failed. It is held in any case: nothing applies it
/// again before a newer one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// The objects of the commit before come back, those of the commit's other Applications too.
    #[default]
    Restore,
    /// The objects of the commit before come back, and other Applications are left alone.
    RestoreAlone,
    /// A commit that reverts it is pushed to the tracked branch.
    Revert,
    /// Everything stays as the rollout left it.
    BestEffort,
}

impl Default for SyncPolicy {
    fn default() -> Self {
        Self {
            automated: true,
            prune: true,
            prune_budget: PruneBudget::default(),
            adopt: false,
            self_heal: true,
            on_failure: OnFailure::default(),
        }
    }
}

/// What became of an Application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplicationStatus {
    pub sync: ApplicationSync,
    pub health: ApplicationHealth,
    /// The commit that was last applied in full. Later ones that ask for the same are not written
    /// here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub revision: String,
    pub observed_generation: Generation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// How many objects belong to it.
    pub inventory_count: i32,
    /// The name of its newest Rollout.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_rollout: String,
}

/// Whether the cluster is what the commit says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplicationSync {
    pub status: SyncStatus,
    /// The commit it was compared with; later ones that ask for the same are not written here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub revision: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SyncStatus {
    Synced,
    OutOfSync,
    #[default]
    Unknown,
}

impl SyncStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        }
    }
}

impl fmt::Display for SyncStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How the Application's objects are, the worst of them first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApplicationHealth {
    /// `Healthy`, `Suspended`, `Progressing`, `Missing`, `Degraded` or `Unknown`.
    pub status: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Default for ApplicationHealth {
    fn default() -> Self {
        Self {
            status: "Unknown".into(),
            message: String::new(),
        }
    }
}

fn default_deadline_seconds() -> i32 {
    DEFAULT_DEADLINE_SECONDS
}
