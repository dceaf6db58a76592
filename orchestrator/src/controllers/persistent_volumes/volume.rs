//! What a volume's claim means for its phase, and when the volume goes.

use api::Object;
use serde_json::json;

use super::claim::unprotected;
use super::local::{PROVISIONED_BY, PROVISIONER};
use crate::controllers::action::Action;
use crate::controllers::collections::volumes;
use crate::scheduler::volume::Volume;

const PROTECTION: &str = "kubernetes.io/pv-protection";

/// `claim` is the live object of the name that the volume refers to.
pub(super) fn decide(object: &Object, volume: &Volume, claim: Option<&Object>) -> Vec<Action> {
    let replace = |object| Action::Replace {
        collection: volumes(),
        object,
    };
    let phase = phase(object, volume, claim);
    if object.is_deleting() {
        if phase == "Bound" {
            return Vec::new();
        }
        return unprotected(object, PROTECTION)
            .map(replace)
            .into_iter()
            .collect();
    }
    if object.text("/status/phase") != phase {
        let mut object = object.clone();
        object.body["status"]["phase"] = json!(phase);
        return vec![Action::ReplaceStatus {
            collection: volumes(),
            object,
        }];
    }
    let is_own = object.annotation(PROVISIONED_BY) == Some(PROVISIONER);
    let is_disposable = object.text("/spec/persistentVolumeReclaimPolicy") == "Delete";
    if phase == "Released" && is_own && is_disposable {
        return vec![Action::delete(&volumes(), object)];
    }
    Vec::new()
}

fn phase(object: &Object, volume: &Volume, claim: Option<&Object>) -> &'static str {
    let Some(reference) = &volume.claim else {
        return "Available";
    };
    // Set aside by name only: nobody has bound it yet.
    if reference.uid.0.is_empty() {
        return "Available";
    }
    match claim.filter(|claim| claim.uid() == reference.uid) {
        None => "Released",
        Some(claim) if claim.text("/spec/volumeName") == object.name() => "Bound",
        // Bound elsewhere meanwhile: what was made for it is of no use to it.
        Some(claim) if !claim.text("/spec/volumeName").is_empty() => "Released",
        Some(_) => "Available",
    }
}
