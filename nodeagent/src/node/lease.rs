//! The node's sign of life: cheaper than a whole status, so it can be frequent.

use std::sync::Arc;

use api::{Collection, GroupVersionKind, Object, micro_time};
use client::{Client, Env, Error, Patch, PatchOptions, Target, WriteOptions};
use serde_json::json;

const NAMESPACE: &str = "kube-node-lease";
const DURATION_SECONDS: i64 = 40;

/// Renews the lease of `node`, making it where it is not.
pub(super) async fn renew(client: &Arc<dyn Client>, env: &Env, node: &Object) -> Result<(), Error> {
    let collection = Collection::new("coordination.k8s.io", "leases");
    let now = micro_time(env.now());
    let target = Target::object(collection.key(NAMESPACE, node.name()));
    let spec = json!({
        "holderIdentity": node.name(),
        "leaseDurationSeconds": DURATION_SECONDS,
        "renewTime": now,
    });
    let patch = Patch::Merge(json!({"spec": spec}));
    match client
        .patch(&target, &patch, &PatchOptions::default())
        .await
    {
        Err(error) if error.is_not_found() => {}
        answer => return answer.map(|_| ()),
    }
    let kind = GroupVersionKind::new("coordination.k8s.io", "v1", "Lease");
    let mut lease = Object::new(&kind, NAMESPACE, node.name());
    lease.body["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "Node", "name": node.name(), "uid": node.uid(),
    }]);
    lease.body["spec"] = spec;
    client
        .create(&collection, &lease, &WriteOptions::default())
        .await
        .map(|_| ())
}
