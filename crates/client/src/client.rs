//! The seam itself.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::Value;

use api::selector::{FieldSelector, LabelSelector};
use api::{
    Catalog, Collection, Object, ObjectKey, Reason, ResourceVersion, Status, Uid, WatchEvent,
};

use crate::{Error, Wrote};

/// Events until the server ends the watch or the caller drops it. An `Err` is the last item.
pub type WatchStream = BoxStream<'static, Result<WatchEvent, Error>>;

/// Talks to one Kubernetes-compatible API server.
///
/// Every call has a time limit of its own; a call that fails with [`Error::Transport`] may have
/// been carried out. Objects carry their type, so a body needs no other address than its key.
#[async_trait]
pub trait Client: Send + Sync + 'static {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error>;

    /// All objects of a collection at one revision. Pages internally.
    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error>;

    /// Changes after `from`, in order.
    async fn watch(
        &self,
        collection: &Collection,
        from: &ResourceVersion,
        options: &WatchOptions,
    ) -> Result<WatchStream, Error>;

    /// The kinds the server has, as far as it was asked; see [`Client::discover`].
    fn catalog(&self) -> Arc<Catalog> {
        Catalog::built_in()
    }

    /// Asks the server which kinds it has. From then on they are found.
    async fn discover(&self) -> Result<Arc<Catalog>, Error> {
        Ok(self.catalog())
    }

    /// As [`Client::get`], in a version of its group that the server may not prefer.
    async fn get_in_version(&self, key: &ObjectKey, version: &str) -> Result<Object, Error> {
        let _ = version;
        self.get(key).await
    }

    /// Creates `object` in its own namespace; the server may complete `generateName`.
    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error>;

    /// Replaces the object, or its subresource (`status`, `scale`), whole.
    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error>;

    async fn patch(
        &self,
        target: &Target,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Object, Error>;

    /// Begins deletion. Answers the object's last state, or the deletion's status as an object.
    async fn delete(&self, key: &ObjectKey, options: &DeleteOptions) -> Result<Object, Error>;

    /// `POST` to a subresource: `binding`, `eviction`, `token`.
    async fn create_subresource(&self, target: &Target, body: &Object) -> Result<Object, Error>;

    /// Who wrote an object lately, the newest first: nothing from a server that keeps no log.
    async fn newest_writes(&self, key: &ObjectKey) -> Result<Vec<Wrote>, Error> {
        let _ = key;
        Ok(Vec::new())
    }

    /// `GET` of a path of the server's: what Kedge's own tells of the past, below
    /// `/apis/kedge.dev/v1alpha1`, and objects as they were (`?at=`).
    ///
    /// # Errors
    /// Where there is no such path: `NotFound`.
    async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        let _ = query;
        let message = format!("{path} is not served here");
        Err(Status::new(Reason::NotFound, message).into())
    }

    /// All steps or none, with the objects as they came to be, in the order of the steps.
    /// `dry_run` computes the same answer and changes nothing.
    ///
    /// # Errors
    /// Against a server without transactions: `NotFound`.
    async fn transaction(
        &self,
        steps: &[Step],
        dry_run: bool,
        author: Author<'_>,
    ) -> Result<Vec<Object>, Error>;
}

/// In whose name a transaction is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Author<'a> {
    pub field_manager: &'a str,
    /// The commit of a repository that it brings about, for the log of changes; empty for none.
    pub commit: &'a str,
}

impl<'a> From<&'a str> for Author<'a> {
    fn from(field_manager: &'a str) -> Self {
        Self {
            field_manager,
            commit: "",
        }
    }
}

/// An object, or a subresource of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub key: ObjectKey,
    /// `status`, `scale`, …; `None` is the object itself.
    pub subresource: Option<&'static str>,
}

impl Target {
    pub fn object(key: ObjectKey) -> Self {
        Self {
            key,
            subresource: None,
        }
    }

    pub fn status(key: ObjectKey) -> Self {
        Self {
            key,
            subresource: Some("status"),
        }
    }

    pub fn subresource(key: ObjectKey, subresource: &'static str) -> Self {
        Self {
            key,
            subresource: Some(subresource),
        }
    }
}

/// Which objects to list.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// All namespaces where `None`.
    pub namespace: Option<String>,
    pub labels: LabelSelector,
    pub fields: FieldSelector,
    /// Read the newest state instead of what the server's cache holds.
    pub newest: bool,
}

/// What a list answers.
#[derive(Debug, Clone, Default)]
pub struct List {
    pub items: Vec<Object>,
    /// Watch from here to miss nothing.
    pub resource_version: ResourceVersion,
}

/// Which changes to watch. Bookmarks are always asked for.
#[derive(Debug, Clone, Default)]
pub struct WatchOptions {
    pub namespace: Option<String>,
    pub labels: LabelSelector,
    pub fields: FieldSelector,
}

/// How to create or replace.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    pub dry_run: bool,
    pub field_manager: String,
}

/// The four patch types.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// RFC 6902.
    Json(Value),
    /// RFC 7386.
    Merge(Value),
    /// Kubernetes' own, with list merge keys. Built-in kinds only.
    Strategic(Value),
    /// Server-side apply: the fields the manager wants, and no others.
    Apply(Object),
}

/// How to patch.
#[derive(Debug, Clone, Default)]
pub struct PatchOptions {
    pub dry_run: bool,
    pub field_manager: String,
    /// Take fields over from other managers. Apply only.
    pub force: bool,
}

/// What happens to the objects an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// How to delete.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    pub dry_run: bool,
    pub grace_period_seconds: Option<i64>,
    pub propagation: Option<Propagation>,
    /// Fails with `Conflict` where the object is another one by now.
    pub uid: Option<Uid>,
    pub resource_version: Option<ResourceVersion>,
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Server-side apply, taking conflicting fields over where `force` is set. What people put by
    /// hand into lists that the object states then goes.
    Apply {
        object: Object,
        force: bool,
        uid: Option<Uid>,
    },
    /// Background deletion, of exactly this object where a uid is given.
    Delete { key: ObjectKey, uid: Option<Uid> },
    /// Puts back `object` exactly as it was: the undo of an apply or a delete.
    Restore { object: Object },
}
