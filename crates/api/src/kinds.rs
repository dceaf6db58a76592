//! Kedge's own kinds, `kedge.dev/v1alpha1`: the typed form of what `facts/kedge-types.json` lists.
//!
//! For building and reading specs and statuses; a stored object stays the JSON it was written as.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Condition, Generation, GroupVersionKind};

pub const GROUP: &str = "kedge.dev";
pub const VERSION: &str = "v1alpha1";

/// Seconds; see [`ApplicationSpec::deadline_seconds`].
pub const DEFAULT_DEADLINE_SECONDS: i32 = 600;

/// The kind of an Application.
pub fn application() -> GroupVersionKind {
    GroupVersionKind::new(GROUP, VERSION, "Application")
}

/// The kind of a Rollout.
pub fn rollout() -> GroupVersionKind {
    GroupVersionKind::new(GROUP, VERSION, "Rollout")
}

/// A path of a Git repository that the cluster is to look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationSpec {
    pub source: ApplicationSource,
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
    /// A branch, a tag or a commit; absent for the tracked branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What is filled in after rendering; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_build: Option<PostBuild>,
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
    /// The objects of the commit before come back, in one transaction.
    #[default]
    Restore,
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
    /// The commit that was last applied in full.
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
    /// The commit it was compared with.
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

/// One attempt to bring one Application to one commit. Written by the reconciler alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutSpec {
    pub application: String,
    /// The commit.
    pub revision: String,
    /// Shared by the rollouts that one push started.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub push: String,
    /// The Rollout, or else the commit, that this one undoes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rollback_of: String,
    /// What began it, such as `push`, `poll` or `sync`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub trigger: String,
    /// Of the commit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// The first line of the commit's message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// How far a Rollout is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutStatus {
    pub phase: RolloutPhase,
    /// One sentence for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// RFC 3339
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// RFC 3339
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<RolloutWave>,
    pub objects: RolloutObjects,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RolloutPhase {
    #[default]
    Pending,
    Applying,
    Verifying,
    Succeeded,
    Failed,
    Superseded,
}

impl RolloutPhase {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Superseded)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Applying => "Applying",
            Self::Verifying => "Verifying",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Superseded => "Superseded",
        }
    }
}

impl fmt::Display for RolloutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Objects that are applied together, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutWave {
    /// Lower waves come first.
    pub wave: i32,
    pub phase: RolloutPhase,
    pub objects: i32,
    pub healthy: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// How many objects the commit has, and what the rollout did to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RolloutObjects {
    pub total: i32,
    pub created: i32,
    pub changed: i32,
    pub deleted: i32,
    pub healthy: i32,
}

fn default_deadline_seconds() -> i32 {
    DEFAULT_DEADLINE_SECONDS
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::schema::{self, FieldType, Type};

    /// Every field of a fully filled struct is in the facts and the other way round.
    fn in_step(ty: &Type, value: &Value) {
        let Value::Object(object) = value else {
            panic!("{} is not an object: {value}", ty.name)
        };
        let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
        let mut facts: Vec<&str> = ty.json_keys().collect();
        keys.sort_unstable();
        facts.sort_unstable();
        assert_eq!(keys, facts, "{}", ty.name);
        for field in ty.fields {
            let (field_type, value) = match &field.ty {
                FieldType::List(element) => (&**element, &object[field.name][0]),
                other => (other, &object[field.name]),
            };
            if let Some(named) = field_type
                .named()
                .filter(|ty| ty.name.starts_with("kedge."))
            {
                in_step(named, value);
            }
        }
    }

    #[test]
    fn structs_are_in_step_with_the_facts() {
        let text = || "x".to_owned();
        let spec = ApplicationSpec {
            source: ApplicationSource {
                repo: Some(text()),
                path: text(),
                revision: Some(text()),
                post_build: Some(PostBuild {
                    substitute: [(text(), text())].into_iter().collect(),
                    strict: true,
                }),
            },
            sync_policy: SyncPolicy::default(),
            depends_on: vec![text()],
            deadline_seconds: 1,
            target_namespace: Some(text()),
        };
        let status = ApplicationStatus {
            sync: ApplicationSync {
                status: SyncStatus::Synced,
                revision: text(),
            },
            health: ApplicationHealth {
                status: text(),
                message: text(),
            },
            revision: text(),
            observed_generation: 1,
            conditions: vec![Condition::default()],
            inventory_count: 1,
            last_rollout: text(),
        };
        let rollout_spec = RolloutSpec {
            application: text(),
            revision: text(),
            push: text(),
            rollback_of: text(),
            trigger: text(),
            author: text(),
            message: text(),
        };
        let rollout_status = RolloutStatus {
            message: text(),
            started_at: Some(text()),
            finished_at: Some(text()),
            waves: vec![RolloutWave {
                started_at: Some(text()),
                finished_at: Some(text()),
                ..RolloutWave::default()
            }],
            ..RolloutStatus::default()
        };
        for (kind, spec, status) in [
            (application(), json!(spec), json!(status)),
            (rollout(), json!(rollout_spec), json!(rollout_status)),
        ] {
            let body = json!({"metadata": {}, "spec": spec, "status": status});
            in_step(schema::kind(&kind).unwrap(), &body);
        }
    }

    #[test]
    fn defaults_match_the_facts() {
        let spec: ApplicationSpec =
            serde_json::from_value(json!({"source": {"path": "."}})).unwrap();
        let default = |ty: &str, key: &str| {
            schema::named(ty)
                .unwrap()
                .child(key)
                .unwrap()
                .default
                .clone()
                .unwrap()
        };
        let written = json!(spec);
        assert_eq!(
            written["deadlineSeconds"],
            default("kedge.v1alpha1.ApplicationSpec", "deadlineSeconds")
        );
        for key in ["automated", "prune", "selfHeal"] {
            assert_eq!(
                written["syncPolicy"][key],
                default("kedge.v1alpha1.SyncPolicy", key)
            );
        }
    }
}
