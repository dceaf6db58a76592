//! What is to become of one volume's directory. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::local_volume::{FINALIZER, is_disposable};
use api::{Object, Uid};

use super::directory::directory;
use crate::runtime::{ContainerState, Listing, SandboxState};

/// What there is to know.
pub(super) struct Observed<'a> {
    pub volume: &'a Object,
    /// The pods of this node, as the API server has them.
    pub pods: &'a [Arc<Object>],
    /// What really runs.
    pub listing: &'a Listing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing to do, or not yet this node's turn: a change of the volume brings it here again.
    Keep,
    /// A pod that uses the directory is still being stopped.
    Wait,
    /// Nobody needs it any more.
    Remove(String),
    /// Removing it would remove something else.
    Refuse(String),
}

pub(super) fn decide(observed: &Observed<'_>) -> Verdict {
    let volume = observed.volume;
    let is_last = volume.finalizers().eq([FINALIZER]);
    if !volume.is_deleting() || !is_last || !is_disposable(volume) {
        return Verdict::Keep;
    }
    let Some(path) = directory(volume) else {
        return Verdict::Refuse(format!(
            "{:?} is not the directory that was made for the volume: remove it by hand",
            volume.text("/spec/local/path")
        ));
    };
    if is_used(observed) {
        Verdict::Wait
    } else {
        Verdict::Remove(path)
    }
}

/// Whether something runs that may have the directory mounted: an orphan, of which nobody knows
/// what it uses, or a pod that names the claim and is older than the end of the volume. A younger
/// one uses a claim of the same name, and with it another volume.
fn is_used(observed: &Observed<'_>) -> bool {
    let running = running(observed.listing);
    let is_known = |uid: &Uid| observed.pods.iter().any(|pod| pod.uid() == *uid);
    if running.iter().any(|uid| !is_known(uid)) {
        return true;
    }
    let end = observed.volume.deletion_timestamp().unwrap_or_default();
    observed.pods.iter().any(|pod| {
        running.contains(&pod.uid())
            && pod.creation_timestamp() <= end
            && names_claim(pod, observed.volume)
    })
}

fn names_claim(pod: &Object, volume: &Object) -> bool {
    let claim = volume.text("/spec/claimRef/name");
    let volumes = pod
        .pointer("/spec/volumes")
        .and_then(|list| list.as_array());
    pod.namespace() == volume.text("/spec/claimRef/namespace")
        && volumes
            .into_iter()
            .flatten()
            .any(|volume| volume["persistentVolumeClaim"]["claimName"] == claim)
}

fn running(listing: &Listing) -> BTreeSet<Uid> {
    let sandboxes = listing.sandboxes.iter();
    let sandboxes = sandboxes.filter(|sandbox| sandbox.state == SandboxState::Ready);
    let containers = listing.containers.iter();
    let containers = containers.filter(|one| !matches!(one.state, ContainerState::Exited { .. }));
    sandboxes
        .map(|sandbox| sandbox.pod.clone())
        .chain(containers.map(|container| container.pod.clone()))
        .collect()
}
