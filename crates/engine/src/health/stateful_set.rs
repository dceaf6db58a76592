//! StatefulSet: every pod ready, and those the partition asks for at the new version.

use api::Object;

use super::Health;
use super::workload::{count, lags};

pub(super) fn assess(object: &Object) -> Health {
    if let Some(lag) = lags(object) {
        return lag;
    }
    let wanted = count(object, "/spec/replicas", 1);
    let ready = count(object, "/status/readyReplicas", 0);
    if ready < wanted {
        return Health::progressing(format!("{ready} of {wanted} pods are ready"));
    }
    if object.text("/spec/updateStrategy/type") == "OnDelete" {
        return Health::healthy();
    }
    let partition = count(object, "/spec/updateStrategy/rollingUpdate/partition", 0);
    let updated = count(object, "/status/updatedReplicas", 0);
    let due = (wanted - partition).max(0);
    if updated < due {
        return Health::progressing(format!("{updated} of {due} pods are of the new version"));
    }
    let (current, update) = (
        object.text("/status/currentRevision"),
        object.text("/status/updateRevision"),
    );
    if partition == 0 && current != update {
        return Health::progressing("the new version is not yet reported complete");
    }
    Health::healthy()
}
