//! The built-in class `local`: a directory on the node where the first pod runs.

use api::local_volume::{FINALIZER, NODE, PROVISIONED_BY, PROVISIONER};
use api::{Collection, Object};
use client::{Client, Error, WriteOptions};
use serde_json::{Value, json};

use super::claim::Observed;

const CLASS: &str = "local";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Makes the class `local`, the default one, unless there is one of that name.
pub async fn install(client: &dyn Client) -> Result<(), Error> {
    let options = WriteOptions {
        field_manager: "kedge-bootstrap".to_owned(),
        ..WriteOptions::default()
    };
    let collection = Collection::new("storage.k8s.io", "storageclasses");
    match client.create(&collection, &class(), &options).await {
        Err(error) if !error.is_already_exists() => Err(error),
        _ => Ok(()),
    }
}

fn class() -> Object {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {
            "name": CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    })
    .into()
}

/// The volume for a claim on `node`. Its name follows from the claim's uid: a second attempt finds
/// the first one's, and no claim ever sees another's data. It goes when the node has removed the
/// directory.
pub(super) fn volume(observed: &Observed, node: &Object, reclaim_policy: &str) -> Object {
    let claim = &observed.claim;
    let name = format!("pvc-{}", claim.uid);
    let hostname = node.label(HOSTNAME).unwrap_or(node.name());
    let size = observed
        .object
        .pointer("/spec/resources/requests/storage")
        .cloned()
        .unwrap_or(Value::Null);
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {
            "name": name, "annotations": {PROVISIONED_BY: PROVISIONER},
            "labels": {NODE: node.name()}, "finalizers": [FINALIZER],
        },
        "spec": {
            "capacity": {"storage": size},
            "accessModes": observed.object.body["spec"]["accessModes"],
            "volumeMode": claim.volume_mode,
            "storageClassName": claim.class(),
            "persistentVolumeReclaimPolicy": reclaim_policy,
            "claimRef": super::claim::reference(&observed.object),
            "local": {"path": format!("{}/{name}", observed.directory)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": HOSTNAME, "operator": "In", "values": [hostname]},
            ]}]}},
        },
    })
    .into()
}
