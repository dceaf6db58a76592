//! A cluster that stands still, and its logs.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};

use api::{Collection, Object, ObjectKey, ResourceVersion, Status};
use client::{
    ByteStream, Client, DeleteOptions, Error, List, ListOptions, LogOptions, Logs, Patch,
    PatchOptions, Step, Target, WatchOptions, WatchStream, WriteOptions,
};

pub(super) struct Still {
    pub(super) objects: Vec<Object>,
    pub(super) log: String,
}

impl Still {
    fn of(&self, collection: &Collection, options: &ListOptions) -> Vec<Object> {
        let namespace = options.namespace.as_deref();
        self.objects
            .iter()
            .filter(|object| {
                api::resource::by_kind(&object.gvk())
                    .is_some_and(|resource| resource.collection() == *collection)
            })
            .filter(|object| namespace.is_none_or(|wanted| wanted == object.namespace()))
            .cloned()
            .collect()
    }
}

fn refused() -> Error {
    Error::Api(Status::new(
        api::Reason::Forbidden,
        "nothing is written in these tests",
    ))
}

#[async_trait]
impl Client for Still {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.of(&key.collection, &ListOptions::default())
            .into_iter()
            .find(|object| object.namespace() == key.namespace && object.name() == key.name)
            .ok_or_else(|| Error::Api(Status::new(api::Reason::NotFound, "not found")))
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        Ok(List {
            items: self.of(collection, options),
            resource_version: ResourceVersion("7".into()),
        })
    }

    async fn watch(
        &self,
        _: &Collection,
        _: &ResourceVersion,
        _: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        Ok(stream::pending().boxed())
    }

    async fn create(&self, _: &Collection, _: &Object, _: &WriteOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn replace(&self, _: &Target, _: &Object, _: &WriteOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn patch(&self, _: &Target, _: &Patch, _: &PatchOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn delete(&self, _: &ObjectKey, _: &DeleteOptions) -> Result<Object, Error> {
        Err(refused())
    }

    async fn create_subresource(&self, _: &Target, _: &Object) -> Result<Object, Error> {
        Err(refused())
    }

    async fn transaction(&self, _: &[Step], _: bool, _: &str) -> Result<Vec<Object>, Error> {
        Err(refused())
    }
}

#[async_trait]
impl Logs for Still {
    async fn logs(&self, _: &ObjectKey, options: &LogOptions) -> Result<ByteStream, Error> {
        let text: String = self
            .log
            .lines()
            .map(|line| match (options.timestamps, line.split_once(' ')) {
                (false, Some((_, text))) => format!("{text}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        Ok(stream::iter([Ok(Bytes::from(text))]).boxed())
    }
}
