//! The client seam without a wire: the orchestrator's own controllers and scheduler use it.
//!
//! Same checks, same answers as over HTTP; only authentication is missing, the caller being part
//! of this process.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream;

use api::{Catalog, Collection, Object, ObjectKey, Reason, ResourceVersion, Status, WatchEvent};
use client::{
    Author, Client, DeleteOptions, Error, List, ListOptions, Patch, PatchOptions, Step, Target,
    WatchOptions, WatchStream, WriteOptions, Wrote,
};

use crate::watch::{Delivery, EventKind, Item, Start, Subscription};

use super::commit::unread;
use super::context::{Context, FieldValidation};
use super::intent::Part;
use super::kinds::Kind;
use super::past::HistoryRequest;
use super::patch::Force;
use super::read::Selection;
use super::{Registry, binding_target};

/// Acts as one component of the orchestrator.
pub struct LocalClient {
    registry: Arc<Registry>,
    component: String,
}

impl LocalClient {
    pub fn new(registry: Arc<Registry>, component: &str) -> Self {
        Self {
            registry,
            component: component.to_owned(),
        }
    }

    fn context(&self, field_manager: &str, dry_run: bool) -> Context {
        let mut context = Context::internal(&self.component);
        if !field_manager.is_empty() {
            field_manager.clone_into(&mut context.manager);
        }
        context.dry_run = dry_run;
        context
    }

    fn kind_of(&self, collection: &Collection) -> Result<Arc<Kind>, Status> {
        let served = self.registry.kinds();
        let kind = served.of(collection).cloned();
        kind.ok_or_else(|| unserved(collection))
    }

    /// As [`Self::kind_of`], in the version that an object is of.
    fn kind_like(&self, collection: &Collection, object: &Object) -> Result<Arc<Kind>, Status> {
        let served = self.registry.kinds();
        let kind = served.like(collection, object).cloned();
        kind.ok_or_else(|| unserved(collection))
    }
}

fn unserved(collection: &Collection) -> Status {
    let message = format!("no resource {collection} is served");
    Status::new(Reason::NotFound, message)
}

fn part(subresource: Option<&str>) -> Result<Part, Status> {
    match subresource {
        None => Ok(Part::Main),
        Some("status") => Ok(Part::Status),
        Some("finalize") => Ok(Part::Finalize),
        Some(other) => Err(Status::new(
            Reason::MethodNotAllowed,
            format!("{other} cannot be written this way"),
        )),
    }
}

#[async_trait]
impl Client for LocalClient {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.registry.refresh(&key.collection).await?;
        let item = self
            .registry
            .hub()
            .get(key)
            .ok_or_else(|| Status::not_found(key))?;
        let mut object = item.object();
        if let Some(kind) = self.registry.kinds().of(&key.collection) {
            kind.present(&mut object);
        }
        Ok(object)
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.registry.kinds().catalog()
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        let kind = self.kind_of(collection)?;
        if options.newest {
            self.registry.refresh(collection).await?;
        }
        let selection = Selection::new(&kind, options.labels.clone(), options.fields.clone())?;
        let filter = selection.filter(options.namespace.as_deref().unwrap_or_default());
        let listing = self.registry.hub().list(collection, &filter);
        Ok(List {
            items: listing
                .items
                .iter()
                .map(|it| presented(&kind, it))
                .collect(),
            resource_version: listing.revision.into(),
        })
    }

    async fn watch(
        &self,
        collection: &Collection,
        from: &ResourceVersion,
        options: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        let kind = self.kind_of(collection)?;
        let selection = Selection::new(&kind, options.labels.clone(), options.fields.clone())?;
        let filter = selection.filter(options.namespace.as_deref().unwrap_or_default());
        let start = from.revision().map_or(Start::Existing, Start::After);
        let subscription = self
            .registry
            .hub()
            .subscribe(collection, filter, start)
            .map_err(|error| unread(&error))?;
        let state = Some((subscription, kind));
        Ok(stream::unfold(state, next).boxed())
    }

    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        let kind = self.kind_like(collection, object)?;
        let context = self.context(&options.field_manager, options.dry_run);
        Ok(self
            .registry
            .create(&context, &kind, object.namespace(), object.clone())
            .await?
            .object)
    }

    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        let kind = self.kind_like(&target.key.collection, object)?;
        let context = self.context(&options.field_manager, options.dry_run);
        if target.subresource == Some("scale") {
            return Ok(self
                .registry
                .set_scale(&context, &kind, &target.key, |_| Ok(object.clone()))
                .await?);
        }
        let part = part(target.subresource)?;
        Ok(self
            .registry
            .update(&context, &kind, &target.key, part, object.clone())
            .await?
            .object)
    }

    async fn patch(
        &self,
        target: &Target,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Object, Error> {
        let kind = match patch {
            Patch::Apply(object) => self.kind_like(&target.key.collection, object)?,
            _ => self.kind_of(&target.key.collection)?,
        };
        let context = self.context(&options.field_manager, options.dry_run);
        let part = part(target.subresource)?;
        let force = if options.force { Force::Yes } else { Force::No };
        Ok(self
            .registry
            .patch(&context, &kind, &target.key, part, patch, force)
            .await?
            .object)
    }

    async fn delete(&self, key: &ObjectKey, options: &DeleteOptions) -> Result<Object, Error> {
        let kind = self.kind_of(&key.collection)?;
        let context = self.context("", options.dry_run);
        Ok(self
            .registry
            .delete(&context, &kind, key, options)
            .await?
            .object)
    }

    async fn create_subresource(&self, target: &Target, body: &Object) -> Result<Object, Error> {
        let kind = self.kind_of(&target.key.collection)?;
        let context = self.context("", false);
        match target.subresource {
            Some("binding") => {
                let key = if target.key.name.is_empty() {
                    binding_target(&target.key.namespace, body)
                } else {
                    target.key.clone()
                };
                self.registry.bind(&context, &kind, &key, body).await?;
                Ok(body.clone())
            }
            Some("eviction") => Ok(self
                .registry
                .evict(&context, &kind, &target.key, &DeleteOptions::default())
                .await?
                .object),
            other => {
                let message = format!("{} is not created in process", other.unwrap_or("an object"));
                Err(Status::new(Reason::MethodNotAllowed, message).into())
            }
        }
    }

    async fn newest_writes(&self, key: &ObjectKey) -> Result<Vec<Wrote>, Error> {
        let request = HistoryRequest {
            key: key.clone(),
            until: None,
            limit: 0,
        };
        Ok(Wrote::of_history(&self.registry.history(&request).await?))
    }

    async fn transaction(
        &self,
        steps: &[Step],
        dry_run: bool,
        author: Author<'_>,
    ) -> Result<Vec<Object>, Error> {
        let context = Context {
            validation: FieldValidation::Strict,
            commit: author.commit.to_owned(),
            ..self.context(author.field_manager, dry_run)
        };
        Ok(self.registry.transaction(&context, steps).await?)
    }
}

/// A watch that goes on, and what it shows.
type Watching = Option<(Subscription, Arc<Kind>)>;

fn presented(kind: &Kind, item: &Item) -> Object {
    let mut object = item.object();
    kind.present(&mut object);
    object
}

/// One step of a watch: the next event, or the error that ends it.
async fn next(state: Watching) -> Option<(Result<WatchEvent, Error>, Watching)> {
    let (mut subscription, kind) = state?;
    let delivery = match subscription.next().await {
        Ok(delivery) => delivery,
        Err(error) => return Some((Err(unread(&error).into()), None)),
    };
    let event = match delivery {
        Delivery::Bookmark {
            revision,
            initial_end,
        } => WatchEvent::Bookmark {
            resource_version: revision.into(),
            initial_end,
        },
        Delivery::Event {
            kind: event, json, ..
        } => {
            let mut object = match Object::from_json(&json) {
                Ok(object) => object,
                Err(error) => {
                    let detail = error.to_string();
                    return Some((
                        Err(Error::Decode {
                            operation: "watch".into(),
                            detail,
                        }),
                        None,
                    ));
                }
            };
            kind.present(&mut object);
            match event {
                EventKind::Added => WatchEvent::Added(object),
                EventKind::Modified => WatchEvent::Modified(object),
                EventKind::Deleted => WatchEvent::Deleted(object),
            }
        }
    };
    Some((Ok(event), Some((subscription, kind))))
}
