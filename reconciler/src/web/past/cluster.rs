//! The cluster as it was: reads alone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use api::{Catalog, Collection, Object, ObjectKey, Reason, ResourceVersion, Status};
use client::{
    Author, ByteStream, Client, Clock, DeleteOptions, Error, List, ListOptions, LogOptions, Logs,
    Patch, PatchOptions, Step, Target, WatchOptions, WatchStream, WriteOptions,
};

use super::state::Past;

/// Time stands still.
pub(super) struct Standing(pub(super) Timestamp);

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }

    async fn sleep(&self, _: Duration) {
        futures::future::pending::<()>().await;
    }
}

/// What containers print is kept by nobody but the node, and only while they are there.
pub(super) struct NoLogs;

#[async_trait]
impl Logs for NoLogs {
    async fn logs(&self, _: &ObjectKey, _: &LogOptions) -> Result<ByteStream, Error> {
        let message = "what was printed then is not kept: logs are there for the present alone";
        Err(Status::new(Reason::NotFound, message).into())
    }
}

/// Answers every read from the past.
pub(super) struct PastCluster {
    pub(super) inner: Arc<dyn Client>,
    pub(super) past: Arc<Past>,
}

fn refused<T>() -> Result<T, Error> {
    let message = "the past cannot be changed";
    Err(Status::new(Reason::MethodNotAllowed, message).into())
}

#[async_trait]
impl Client for PastCluster {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        let found = self.past.get(key);
        found
            .map(|object| (*object).clone())
            .ok_or_else(|| Status::not_found(key).into())
    }

    /// Events are not in the state of the cluster: they are asked for.
    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        let mut items: Vec<Object> = if collection.resource == "events" {
            self.events(collection, options).await?
        } else {
            let all = self.past.all(collection).into_iter();
            all.map(|object| (*object).clone()).collect()
        };
        let namespace = options.namespace.as_deref();
        items.retain(|object| {
            namespace.is_none_or(|wanted| wanted == object.namespace())
                && options.labels.matches(object)
        });
        Ok(List {
            items,
            resource_version: ResourceVersion::default(),
        })
    }

    async fn watch(
        &self,
        _: &Collection,
        _: &ResourceVersion,
        _: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        refused()
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.inner.catalog()
    }

    async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        // Both are about the present: what they say of it was not so then.
        if path.ends_with("/blame") || path == client::placement::PATH {
            return Err(Status::new(Reason::NotFound, "it is about the present").into());
        }
        self.inner.read(path, query).await
    }

    async fn create(&self, _: &Collection, _: &Object, _: &WriteOptions) -> Result<Object, Error> {
        refused()
    }

    async fn replace(&self, _: &Target, _: &Object, _: &WriteOptions) -> Result<Object, Error> {
        refused()
    }

    async fn patch(&self, _: &Target, _: &Patch, _: &PatchOptions) -> Result<Object, Error> {
        refused()
    }

    async fn delete(&self, _: &ObjectKey, _: &DeleteOptions) -> Result<Object, Error> {
        refused()
    }

    async fn create_subresource(&self, _: &Target, _: &Object) -> Result<Object, Error> {
        refused()
    }

    async fn transaction(&self, _: &[Step], _: bool, _: Author<'_>) -> Result<Vec<Object>, Error> {
        refused()
    }
}

impl PastCluster {
    async fn events(
        &self,
        collection: &Collection,
        options: &ListOptions,
    ) -> Result<Vec<Object>, Error> {
        let catalog = self.catalog();
        let Some(resource) = catalog.by_collection(collection) else {
            return Ok(Vec::new());
        };
        let path = resource.collection_path(options.namespace.as_deref().unwrap_or_default());
        let (at, fields) = (self.past.at.to_string(), options.fields.to_string());
        let mut query = vec![("at", at.as_str())];
        if !fields.is_empty() {
            query.push(("fieldSelector", fields.as_str()));
        }
        let answer = self.inner.read(&path, &query).await?;
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        Ok(items.into_iter().map(Object::from).collect())
    }
}
