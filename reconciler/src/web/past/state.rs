//! Which moment is meant, and what there was then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use api::{Collection, Object, ObjectKey, Reason, Uid};
use engine::rollout::CommitId;
use engine::why::leads_nowhere;

use crate::history::{Rollout, RolloutQuery};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::view::time::seconds;

/// What is told of an end is written right after it.
const SETTLING: SignedDuration = SignedDuration::from_secs(2);
/// How long the cluster may take to say how it was.
const PATIENCE: Duration = Duration::from_secs(15);

/// A moment, as an address names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Asked(pub(super) String);

/// A moment, and what there was.
pub(in crate::web) struct Past {
    pub(in crate::web) at: Timestamp,
    /// As the address says it.
    pub(in crate::web) asked: String,
    /// The newest commit that had been brought to the cluster by then; empty where none had.
    pub(in crate::web) commit: CommitId,
    objects: BTreeMap<ObjectKey, Arc<Object>>,
    /// By their controller.
    made: BTreeMap<Uid, Vec<ObjectKey>>,
}

impl Asked {
    /// The `at` of a query.
    pub(super) fn of(query: &str) -> Option<Self> {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == "at")?;
        let value = crate::web::pages::unescaped(&value.replace('+', " "));
        (!value.is_empty()).then_some(Self(value))
    }

    /// What sort of moment it is.
    pub(super) fn moment(&self) -> Option<Moment> {
        let text = self.0.trim();
        // A plus sign of a time zone may have come as a blank.
        if let Ok(time) = text.replace(' ', "+").parse() {
            return Some(Moment::Time(time));
        }
        let is_commit =
            (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_commit.then(|| Moment::Commit(text.to_ascii_lowercase()))
    }
}

/// A time, or the end of what was done for a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Moment {
    Time(Timestamp),
    Commit(String),
}

impl Past {
    #[cfg(test)]
    pub(super) fn new(at: Timestamp, asked: &str, commit: CommitId, objects: Vec<Object>) -> Self {
        let catalog = api::Catalog::built_in();
        Self::with(&catalog, at, asked, commit, objects)
    }

    fn with(
        catalog: &api::Catalog,
        at: Timestamp,
        asked: &str,
        commit: CommitId,
        objects: Vec<Object>,
    ) -> Self {
        let mut past = Self {
            at,
            asked: asked.to_owned(),
            commit,
            objects: BTreeMap::new(),
            made: BTreeMap::new(),
        };
        for object in objects {
            let Some(resource) = catalog.by_kind(&object.gvk()) else {
                continue;
            };
            let key = object.key(&resource.collection());
            if let Some(owner) = object.controller() {
                past.made.entry(owner.uid).or_default().push(key.clone());
            }
            past.objects.insert(key, Arc::new(object));
        }
        past
    }

    pub(in crate::web) fn get(&self, key: &ObjectKey) -> Option<Arc<Object>> {
        self.objects.get(key).cloned()
    }

    pub(in crate::web) fn all(&self, collection: &Collection) -> Vec<Arc<Object>> {
        let of = self.objects.iter();
        of.filter(|(key, _)| key.collection == *collection)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// What was wrong with an object that was healthy by itself; empty where nothing was.
    pub(super) fn warning(&self, object: &Object) -> String {
        if object.kind() != "Service" {
            return String::new();
        }
        let pods = self.all(&Collection::new("", "pods"));
        leads_nowhere(object, pods.iter().map(|pod| &**pod)).unwrap_or_default()
    }

    /// Those whose name has these letters in it.
    pub(super) fn named<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = ObjectKey> + 'a {
        let keys = self.objects.keys();
        keys.filter(move |key| key.name.to_lowercase().contains(wanted))
            .cloned()
    }

    /// What an object's controller made of it, and what was made of that.
    pub(super) fn descendants(&self, object: &Object) -> Vec<(ObjectKey, Arc<Object>)> {
        let mut found: Vec<(ObjectKey, Arc<Object>)> = Vec::new();
        let mut owners = vec![object.uid()];
        while let Some(owner) = owners.pop() {
            for key in self.made.get(&owner).into_iter().flatten() {
                let Some(object) = self.get(key) else {
                    continue;
                };
                if found.iter().all(|(known, _)| known != key) {
                    owners.push(object.uid());
                    found.push((key.clone(), object));
                }
            }
        }
        found
    }
}

/// Finds the moment and asks the cluster how it was.
pub(super) async fn find(app: &App, asked: &Asked) -> Result<Past, PageError> {
    let at = match asked.moment() {
        Some(Moment::Time(time)) => time,
        Some(Moment::Commit(commit)) => {
            let rollouts = app.backend.rollouts_of(&commit).await?;
            let end = end(&rollouts, app.env.now()).ok_or_else(|| {
                PageError::NotFound(format!("rollout of a commit that begins with {commit}"))
            })?;
            let near = RolloutQuery {
                before: Some(end + SETTLING),
                limit: 50,
                ..RolloutQuery::default()
            };
            let near = app.backend.rollouts(&near).await?;
            settled(end, &near, app.env.now())
        }
        None => {
            let text = format!(
                "at is a time such as 2026-03-01T14:00:00Z or a commit, not {}",
                asked.0
            );
            return Err(PageError::BadParameter(text));
        }
    };
    if at > app.env.now() {
        let text = format!("at is {}, which is still to come", seconds(at));
        return Err(PageError::BadParameter(text));
    }
    let objects = objects(app, at).await?;
    let until = RolloutQuery {
        before: Some(at + SignedDuration::from_micros(1)),
        limit: 200,
        ..RolloutQuery::default()
    };
    let last = app.backend.rollouts(&until).await?;
    let commit = last
        .into_iter()
        .find(|it| it.finished_at.is_some_and(|end| end <= at));
    let commit = commit.map(|it| it.revision).unwrap_or_default();
    Ok(Past::with(
        &app.client.catalog(),
        at,
        &asked.0,
        commit,
        objects,
    ))
}

/// When everything was done that was done for a commit; now, while something still is.
pub(super) fn end(rollouts: &[Rollout], now: Timestamp) -> Option<Timestamp> {
    let ends = rollouts.iter();
    ends.map(|rollout| rollout.finished_at.unwrap_or(now)).max()
}

/// A little after an end, when what came of it was written down as well, and before anything else
/// began. `near` are the rollouts that began by then.
pub(super) fn settled(end: Timestamp, near: &[Rollout], now: Timestamp) -> Timestamp {
    let later = near.iter().map(|rollout| rollout.started_at);
    let next = later.filter(|start| *start > end).min();
    let settled = (end + SETTLING).min(now.max(end));
    next.map_or(settled, |next| {
        settled.min(next - SignedDuration::from_micros(1))
    })
}

async fn objects(app: &App, at: Timestamp) -> Result<Vec<Object>, PageError> {
    let at = at.to_string();
    let query = [("at", at.as_str())];
    let asking = app.client.read("/apis/kedge.dev/v1alpha1/state", &query);
    let answer = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(untold(error)),
        Err(late) => {
            return Err(PageError::Unavailable {
                what: "the cluster's log of changes",
                source: Box::new(late),
            });
        }
    };
    let items = match answer {
        Value::Object(mut answer) => answer.remove("items"),
        _ => None,
    };
    let items = match items {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    Ok(items.into_iter().map(Object::from).collect())
}

/// What the log does not reach back to is gone for good.
fn untold(error: client::Error) -> PageError {
    match error.reason() {
        Some(Reason::Expired | Reason::Gone) => {
            PageError::Gone(format!("that time, as far as it is remembered ({error}),"))
        }
        Some(Reason::NotFound) => PageError::BadRequest(
            "this cluster is not Kedge's: it keeps no log of changes to look back into".into(),
        ),
        Some(Reason::BadRequest | Reason::RequestEntityTooLarge) => {
            PageError::BadRequest(error.to_string())
        }
        _ => PageError::Unavailable {
            what: "the cluster's log of changes",
            source: Box::new(error),
        },
    }
}
