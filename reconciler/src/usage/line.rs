//! What made an object: whose it is, is told by that.

use std::sync::Arc;

use api::{Catalog, GroupVersionKind, Object, ObjectKey};

/// The object's own key, then the keys of what made it, as far as `find` knows them.
pub(crate) fn line(
    catalog: &Catalog,
    find: &dyn Fn(&ObjectKey) -> Option<Arc<Object>>,
    key: &ObjectKey,
    object: &Object,
) -> Vec<ObjectKey> {
    let mut keys = vec![key.clone()];
    let mut owner = object.controller();
    // At most from a pod over a Job to a CronJob, or over a ReplicaSet to a Deployment.
    for _ in 0..2 {
        let Some(reference) = owner.take() else { break };
        let gvk = GroupVersionKind::from_type_meta(&reference.api_version, &reference.kind);
        let Some(resource) = catalog.by_kind(&gvk) else {
            break;
        };
        let key = resource.collection().key(&key.namespace, &reference.name);
        owner = find(&key).and_then(|object| object.controller());
        keys.push(key);
    }
    keys
}
