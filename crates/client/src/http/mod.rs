//! [`Client`] over HTTP: our own API server, or any other Kubernetes one. `kube::Client` brings
//! TLS, kubeconfig and authentication; requests, limits and decoding are ours.

mod connect;
mod discover;
mod request;
mod send;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;

use api::{Catalog, Collection, Object, ObjectKey, ResourceVersion, Status};

use crate::{
    Author, Client, DeleteOptions, Error, List, ListOptions, Patch, PatchOptions, Step, Target,
    WatchOptions, WatchStream, WriteOptions, Wrote, transaction, wrote,
};

pub use connect::ConnectError;
use request::{Paths, Request};

/// Objects per page of a list.
const PAGE: u32 = 500;
/// The server ends a watch after this long; it is resumed then.
const WATCH_SECONDS: u32 = 290;
/// A watch that says nothing for this long, bookmarks included, counts as broken.
const SILENCE: Duration = Duration::from_secs(150);

/// Bytes as they arrive. An `Err` is the last item.
pub type ByteStream = BoxStream<'static, Result<Bytes, Error>>;

/// Which part of a container's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// May stay empty where the pod has one container.
    pub container: String,
    /// Go on until the container ends.
    pub follow: bool,
    /// Of the container's previous run.
    pub previous: bool,
    pub timestamps: bool,
    pub tail_lines: Option<u64>,
    pub since_seconds: Option<u64>,
}

/// Reads what containers print.
#[async_trait]
pub trait Logs: Send + Sync + 'static {
    async fn logs(&self, pod: &ObjectKey, options: &LogOptions) -> Result<ByteStream, Error>;
}

/// A connection to one API server. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    /// All clones have the same.
    inner: Arc<RwLock<kube::Client>>,
    /// What the server has; all clones know the same.
    catalog: Arc<RwLock<Arc<Catalog>>>,
}

impl HttpClient {
    /// Speaks as `other` does from the next request on, and so do all clones: with new credentials, say.
    /// What is under way goes on as it began.
    pub fn become_like(&self, other: &Self) {
        let transport = other.transport();
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = transport;
    }

    fn transport(&self) -> kube::Client {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.clone()
    }

    /// `GET` of a path that is about no one collection, or that the seam does not know.
    pub async fn read_path(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        let request = Request::get(path.to_owned());
        let request = query
            .iter()
            .fold(request, |request, (name, value)| request.query(name, value));
        self.json(request).await
    }

    /// `POST` to such a path.
    pub async fn post_path(&self, path: &str, body: &Value) -> Result<Value, Error> {
        self.json(Request::post(path.to_owned()).json(body)).await
    }

    async fn page(
        &self,
        collection: &Collection,
        options: &ListOptions,
        limit: u32,
        token: &str,
    ) -> Result<Value, Error> {
        let namespace = options.namespace.as_deref().unwrap_or_default();
        let path = Paths(&self.catalog()).collection(collection, "", namespace)?;
        let mut request = Request::get(path)
            .selectors(&options.labels, &options.fields)
            .query_unless_empty("continue", token);
        if limit > 0 {
            request = request.query("limit", &limit.to_string());
        }
        if !options.newest && token.is_empty() {
            request = request.query("resourceVersion", "0");
        }
        self.json(request).await
    }

    /// All pages. `limit` 0 asks for everything at once.
    async fn pages(
        &self,
        collection: &Collection,
        options: &ListOptions,
        limit: u32,
    ) -> Result<List, Error> {
        let mut list = List::default();
        let mut token = String::new();
        loop {
            let mut page = self.page(collection, options, limit, &token).await?;
            Paths(&self.catalog()).take_items(collection, &mut page, &mut list.items);
            let metadata = &page["metadata"];
            let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
            list.resource_version = ResourceVersion(text("resourceVersion"));
            token = text("continue");
            if token.is_empty() {
                return Ok(list);
            }
        }
    }
}

#[async_trait]
impl Client for HttpClient {
    async fn get(&self, key: &ObjectKey) -> Result<Object, Error> {
        self.get_in_version(key, "").await
    }

    fn catalog(&self) -> Arc<Catalog> {
        let catalog = self.catalog.read().unwrap_or_else(PoisonError::into_inner);
        catalog.clone()
    }

    async fn discover(&self) -> Result<Arc<Catalog>, Error> {
        discover::discover(self).await
    }

    async fn get_in_version(&self, key: &ObjectKey, version: &str) -> Result<Object, Error> {
        let path = Paths(&self.catalog()).object(key, version)?;
        self.object(Request::get(path)).await
    }

    async fn list(&self, collection: &Collection, options: &ListOptions) -> Result<List, Error> {
        match self.pages(collection, options, PAGE).await {
            // The pages outlived the server's memory: one answer has no later pages to lose.
            Err(error) if error.is_expired() => self.pages(collection, options, 0).await,
            answer => answer,
        }
    }

    async fn watch(
        &self,
        collection: &Collection,
        from: &ResourceVersion,
        options: &WatchOptions,
    ) -> Result<WatchStream, Error> {
        let namespace = options.namespace.as_deref().unwrap_or_default();
        let path = Paths(&self.catalog()).collection(collection, "", namespace)?;
        let request = Request::get(path)
            .selectors(&options.labels, &options.fields)
            .query("watch", "true")
            .query("allowWatchBookmarks", "true")
            .query("timeoutSeconds", &WATCH_SECONDS.to_string())
            .query_unless_empty("resourceVersion", &from.0);
        let operation = request.operation();
        let body = self.stream(request, SILENCE).await?;
        Ok(watch::events(body, operation).boxed())
    }

    async fn create(
        &self,
        collection: &Collection,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        let (version, namespace) = (object.gvk().version, object.namespace());
        let path = Paths(&self.catalog()).collection(collection, &version, namespace)?;
        let request = Request::post(path)
            .writing(options.dry_run, &options.field_manager)
            .json(&object.body);
        self.object(request).await
    }

    async fn replace(
        &self,
        target: &Target,
        object: &Object,
        options: &WriteOptions,
    ) -> Result<Object, Error> {
        let path = Paths(&self.catalog()).target(target, &object.gvk().version)?;
        let request = Request::put(path)
            .writing(options.dry_run, &options.field_manager)
            .json(&object.body);
        self.object(request).await
    }

    async fn patch(
        &self,
        target: &Target,
        patch: &Patch,
        options: &PatchOptions,
    ) -> Result<Object, Error> {
        let version = match patch {
            Patch::Apply(object) => object.gvk().version,
            _ => String::new(),
        };
        let path = Paths(&self.catalog()).target(target, &version)?;
        let mut request =
            Request::patch(path, patch).writing(options.dry_run, &options.field_manager);
        if options.force {
            request = request.query("force", "true");
        }
        self.object(request).await
    }

    async fn delete(&self, key: &ObjectKey, options: &DeleteOptions) -> Result<Object, Error> {
        let path = Paths(&self.catalog()).object(key, "")?;
        let request = Request::delete(path).json(&request::delete_body(options));
        self.object(request).await
    }

    async fn create_subresource(&self, target: &Target, body: &Object) -> Result<Object, Error> {
        let path = Paths(&self.catalog()).target(target, "")?;
        let request = Request::post(path).json(&body.body);
        self.object(request).await
    }

    async fn newest_writes(&self, key: &ObjectKey) -> Result<Vec<Wrote>, Error> {
        let path = format!("{}/history", transaction::BASE);
        match self.read_path(&path, &wrote::query(key)).await {
            Ok(answer) => Ok(Wrote::of_history(&answer)),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        self.read_path(path, query).await
    }

    async fn transaction(
        &self,
        steps: &[Step],
        dry_run: bool,
        author: Author<'_>,
    ) -> Result<Vec<Object>, Error> {
        let request = Request::post(transaction::PATH.to_owned())
            .writing(dry_run, author.field_manager)
            .query_unless_empty("commit", author.commit)
            .json(&transaction::encode(steps));
        let operation = request.operation();
        let answer = self.json(request).await?;
        transaction::decode_results(&answer).map_err(|error| Error::Decode {
            operation,
            detail: error.to_string(),
        })
    }
}

#[async_trait]
impl Logs for HttpClient {
    async fn logs(&self, pod: &ObjectKey, options: &LogOptions) -> Result<ByteStream, Error> {
        let target = Target::subresource(pod.clone(), "log");
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let path = Paths(&self.catalog()).target(&target, "")?;
        let mut request = Request::get(path)
            .query_unless_empty("container", &options.container)
            .query_unless_empty("tailLines", &number(options.tail_lines))
            .query_unless_empty("sinceSeconds", &number(options.since_seconds));
        for (name, wanted) in [
            ("follow", options.follow),
            ("previous", options.previous),
            ("timestamps", options.timestamps),
        ] {
            if wanted {
                request = request.query(name, "true");
            }
        }
        // A quiet container is not a broken connection.
        let silence = if options.follow {
            Duration::from_hours(24)
        } else {
            SILENCE
        };
        Ok(self.stream(request, silence).await?.boxed())
    }
}

/// What a server without this collection answers.
fn not_served(collection: &Collection) -> Error {
    Error::Api(Status::new(
        api::Reason::NotFound,
        format!("no path is known for {collection}"),
    ))
}
