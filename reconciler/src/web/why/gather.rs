//! Reads what an explanation stands on. Values of Secrets are dropped as soon as they are read.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::codec::strict::nearest;
use api::selector::FieldSelector;
use api::{Collection, GroupVersionKind, Object, ObjectKey, Uid, resource};
use client::ListOptions;
use engine::why::node::silence;
use engine::why::{Facts, Log, asks_in_vain, needs, port_is_taken};
use engine::{HealthStatus, health};
use serde_json::Value;

use super::PATIENCE;
use super::runs::has_run_well;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::pages::{first_lines, last_lines};

/// Owners above an object: more is a circle.
const DEPTH: usize = 3;
/// Objects of one kind that are looked at.
const MOST: usize = 500;

/// The object as the informer has it, or as the server has it.
pub(super) async fn read(app: &App, key: &ObjectKey) -> Result<Object, PageError> {
    if let Some(object) = app.cached(key) {
        return Ok((*object).clone());
    }
    match app.client.get(key).await {
        Ok(object) => Ok(object),
        Err(error) if error.is_not_found() => {
            let place = match key.namespace.as_str() {
                "" => String::new(),
                namespace => format!(" in namespace {namespace}"),
            };
            let mut served = api::resource::served().iter();
            let resource = served.find(|it| it.collection() == key.collection);
            let kind = resource.map_or_else(|| key.collection.to_string(), |it| it.kind.clone());
            let what = format!("{kind} {}{place}", key.name);
            Err(PageError::NotFound(what))
        }
        Err(error) => Err(error.into()),
    }
}

/// The worst of the pods that descend from an object; `None` where all of them are well.
pub(super) async fn culprit(app: &App, object: &Object) -> Option<Object> {
    if matches!(object.kind(), "Pod" | "Service") || has_run_well(app, object).await {
        return None;
    }
    let pods = below(app, object).await;
    let now = app.env.now();
    pods.into_iter()
        .filter_map(|pod| Some((health::assess(&pod, now)?.status, pod)))
        .filter(|(status, _)| *status >= HealthStatus::Progressing)
        .max_by_key(|(status, pod)| (*status, pod.creation_timestamp().to_owned()))
        .map(|(_, pod)| (*pod).clone())
}

/// The pods that an object made, or that what it made did.
async fn below(app: &App, object: &Object) -> Vec<Arc<Object>> {
    let namespace = object.namespace();
    let is_of = |it: &Object, owners: &[Uid]| {
        let owner = it.controller();
        it.namespace() == namespace && owner.is_some_and(|owner| owners.contains(&owner.uid))
    };
    let mut owners = vec![object.uid()];
    for (group, resource) in [("batch", "jobs"), ("apps", "replicasets")] {
        let all = app.all(&Collection::new(group, resource)).await;
        let made = all.unwrap_or_default();
        let made: Vec<Uid> = made
            .iter()
            .filter(|it| is_of(it, &owners))
            .map(|it| it.uid())
            .collect();
        owners.extend(made);
    }
    let pods = app
        .all(&Collection::new("", "pods"))
        .await
        .unwrap_or_default();
    pods.into_iter().filter(|pod| is_of(pod, &owners)).collect()
}

/// Everything about one object that the rules look at.
pub(super) async fn facts(app: &App, object: Object) -> Facts {
    let mut facts = Facts {
        now: app.env.now(),
        owners: owners(app, &object).await,
        object,
        ..Facts::default()
    };
    match facts.object.kind() {
        "Pod" => of_pod(app, &mut facts).await,
        "Service" => {
            let namespace = facts.object.namespace().to_owned();
            let pods = list(app, "pods", &namespace).await;
            let pods = noted(&mut facts, pods, || {
                format!("the pods of namespace {namespace}")
            });
            facts.around = pods;
        }
        _ => of_workload(app, &mut facts).await,
    }
    facts
}

/// Who made it, the nearest first.
pub(super) async fn owners(app: &App, object: &Object) -> Vec<Object> {
    let mut found: Vec<Object> = Vec::new();
    while found.len() < DEPTH {
        let last = found.last().unwrap_or(object);
        let Some(reference) = last.controller() else {
            break;
        };
        let gvk = GroupVersionKind::from_type_meta(&reference.api_version, &reference.kind);
        let Some(resource) = resource::by_kind(&gvk) else {
            break;
        };
        let key = resource
            .collection()
            .key(object.namespace(), &reference.name);
        match read(app, &key).await {
            Ok(owner) => found.push(owner),
            Err(_) => break,
        }
    }
    found
}

async fn of_pod(app: &App, facts: &mut Facts) {
    let namespace = facts.object.namespace().to_owned();
    for key in needs(&facts.object) {
        look(app, facts, &key).await;
    }
    // What becomes of the pod depends on whether there are others.
    let nodes = facts.around.iter().filter(|it| it.kind() == "Node");
    if nodes.clone().any(|node| silence(node, facts.now).is_some()) {
        let all = app.all(&Collection::new("", "nodes")).await;
        facts
            .around
            .extend(all.unwrap_or_default().iter().map(|it| (**it).clone()));
    }
    // Who is named but not there may be there under a name that is like it.
    for (resource, kind) in [("configmaps", "ConfigMap"), ("secrets", "Secret")] {
        let absent = facts.absent.iter().filter(|it| it.0 == kind);
        let names: Vec<String> = absent.map(|it| it.2.clone()).collect();
        if !names.is_empty() {
            let all = every(app, resource, &namespace).await;
            facts
                .around
                .extend(alike(all.unwrap_or_default(), &names).map(safe));
        }
    }
    let claims = facts
        .around
        .iter()
        .filter(|it| it.kind() == "PersistentVolumeClaim");
    let classes: Vec<String> = claims
        .filter(|claim| claim.text("/status/phase") == "Pending")
        .map(|claim| claim.text("/spec/storageClassName").to_owned())
        .filter(|class| !class.is_empty())
        .collect();
    for class in classes {
        let key = Collection::new("storage.k8s.io", "storageclasses").key("", class);
        look(app, facts, &key).await;
    }
    facts.around.extend(siblings(app, &facts.owners).await);
    let events = events(app, &facts.object).await;
    facts.events = noted(facts, events, reported);
    facts.logs = logs(app, &facts.object).await;
    let mut lines = facts.logs.iter().flat_map(|log| &log.lines);
    // Which port a process has, it says where it begins.
    if lines.any(|line| port_is_taken(line)) || asks_in_vain(facts) {
        let others = other_logs(app, &facts.object, &facts.logs).await;
        facts.logs.extend(others);
    }
}

/// The other versions of what made a pod.
async fn siblings(app: &App, owners: &[Object]) -> Vec<Object> {
    let [set, root, ..] = owners else {
        return Vec::new();
    };
    let all = app.all(&Collection::new("apps", "replicasets")).await;
    let all = all.unwrap_or_default();
    let is_other = |it: &&Arc<Object>| {
        let owner = it.controller();
        it.uid() != set.uid() && owner.is_some_and(|owner| owner.uid == root.uid())
    };
    all.iter()
        .filter(is_other)
        .map(|it| (**it).clone())
        .collect()
}

/// Puts one object to the facts, or that it is not there.
async fn look(app: &App, facts: &mut Facts, key: &ObjectKey) {
    let Some(resource) = resource::by_collection(&key.collection) else {
        return;
    };
    let kind = resource.kind.as_str();
    let found = tokio::time::timeout(PATIENCE, app.client.get(key)).await;
    match found {
        Ok(Ok(object)) => facts.around.push(safe(object)),
        Ok(Err(error)) if error.is_not_found() => {
            let absent = (kind.to_owned(), key.namespace.clone(), key.name.clone());
            facts.absent.push(absent);
        }
        // What could not be read proves nothing.
        Ok(Err(_)) | Err(_) => facts.unread.push(format!("{kind} {}", key.name)),
    }
}

async fn of_workload(app: &App, facts: &mut Facts) {
    let namespace = facts.object.namespace().to_owned();
    let uid = facts.object.uid();
    let events = events(app, &facts.object).await;
    let mut events = noted(facts, events, reported);
    for (group, resource) in [("apps", "replicasets"), ("batch", "jobs")] {
        let all = app
            .all(&Collection::new(group, resource))
            .await
            .unwrap_or_default();
        let own = all
            .iter()
            .filter(|it| it.controller().is_some_and(|owner| owner.uid == uid));
        for made in own {
            events.extend(self::events(app, made).await.unwrap_or_default());
            facts.around.push((**made).clone());
        }
    }
    if !namespace.is_empty() {
        let quotas = list(app, "resourcequotas", &namespace).await;
        let quotas = noted(facts, quotas, || {
            format!("the quotas of namespace {namespace}")
        });
        facts.around.extend(quotas);
    }
    facts.around.extend(
        below(app, &facts.object)
            .await
            .iter()
            .map(|pod| (**pod).clone()),
    );
    facts.events = events;
}

/// Those whose names are nearest to these: a namespace may have thousands.
fn alike(all: Vec<Object>, names: &[String]) -> impl Iterator<Item = Object> {
    let near = |name: &String| {
        let near = nearest(name, all.iter().map(Object::name));
        near.map(ToOwned::to_owned)
    };
    let near: BTreeSet<String> = names.iter().filter_map(near).collect();
    all.into_iter().filter(move |it| near.contains(it.name()))
}

async fn list(app: &App, resource: &str, namespace: &str) -> Option<Vec<Object>> {
    let all = every(app, resource, namespace).await?;
    Some(all.into_iter().take(MOST).map(safe).collect())
}

/// What was read, or a note that it was not.
fn noted(facts: &mut Facts, read: Option<Vec<Object>>, what: impl Fn() -> String) -> Vec<Object> {
    read.unwrap_or_else(|| {
        facts.unread.push(what());
        Vec::new()
    })
}

fn reported() -> String {
    "what is reported about it".into()
}

/// Secrets as the server has them: what is kept has to be made [`safe`].
async fn every(app: &App, resource: &str, namespace: &str) -> Option<Vec<Object>> {
    let options = ListOptions {
        namespace: Some(namespace.to_owned()),
        ..ListOptions::default()
    };
    let collection = Collection::new("", resource);
    let listing = app.client.list(&collection, &options);
    match tokio::time::timeout(PATIENCE, listing).await {
        Ok(Ok(list)) => Some(list.items),
        _ => None,
    }
}

/// What is reported about an object.
async fn events(app: &App, object: &Object) -> Option<Vec<Object>> {
    let (kind, name) = (object.kind(), object.name());
    let fields = FieldSelector::parse(&format!(
        "involvedObject.kind={kind},involvedObject.name={name}"
    ));
    let Ok(fields) = fields else {
        return Some(Vec::new());
    };
    let options = ListOptions {
        namespace: Some(object.namespace().to_owned()),
        fields,
        ..ListOptions::default()
    };
    let collection = Collection::new("", "events");
    let listing = app.client.list(&collection, &options);
    match tokio::time::timeout(PATIENCE, listing).await {
        Ok(Ok(list)) => Some(list.items),
        _ => None,
    }
}

/// The ends of the logs of all containers that failed: of the run that did.
async fn logs(app: &App, pod: &Object) -> Vec<Log> {
    let failed = |state: &Value| {
        let ended = &state["terminated"];
        ended["exitCode"].as_i64().is_some_and(|code| code != 0)
    };
    let statuses = ["initContainerStatuses", "containerStatuses"];
    let statuses = statuses
        .iter()
        .flat_map(|it| pod.body["status"][it].as_array().into_iter().flatten());
    let mut logs = Vec::new();
    for status in statuses {
        let previous = if failed(&status["state"]) {
            false
        } else if failed(&status["lastState"]) {
            true
        } else {
            continue;
        };
        let container = status["name"].as_str().unwrap_or_default();
        let (lines, error) = last_lines(app, pod, container, previous).await;
        logs.push(Log {
            container: container.to_owned(),
            lines,
            error,
        });
    }
    logs
}

/// The beginnings of the logs of what runs beside the containers that failed.
async fn other_logs(app: &App, pod: &Object, known: &[Log]) -> Vec<Log> {
    let statuses = pod.body["status"]["containerStatuses"].as_array();
    let mut logs = Vec::new();
    for status in statuses.into_iter().flatten() {
        let container = status["name"].as_str().unwrap_or_default();
        let is_known = known.iter().any(|log| log.container == container);
        if is_known || !status["state"]["running"].is_object() {
            continue;
        }
        logs.push(Log {
            container: container.to_owned(),
            lines: first_lines(app, pod, container).await,
            error: String::new(),
        });
    }
    logs
}

/// Without the values of a Secret.
fn safe(mut object: Object) -> Object {
    if object.kind() != "Secret" {
        return object;
    }
    for part in ["data", "stringData"] {
        for value in object.body[part]
            .as_object_mut()
            .into_iter()
            .flat_map(|it| it.values_mut())
        {
            *value = Value::Null;
        }
    }
    if let Some(annotations) = object.body["metadata"]["annotations"].as_object_mut() {
        annotations.clear();
    }
    object
}

#[test]
fn the_nearest_name_is_found_among_thousands() {
    let named = |name: String| Object::from(serde_json::json!({"metadata": {"name": name}}));
    let many = (0..2_000).map(|at| named(format!("map-{at:04}")));
    let all = many.chain([named("shop-env".into())]).collect();
    let found: Vec<Object> = alike(all, &["shop-enw".into(), "nothing".into()]).collect();
    let found: Vec<&str> = found.iter().map(Object::name).collect();
    assert_eq!(found, ["shop-env"]);
}
