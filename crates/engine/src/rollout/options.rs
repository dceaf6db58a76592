//! What somebody asks of a sync by hand, beyond the commit.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use api::ObjectKey;

use crate::Plan;

/// Nothing of it: a rollout as it would be by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Only these objects; empty for all of them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub objects: BTreeSet<ObjectKey>,
    /// Delete what left the commit, even where the policy keeps it or wants to be asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prune: bool,
    /// Only if this is what it does: the digest of the plan that was looked at. Empty for whatever
    /// it does by then.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub plan: String,
}

/// The first twelve characters of a plan's digest, for people.
pub fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

impl Options {
    /// Whether some objects of the commit are left out.
    pub fn is_partial(&self) -> bool {
        !self.objects.is_empty()
    }

    /// Whether a rollout with these does all that one with `others` would do.
    pub fn cover(&self, others: &Self) -> bool {
        let objects =
            !self.is_partial() || (others.is_partial() && others.objects.is_subset(&self.objects));
        objects && (self.prune || !others.prune)
    }

    /// Why this plan is not the one that was looked at; `None` where it is, or none was.
    pub fn differs(&self, plan: &Plan) -> Option<String> {
        let digest = (!self.plan.is_empty()).then(|| plan.digest())?;
        (digest != self.plan).then(|| {
            format!(
                "what it does is not what was approved any more: plan {}, not {}",
                short(&digest),
                short(&self.plan)
            )
        })
    }

    /// The part of a plan that is asked for.
    #[must_use]
    pub fn part(&self, mut plan: Plan) -> Plan {
        if !self.is_partial() {
            return plan;
        }
        let is_asked_for = |key: &ObjectKey| self.objects.contains(key);
        for wave in &mut plan.waves {
            wave.steps.retain(|step| is_asked_for(&step.key));
        }
        plan.waves.retain(|wave| !wave.steps.is_empty());
        plan.deletes.retain(|deletion| is_asked_for(&deletion.key));
        plan.kept.retain(|kept| is_asked_for(&kept.key));
        plan.forgotten.clear();
        plan
    }
}
