//! A client that remembers what was written through it, so that the driver can hold a key until
//! the caches have seen it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use api::{Catalog, Collection, Object, ObjectKey, ResourceVersion, Uid};

use crate::{
    Author, Client, DeleteOptions, Error, List, ListOptions, Patch, PatchOptions, Step, Target,
    WatchOptions, WatchStream, WriteOptions, Wrote,
};

/// What a run did to the server's state, as far as it can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The object is at `version` now.
    Object {
        key: ObjectKey,
        version: ResourceVersion,
    },
    /// The deletion of this very object has at least begun.
    Deletion { key: ObjectKey, uid: Uid },
    /// No answer came, or the object was there already: something of this collection may have
    /// been written that the caches do not know of.
    Uncertain(Collection),
}

pub(crate) struct Tracked {
    inner: Arc<dyn Client>,
    written: Mutex<Vec<Written>>,
}

impl Tracked {
    pub(crate) fn new(inner: Arc<dyn Client>) -> Self {
        Self {
            inner,
            written: Mutex::default(),
        }
    }

    /// What was written since the last call.
    pub(crate) fn take(&self) -> Vec<Written> {
        std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, written: Written) {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(written);
    }

    fn note_object(&self, key: ObjectKey, object: &Object) {
        let version = object.resource_version();
        if !version.0.is_empty() {
            self.note(Written::Object { key, version });
        }
    }

    /// Passes the answer on, remembering that a lost one may hide a write, and that an object
    /// which is there already was written by an earlier try or by another leader.
    fn answered<T>(&self, collection: &Collection, answer: Result<T, Error>) -> Result<T, Error> {
        let is_uncertain = match &answer {
            Err(Error::Transport { .. } | Error::Decode { .. }) => true,
            Err(error) => error.is_already_exists(),
            Ok(_) => false,
        };
        if is_uncertain {
            self.note(Written::Uncertain(collection.clone()));
        }
        answer
    }
}

#[async_trait]
impl Client for Tracked {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.inner.get(key).await
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.inner.catalog()
    }

    async fn discover(&self) -> Result<Arc<Catalog>, Error> {
        self.inner.discover().await
    }

    async fn get_in_version(&self, key: &ObjectKey, version: &str) -> Result<Object, Error> {
        self.inner.get_in_version(key, version).await
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        self.inner.list(collection, options).await
    }

    async fn watch(
        &self,
        collection: &Collection,
        from: &ResourceVersion,
        options: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        self.inner.watch(collection, from, options).await
    }

    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        let made = self.answered(
            collection,
            self.inner.create(collection, object, options).await,
        )?;
        if !options.dry_run {
            self.note_object(made.key(collection), &made);
        }
        Ok(made)
    }

    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        let made = self.inner.replace(target, object, options).await;
        let made = self.answered(&target.key.collection, made)?;
        if !options.dry_run && is_own(target) {
            self.note_object(target.key.clone(), &made);
        }
        Ok(made)
    }

    async fn patch(
        &self,
        target: &Target,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Object, Error> {
        let made = self.inner.patch(target, patch, options).await;
        let made = self.answered(&target.key.collection, made)?;
        if !options.dry_run && is_own(target) {
            self.note_object(target.key.clone(), &made);
        }
        Ok(made)
    }

    async fn delete(&self, key: &ObjectKey, options: &DeleteOptions) -> Result<Object, Error> {
        let last = self.inner.delete(key, options).await;
        let last = self.answered(&key.collection, last)?;
        // A deletion may be answered by the object or by a status, which has no uid of its own.
        let uid = options.uid.clone().unwrap_or_else(|| last.uid());
        if !options.dry_run && !uid.0.is_empty() {
            let key = key.clone();
            self.note(Written::Deletion { key, uid });
        }
        Ok(last)
    }

    async fn create_subresource(&self, target: &Target, body: &Object) -> Result<Object, Error> {
        self.inner.create_subresource(target, body).await
    }

    async fn newest_writes(&self, key: &ObjectKey) -> Result<Vec<Wrote>, Error> {
        self.inner.newest_writes(key).await
    }

    async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        self.inner.read(path, query).await
    }

    async fn transaction(
        &self,
        steps: &[Step],
        dry_run: bool,
        author: Author<'_>,
    ) -> Result<Vec<Object>, Error> {
        let made = self.inner.transaction(steps, dry_run, author).await?;
        if !dry_run {
            let catalog = self.catalog();
            for object in &made {
                if let Some(resource) = catalog.by_kind(&object.gvk()) {
                    self.note_object(object.key(&resource.collection()), object);
                }
            }
        }
        Ok(made)
    }
}

/// Whether the answer is the object itself; `scale` answers something else.
fn is_own(target: &Target) -> bool {
    target.subresource != Some("scale")
}
