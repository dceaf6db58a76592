//! What controllers and node agents agree on about volumes of the class `local`: directories of
//! one node, made for one claim.

use crate::Object;

/// Makes the volumes of the class.
pub const PROVISIONER: &str = "kedge.dev/local";

/// The annotation that names a volume's maker.
pub const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// The label that names the node which has the directory.
pub const NODE: &str = "kedge.dev/node";

/// The finalizer for as long as the directory may be there. The node's agent removes both.
pub const FINALIZER: &str = "kedge.dev/local-directory";

/// Whether this volume was made for a claim of the class `local`.
pub fn is_own(volume: &Object) -> bool {
    volume.annotation(PROVISIONED_BY) == Some(PROVISIONER)
}

/// Whether what is stored is to go when the claim is gone.
pub fn is_disposable(volume: &Object) -> bool {
    volume.text("/spec/persistentVolumeReclaimPolicy") == "Delete"
}
