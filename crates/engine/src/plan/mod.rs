//! What bringing the cluster to a commit would do, object by object, before anything is done.

mod adopt;
mod between;
mod build;
mod first;
mod fold;
mod patch;
mod prune;
mod stages;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use api::{Object, ObjectKey, Uid};

use crate::diff::{self, FieldChange};
use crate::hook::Hook;
use crate::tree::hex;
use crate::{Origin, WaveNumber};

pub use adopt::{Foreign, foreign};
pub use between::{Sides, between, reversed};
pub use build::{Input, InventoryEntry, build};
pub use first::deletions_first;
pub use fold::folded;
pub use patch::{Mark, marks, patch};
pub use prune::Prune;
pub use text::{Counts, Edit, counts, edits, lines};

/// The annotation that keeps an object when its manifest goes; the second pair is Argo CD's.
pub const PRUNE_ANNOTATION: &str = "kedge.dev/prune";

/// Everything a rollout will do.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What is run, before and after the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// Lowest first. Unchanged objects are in it too: their health gates the next wave.
    pub waves: Vec<Wave>,
    /// What is pruned once everything else is healthy, in the order of deletion: the reverse of
    /// the order of creation.
    pub deletes: Vec<Deletion>,
    /// What the commit no longer has and yet stays.
    pub kept: Vec<Kept>,
    /// Inventory that has no object of its own any more: gone, or replaced by somebody else's.
    pub forgotten: Vec<InventoryEntry>,
}

/// What is applied together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wave {
    pub number: WaveNumber,
    /// What is applied after others of the same wave are healthy, since it says that it comes after
    /// them, has a higher one.
    #[serde(default, skip_serializing_if = "is_first")]
    pub stage: u32,
    /// In the order of application.
    pub steps: Vec<Step>,
}

/// What happens to one object of the commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub key: ObjectKey,
    /// `Deployment`
    pub kind: String,
    pub origin: Origin,
    /// As the commit has it: what is applied.
    pub object: Object,
    pub change: Change,
}

/// How an object differs from what the commit wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    Create,
    /// The object is being deleted; it is created again once it is gone.
    Recreate,
    /// The server does not take the change: this very object is deleted, and made again.
    Renew(Uid),
    /// Never empty. Old is live, new is what the server would store.
    Update(Vec<FieldChange>),
    Unchanged,
}

/// An object that will be deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    pub key: ObjectKey,
    pub kind: String,
    /// Only exactly this object is deleted.
    pub uid: Uid,
    pub wave: WaveNumber,
    /// As it is in the cluster, where that was looked at: for people. A plan is the same whatever
    /// others write into what goes.
    #[serde(skip)]
    pub object: Option<Box<Object>>,
}

/// An object that would be deleted, but for `reason`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    pub key: ObjectKey,
    pub kind: String,
    pub reason: String,
    /// Whether it goes as soon as somebody says so.
    #[serde(default)]
    pub asks: bool,
}

impl Plan {
    /// Every object of the commit, in the order of application.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.waves.iter().flat_map(|wave| &wave.steps)
    }

    /// Whether the cluster already is what the commit wants.
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && !self.has_changes()
    }

    /// What is deleted as soon as somebody says so.
    pub fn asking(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(|kept| kept.asks)
    }

    /// Whether anything would be applied (deletions apart).
    pub fn has_changes(&self) -> bool {
        self.steps().any(Step::is_change)
    }

    /// One name for exactly this plan: equal where the same would be done to the same objects. Of
    /// a Secret's values it takes in what may be shown, so that it tells nothing to who guesses.
    pub fn digest(&self) -> String {
        let text = serde_json::to_string(&canonical(
            serde_json::to_value(self.masked()).expect("a plan is plain data with string keys"),
        ))
        .expect("a JSON value always prints");
        hex(&Sha256::digest(text))
    }
}

/// One name for exactly these plans, each with the name of its application.
pub fn digest_of<'a>(plans: impl IntoIterator<Item = (&'a String, &'a Plan)>) -> String {
    let mut hash = Sha256::new();
    let plans = plans.into_iter().filter(|(_, plan)| !plan.is_empty());
    for (application, plan) in plans {
        hash.update(format!("{application} {}\0", plan.digest()));
    }
    hex(&hash.finalize())
}

impl Plan {
    /// The plan as it may be shown.
    fn masked(&self) -> Self {
        let mut plan = self.clone();
        for hook in &mut plan.hooks {
            hook.object = diff::masked(&hook.object);
        }
        let steps = plan.waves.iter_mut().flat_map(|wave| &mut wave.steps);
        for step in steps.filter(|step| diff::is_secret(&step.object)) {
            step.object = diff::masked(&step.object);
            if let Change::Update(changes) = &mut step.change {
                for change in changes {
                    let shown = |value: &mut serde_json::Value| {
                        *value = diff::fingerprint(value).into();
                    };
                    change.old.as_mut().map(shown);
                    change.new.as_mut().map(shown);
                }
            }
        }
        plan
    }
}

/// For serde, which asks with a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_first(stage: &u32) -> bool {
    *stage == 0
}

impl Wave {
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(Step::is_change)
    }
}

impl Step {
    pub fn is_change(&self) -> bool {
        self.change != Change::Unchanged
    }

    /// `Deployment shop/web`
    pub fn title(&self) -> String {
        crate::manifest::name_of(&self.kind, &self.key.namespace, &self.key.name)
    }
}

impl Deletion {
    /// `Deployment shop/web`
    pub fn title(&self) -> String {
        crate::manifest::name_of(&self.kind, &self.key.namespace, &self.key.name)
    }
}

impl Kept {
    /// `Deployment shop/web`
    pub fn title(&self) -> String {
        crate::manifest::name_of(&self.kind, &self.key.namespace, &self.key.name)
    }
}

/// One name for what a commit renders to, whatever the cluster looks like and in which order the
/// files came.
pub fn content_digest(manifests: &[crate::Manifest]) -> String {
    let mut objects: Vec<String> = manifests
        .iter()
        .map(|manifest| canonical(manifest.object.body.clone()).to_string())
        .collect();
    objects.sort();
    hex(&Sha256::digest(objects.join("\n")))
}

/// The same value with sorted keys.
pub(crate) fn canonical(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries
                .into_iter()
                .map(|(key, value)| (key, canonical(value)))
                .collect()
        }
        Value::Array(list) => list.into_iter().map(canonical).collect(),
        other => other,
    }
}
