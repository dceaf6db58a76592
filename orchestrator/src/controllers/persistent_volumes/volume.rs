//! What a volume's claim means for its phase, and when the volume goes.

use std::borrow::Cow;

use api::Object;
use api::local_volume::{FINALIZER, is_disposable, is_own};
use serde_json::json;

use super::claim::unprotected;
use crate::controllers::action::Action;
use crate::controllers::collections::volumes;
use crate::scheduler::volume::Volume;

const PROTECTION: &str = "kubernetes.io/pv-protection";

/// What else there is to know of a volume.
pub(super) struct Surroundings<'a> {
    /// The live object of the name that the volume refers to.
    pub(super) claim: Option<&'a Object>,
    /// The node that has the directory of a local volume is still part of the cluster.
    pub(super) has_node: bool,
}

pub(super) fn decide(object: &Object, volume: &Volume, around: &Surroundings<'_>) -> Vec<Action> {
    let replace = |object| Action::Replace {
        collection: volumes(),
        object,
    };
    let phase = phase(object, volume, around.claim);
    if object.is_deleting() {
        if phase == "Bound" {
            return Vec::new();
        }
        return let_go(object, around).map(replace).into_iter().collect();
    }
    if object.text("/status/phase") != phase {
        let mut object = object.clone();
        object.body["status"]["phase"] = json!(phase);
        return vec![Action::ReplaceStatus {
            collection: volumes(),
            object,
        }];
    }
    if phase == "Released" && is_own(object) && is_disposable(object) {
        return vec![Action::delete(&volumes(), object)];
    }
    Vec::new()
}

/// The object without the finalizers that are the controller's to remove; `None` where there are
/// none. What a node stores, it removes itself: unless it is to be kept, or the node is no more.
fn let_go(object: &Object, around: &Surroundings<'_>) -> Option<Object> {
    let is_for_node = is_disposable(object) && around.has_node;
    let finalizers: &[&str] = if is_for_node {
        &[PROTECTION]
    } else {
        &[PROTECTION, FINALIZER]
    };
    let left = finalizers
        .iter()
        .fold(Cow::Borrowed(object), |object, finalizer| {
            unprotected(&object, finalizer).map_or(object, Cow::Owned)
        });
    match left {
        Cow::Borrowed(_) => None,
        Cow::Owned(object) => Some(object),
    }
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
