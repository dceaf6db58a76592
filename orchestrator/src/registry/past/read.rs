//! Reads the log and hands it to what decides.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, OwnerReference, Reason, Revision, Status};

use crate::registry::Registry;
use crate::registry::commit::status;
use crate::registry::context::Context;
use crate::registry::intent::{Intent, Tracking};
use crate::registry::kinds::Kind;
use crate::store::{self, Applied, Change, ChangeKind, Store, is_event};

use super::blame::{Blame, Guilt, Version};
use super::fields::{self, flatten};
use super::moment::Moment;
use super::redact::{self, Secret};
use super::revive::revived;
use super::told;

/// Changes that one answer tells.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 100;
/// Changes that blame looks at before it gives up: some statuses are written every second.
const MOST_BLAMED: usize = 1000;
const API_VERSION: &str = "kedge.dev/v1alpha1";

/// Which part of an object's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRequest {
    pub key: ObjectKey,
    /// The newest change to tell; the newest there is where `None`.
    pub until: Option<Revision>,
    /// 0: as many as an answer usually has.
    pub limit: usize,
}

impl Registry {
    /// The revision that was the newest at a moment.
    ///
    /// # Errors
    /// 410 before the log begins, 400 for the future and for a commit that made no change.
    pub async fn moment(&self, at: &Collection, moment: Moment) -> Result<Revision, Status> {
        let store = self.stores.of(at);
        match moment {
            Moment::Revision(revision) => {
                let newest = store.revision().await.map_err(|error| status(&error))?;
                if revision > newest {
                    let message =
                        format!("revision {revision} is still to come: the newest is {newest}");
                    return Err(Status::bad_request(message));
                }
                Ok(revision)
            }
            Moment::Time(time) if time > self.env.now() => Err(Status::bad_request(format!(
                "{time} is still to come: name a moment that has passed"
            ))),
            Moment::Time(time) => revision_at(store.as_ref(), time).await,
            Moment::Commit(prefix) => {
                let applied = self.stores.objects.applied(&prefix).await;
                let applied = only(&prefix, applied.map_err(|error| status(&error))?)?;
                if is_event(at) {
                    return revision_at(store.as_ref(), applied.at).await;
                }
                Ok(applied.revision)
            }
        }
    }

    /// One object as it was.
    ///
    /// # Errors
    /// 404 where it did not exist then, 410 before the log begins.
    pub async fn object_at(&self, key: &ObjectKey, revision: Revision) -> Result<Object, Status> {
        let changes = self.changes(key, revision, 1).await?;
        match changes.first() {
            Some(change) if change.kind != ChangeKind::Deleted => decoded(change),
            _ => Err(Status::not_found(key)),
        }
    }

    /// Every object of a kind as it was, by namespace and name.
    ///
    /// # Errors
    /// 410 before the log begins.
    pub async fn list_at(
        &self,
        collection: &Collection,
        namespace: &str,
        revision: Revision,
    ) -> Result<Vec<Object>, Status> {
        let listing = self.stores.of(collection).at(Some(collection), revision);
        let listing = listing.await.map_err(|error| status(&error))?;
        let items = listing.items.iter();
        items
            .filter(|stored| namespace.is_empty() || stored.key.namespace == namespace)
            .map(|stored| {
                let object = stored.body.decode(stored.revision);
                object.map_err(|error| Status::internal(format!("{}: {error}", stored.key)))
            })
            .collect()
    }

    /// What was changed in an object, when and by whom, newest first.
    ///
    /// # Errors
    /// 404 for an object that the log knows nothing of, 410 before it begins.
    pub async fn history(&self, request: &HistoryRequest) -> Result<Value, Status> {
        let limit = match request.limit {
            0 => PAGE,
            limit => limit.min(LARGEST_PAGE),
        };
        let until = self.until(&request.key, request.until).await?;
        let changes = self.changes(&request.key, until, limit + 1).await?;
        if changes.is_empty() {
            return Err(Status::not_found(&request.key));
        }
        let items: Result<Vec<Value>, Status> = (0..changes.len().min(limit))
            .map(|place| item(&changes[place], changes.get(place + 1)))
            .collect();
        let mut history = json!({
            "apiVersion": API_VERSION, "kind": "History", "metadata": {},
            "object": about(&request.key), "items": items?,
        });
        if let Some(next) = changes.get(limit) {
            history["metadata"]["continue"] = json!(next.revision.to_string());
        }
        Ok(history)
    }

    /// Who made each field of an object what it is.
    ///
    /// # Errors
    /// 404 for an object that the log knows nothing of.
    pub async fn blame(&self, key: &ObjectKey) -> Result<Value, Status> {
        let oldest = self.stores.of(&key.collection).oldest().await;
        let oldest = oldest.map_err(|error| status(&error))?;
        let mut until = self.until(key, None).await?;
        let (mut blame, mut deleted, mut secret) = (None::<Blame>, None, Secret::No);
        let mut seen = 0;
        while seen < MOST_BLAMED && !blame.as_ref().is_some_and(Blame::is_over) {
            let page = self.changes(key, until, PAGE).await?;
            seen += page.len();
            for change in &page {
                if blame.is_none() && change.kind == ChangeKind::Deleted {
                    deleted = Some(Value::Object(told::deed(change)));
                    continue;
                }
                let object = decoded(change)?;
                let version = Version::new(change, &object);
                if let Some(blame) = &mut blame {
                    blame.add(version);
                } else {
                    secret = Secret::of(&object);
                    blame = Some(Blame::new(version));
                }
            }
            let (Some(last), PAGE) = (page.last(), page.len()) else {
                break;
            };
            until = Revision(last.revision.0 - 1);
            // What was valid where the log begins is the last thing to know.
            if until.0 + 1 < oldest.0 {
                break;
            }
        }
        let blame = blame.ok_or_else(|| Status::not_found(key))?;
        let guilts = blame.finish(oldest).into_values();
        let fields: Vec<Value> = guilts.map(|guilt| explained(guilt, secret)).collect();
        let mut answer = json!({
            "apiVersion": API_VERSION, "kind": "Blame", "object": about(key), "fields": fields,
        });
        if let Some(deleted) = deleted {
            answer["deleted"] = deleted;
        }
        Ok(answer)
    }

    /// Creates a deleted object again, as it was before its deletion began, or at a revision.
    ///
    /// # Errors
    /// 409 where it exists, 404 where the log does not know it, and what a creation may say.
    pub async fn undelete(
        &self,
        context: &Context,
        kind: &Kind,
        key: &ObjectKey,
        revision: Option<Revision>,
    ) -> Result<Object, Status> {
        self.refresh(&key.collection).await?;
        if self.hub.get(key).is_some() {
            return Err(Status::already_exists(key));
        }
        let until = self.until(key, revision).await?;
        let changes = self.changes(key, until, LARGEST_PAGE).await?;
        let last = decoded(whole(&changes).ok_or_else(|| Status::not_found(key))?)?;
        let object = revived(last, &|owner| self.is_there(&key.namespace, owner));
        let written = self
            .commit(context, |view, attempt| {
                let intent = Intent {
                    // Its fields stay with those who set them.
                    tracking: Tracking::Applied,
                    ..Intent::new(view, context, kind, &key.namespace, attempt)
                };
                self.prepare_create(&intent, object.clone())
            })
            .await?;
        Ok(written.object)
    }

    fn is_there(&self, namespace: &str, owner: &OwnerReference) -> bool {
        let gvk = api::GroupVersionKind::from_type_meta(&owner.api_version, &owner.kind);
        let served = self.kinds();
        let Some(kind) = served.by_kind(&gvk) else {
            return false;
        };
        let resource = &kind.resource;
        let namespace = if resource.is_namespaced() {
            namespace
        } else {
            ""
        };
        let key = resource.collection().key(namespace, &owner.name);
        self.hub.get(&key).is_some_and(|item| item.uid == owner.uid)
    }

    async fn until(&self, key: &ObjectKey, named: Option<Revision>) -> Result<Revision, Status> {
        if let Some(revision) = named {
            let moment = Moment::Revision(revision);
            return self.moment(&key.collection, moment).await;
        }
        let newest = self.stores.of(&key.collection).revision().await;
        newest.map_err(|error| status(&error))
    }

    async fn changes(
        &self,
        key: &ObjectKey,
        until: Revision,
        limit: usize,
    ) -> Result<Vec<Arc<Change>>, Status> {
        let changes = self.stores.of(&key.collection).history(key, until, limit);
        changes.await.map_err(|error: store::Error| status(&error))
    }
}

async fn revision_at(store: &dyn Store, time: Timestamp) -> Result<Revision, Status> {
    let found = store.revision_at(time).await;
    if let Some(revision) = found.map_err(|error| status(&error))? {
        return Ok(revision);
    }
    let oldest = store.oldest().await.map_err(|error| status(&error))?;
    let message = format!(
        "the log does not reach back to {time}: it starts at revision {oldest}, which is the \
         earliest moment to name"
    );
    Err(Status::new(Reason::Expired, message))
}

/// The commit that is meant.
fn only(prefix: &str, applied: Vec<Applied>) -> Result<Applied, Status> {
    let mut applied = applied.into_iter();
    match (applied.next(), applied.next()) {
        (Some(one), None) => Ok(one),
        (Some(one), Some(other)) => Err(Status::bad_request(format!(
            "{prefix} is the beginning of several commits, such as {} and {}",
            one.commit, other.commit
        ))),
        (None, _) => Err(Status::bad_request(format!(
            "the log has no change made for commit {prefix}: it changed nothing, or what it \
             changed is older than the log"
        ))),
    }
}

/// The newest version on which no deletion had begun; of one whose deletion began before the log
/// does, the last.
fn whole(changes: &[Arc<Change>]) -> Option<&Arc<Change>> {
    let is_whole = |change: &&Arc<Change>| {
        change.kind != ChangeKind::Deleted
            && decoded(change).is_ok_and(|object| !object.is_deleting())
    };
    changes.iter().find(is_whole).or_else(|| changes.first())
}

fn item(change: &Arc<Change>, older: Option<&Arc<Change>>) -> Result<Value, Status> {
    let mut told = Value::Object(told::deed(change));
    if change.kind != ChangeKind::Replaced {
        return Ok(told);
    }
    let Some(older) = older else {
        // It is older than the log: what was before it is forgotten.
        told["exact"] = json!(false);
        return Ok(told);
    };
    let object = decoded(change)?;
    let secret = Secret::of(&object);
    let changed = fields::changes(&flatten(&decoded(older)?), &flatten(&object));
    let shown = changed.into_iter().map(|it| redact::field(it, secret));
    told["fields"] = shown.map(|it| told::field(&it)).collect();
    Ok(told)
}

fn explained(guilt: Guilt, secret: Secret) -> Value {
    let mut told = told::field(&redact::field(guilt.what, secret));
    for (name, value) in told::deed(&guilt.change) {
        told[name] = value;
    }
    told["exact"] = json!(guilt.is_exact);
    told
}

fn about(key: &ObjectKey) -> Value {
    json!({
        "group": key.collection.group, "resource": key.collection.resource,
        "namespace": key.namespace, "name": key.name,
    })
}

fn decoded(change: &Change) -> Result<Object, Status> {
    let object = change.body.decode(change.revision);
    object.map_err(|error| Status::internal(format!("{}: {error}", change.key)))
}
