//! Which application an object descends from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Collection, Object, ObjectKey};

use crate::web::app::App;

/// The application whose object it descends from; empty where that is not known.
pub(super) async fn whose(app: &App, key: &ObjectKey, object: &Object) -> String {
    let keys = line(app, key, object);
    let owners = app.backend.owners(&keys).await.unwrap_or_default();
    eldest(&keys, &owners)
}

/// The same of many pods, with one question.
pub(super) async fn whose_pods(app: &App, pods: &[Arc<Object>]) -> Vec<String> {
    let collection = Collection::new("", "pods");
    let lines: Vec<Vec<ObjectKey>> = pods
        .iter()
        .map(|pod| {
            let mut line = line(app, &pod.key(&collection), pod);
            // Whose a pod is that something made, is told by what made it.
            if line.len() > 1 {
                line.remove(0);
            }
            line
        })
        .collect();
    let keys: BTreeSet<ObjectKey> = lines.iter().flatten().cloned().collect();
    let keys: Vec<ObjectKey> = keys.into_iter().collect();
    let owners = app.backend.owners(&keys).await.unwrap_or_default();
    lines.iter().map(|line| eldest(line, &owners)).collect()
}

/// The object's own key, then the keys of what made it.
fn line(app: &App, key: &ObjectKey, object: &Object) -> Vec<ObjectKey> {
    let mut keys = vec![key.clone()];
    let mut owner = object.controller();
    // At most from a pod over a Job to a CronJob, or over a ReplicaSet to a Deployment.
    for _ in 0..2 {
        let Some(reference) = owner.take() else { break };
        let gvk = api::GroupVersionKind::from_type_meta(&reference.api_version, &reference.kind);
        let catalog = app.client.catalog();
        let Some(resource) = catalog.by_kind(&gvk) else {
            break;
        };
        let key = resource.collection().key(&key.namespace, &reference.name);
        owner = app.cached(&key).and_then(|object| object.controller());
        keys.push(key);
    }
    keys
}

fn eldest(line: &[ObjectKey], owners: &BTreeMap<ObjectKey, String>) -> String {
    let found = line.iter().rev().find_map(|key| owners.get(key));
    found.cloned().unwrap_or_default()
}
