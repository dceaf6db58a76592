//! Why something is not as it should be: `gather` reads what `engine::why` decides on, this asks Git
//! for the line. Reads only, and within the patience of a page.

mod actions;
mod application;
mod gather;
mod pending;
mod runs;
mod version;

use std::time::Duration;

use serde::Serialize;

use api::{Collection, Object, ObjectKey, resource};
use engine::rollout::CommitId;
use engine::why::{self, Chain, Facts, Field, NODE};

use super::app::App;
use super::error::PageError;
use crate::history::Rollout;

pub(in crate::web) use actions::Action;
pub(super) use application::of_application;
pub(super) use pending::{Pending, of_pod as pending};

/// How long one source of facts may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// A chain, and what the scheduler says where a pod has no node.
#[derive(Debug, Clone, Serialize)]
pub(in crate::web) struct Explained {
    #[serde(flatten)]
    pub chain: Chain,
    /// Whose it is; empty where it is nobody's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub application: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// What may be done about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// What brought the version of the pod that is explained.
    #[serde(skip)]
    pub rollout: Option<Rollout>,
}

impl Explained {
    fn of(application: String, chain: Chain) -> Self {
        Self {
            chain,
            application,
            pending: None,
            actions: Vec::new(),
            rollout: None,
        }
    }
}

/// Of an object of the cluster. For what makes pods, of the worst of its pods.
pub(super) async fn of_object(app: &App, key: &ObjectKey) -> Result<Explained, PageError> {
    let object = gather::read(app, key).await?;
    Ok(of(app, object).await)
}

/// Of an object that was read already.
pub(super) async fn of(app: &App, object: Object) -> Explained {
    let Some(pod) = gather::culprit(app, &object).await else {
        return alone(app, object).await;
    };
    let mut made = runs::of(app, &object).await;
    made.push(pod.clone());
    let above = why::symptom_of(&object, &made, app.env.now());
    let explained = alone(app, pod).await;
    Explained {
        chain: explained.chain.below(why::title(&object), vec![above]),
        ..explained
    }
}

async fn alone(app: &App, object: Object) -> Explained {
    let facts = gather::facts(app, object).await;
    let chain = with_git(app, &facts, why::explain(&facts)).await;
    let application = owner(app, &facts).await;
    if facts.object.kind() != "Pod" {
        return Explained::of(application, chain);
    }
    let pod = &facts.object;
    let rollout = version::rollout(app, pod, &facts.owners, &application).await;
    let known = rollout.as_ref().map(Option::as_ref);
    let chain = version::came(app, &facts, chain, known).await;
    let rollout = rollout.ok().flatten();
    let actions = match &rollout {
        _ if chain.well => Vec::new(),
        _ if chain.rule == NODE => vec![actions::of_node(pod.text("/spec/nodeName"))],
        Some(rollout) => actions::of_rollout(rollout, app.past.is_some()),
        None => Vec::new(),
    };
    Explained {
        pending: pending(app, pod).await,
        actions,
        rollout,
        ..Explained::of(application, chain)
    }
}

/// The application that has the object, or what made it.
async fn owner(app: &App, facts: &Facts) -> String {
    let keys = keys(facts, None);
    let owners = app.backend.owners(&keys).await.unwrap_or_default();
    let mut found = keys.iter().filter_map(|key| owners.get(key).cloned());
    found.next().unwrap_or_default()
}

/// Of an object and of what made it, the nearest first.
fn keys(facts: &Facts, first: Option<&ObjectKey>) -> Vec<ObjectKey> {
    let above = facts.owners.iter();
    let own = std::iter::once(&facts.object).filter(|_| first.is_none());
    let known = own.chain(above).filter_map(|it| {
        let collection = collection(it)?;
        Some(collection.key(it.namespace(), it.name()))
    });
    first.into_iter().cloned().chain(known).collect()
}

/// Goes on from the field to its line.
async fn with_git(app: &App, facts: &Facts, chain: Chain) -> Chain {
    let Some(field) = &chain.field else {
        return chain;
    };
    let Some(key) = key_of(facts, field) else {
        return chain;
    };
    let looking = async {
        let commits = commits(app, facts, &key).await;
        app.backend.written(&key, &commits, &field.path).await
    };
    let now = app.env.now();
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(Ok(written)) => chain.written(written.as_ref(), now),
        Ok(Err(error)) => Chain {
            missing: format!("Git cannot be read: {}", super::gate::chain(&error)),
            ..chain
        },
        Err(_) => Chain {
            missing: "Git did not answer in time".into(),
            ..chain
        },
    }
}

/// The key of the object that has the field; `None` where nobody read that object.
fn key_of(facts: &Facts, field: &Field) -> Option<ObjectKey> {
    let known = std::iter::once(&facts.object)
        .chain(&facts.owners)
        .chain(&facts.around);
    let mut of = known.filter(|it| {
        it.kind() == field.kind && it.name() == field.name && it.namespace() == field.namespace
    });
    Some(collection(of.next()?)?.key(&field.namespace, &field.name))
}

pub(super) fn collection(object: &Object) -> Option<Collection> {
    resource::by_kind(&object.gvk()).map(api::Resource::collection)
}

/// The commits that the object may have come with, the one that is compared first.
async fn commits(app: &App, facts: &Facts, key: &ObjectKey) -> Vec<CommitId> {
    let keys = keys(facts, Some(key));
    let owners = app.backend.owners(&keys).await.unwrap_or_default();
    let Some(owner) = keys.iter().find_map(|key| owners.get(key).cloned()) else {
        return Vec::new();
    };
    let Ok(view) = app.backend.application(&owner).await else {
        return Vec::new();
    };
    let (standing, last) = (&view.standing, view.summary.last.as_ref());
    let mut commits = vec![standing.revision.clone(), standing.applied.clone()];
    commits.extend(last.map(|last| last.revision.clone()));
    commits.retain(|commit| !commit.0.is_empty());
    commits.dedup();
    commits
}
