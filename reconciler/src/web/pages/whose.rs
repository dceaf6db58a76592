//! Which application an object descends from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Collection, Object, ObjectKey};

use crate::usage;
use crate::web::app::App;
use crate::web::gate::chain;

/// The application whose object it descends from; empty where that is not known.
pub(super) async fn whose(app: &App, key: &ObjectKey, object: &Object) -> String {
    let keys = line(app, key, object);
    let owners = app.backend.owners(&keys).await.unwrap_or_default();
    eldest(&keys, &owners)
}

/// The same of many pods, with one question, and why it was not answered; empty where it was.
pub(super) async fn whose_pods(app: &App, pods: &[Arc<Object>]) -> (Vec<String>, String) {
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
    let (owners, error) = match app.backend.owners(&keys).await {
        Ok(owners) => (owners, String::new()),
        Err(error) => {
            let told = format!("Whose pods are cannot be read: {}.", chain(&error));
            (BTreeMap::new(), told)
        }
    };
    let all = lines.iter().map(|line| eldest(line, &owners));
    (all.collect(), error)
}

/// The same of objects by name, also of those that are gone, with one question.
pub(super) async fn whose_keys(app: &App, keys: &[ObjectKey]) -> Vec<String> {
    let lines: Vec<Vec<ObjectKey>> = keys
        .iter()
        .map(|key| match app.cached(key) {
            Some(object) => line(app, key, &object),
            None => vec![key.clone()],
        })
        .collect();
    let all: BTreeSet<ObjectKey> = lines.iter().flatten().cloned().collect();
    let all: Vec<ObjectKey> = all.into_iter().collect();
    let owners = app.backend.owners(&all).await.unwrap_or_default();
    lines.iter().map(|line| eldest(line, &owners)).collect()
}

fn line(app: &App, key: &ObjectKey, object: &Object) -> Vec<ObjectKey> {
    let find = |key: &ObjectKey| app.cached(key);
    usage::line(&app.client.catalog(), &find, key, object)
}

fn eldest(line: &[ObjectKey], owners: &BTreeMap<ObjectKey, String>) -> String {
    let found = line.iter().rev().find_map(|key| owners.get(key));
    found.cloned().unwrap_or_default()
}
