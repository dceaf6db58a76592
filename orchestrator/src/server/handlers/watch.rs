//! WATCH: one JSON event a line, for as long as the client listens.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::{FutureExt, Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use rand::Rng;
use serde_json::{Value, json};

use api::{Cause, Object, ResourceVersion, Revision, Status, custom};

use crate::registry::kinds::{Kind, Served};
use crate::registry::{Registry, unread};
use crate::server::negotiate::{Include, MetaVersion, Shape};
use crate::server::{ApiError, App, respond, table};
use crate::watch::{self, Delivery, Start, Subscription};

use super::Call;

/// A watch without a timeout ends after half an hour to an hour, spread so that clients do not
/// all come back at once.
const DEFAULT_SECONDS: std::ops::Range<u64> = 1800..3600;

/// `GET /…/{resource}?watch=true`
pub(crate) async fn watch(app: &App, call: &Call) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    if call.query.value("at").is_some() {
        return Err(ApiError::bad_request("what was cannot be watched"));
    }
    let representation = call.representation()?;
    let collection = kind.resource.collection();
    let start = start(call)?;
    if let Start::After(revision) = start {
        app.registry.catch_up(kind, &revision.to_string()).await?;
    } else if call.query.value("resourceVersion").is_none() {
        app.registry.catch_up(kind, "").await?;
    }
    let filter = call.selection(kind)?.filter(&call.request.namespace);
    let subscription = app
        .registry
        .hub()
        .subscribe(&collection, filter, start)
        .map_err(|error| unread(&error))?;
    let seconds = match call.query.value("timeoutSeconds").map(str::parse::<u64>) {
        Some(Ok(seconds)) if seconds > 0 => seconds,
        _ => rand::rng().random_range(DEFAULT_SECONDS),
    };
    let clock = app.registry.env().clock.clone();
    let end = async move { clock.sleep(Duration::from_secs(seconds)).await }.boxed();
    let token = app.tasks.token().clone();
    let gone = undefined(app.registry.clone(), kind.clone());
    let refused = app.gate.authenticator.refusal(call.peer.as_ref());
    let end = async move {
        tokio::select! {
            () = end => {}
            () = token.cancelled_owned() => {}
            () = gone => {}
            () = refused => {}
        }
    };
    let bookmarks = call.query.flag("allowWatchBookmarks");
    let now = app.registry.env().now();
    let writer = Writer {
        kind: kind.clone(),
        shape: representation.shape,
        include: representation.include,
        bookmarks,
        now,
    };
    let mut response = Response::new(Body::from_stream(events(subscription, writer, end.boxed())));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    Ok(response)
}

/// Waits until the kind that is watched is another one, or none: what the client knows of it is no
/// longer so. For ever where it is built in.
async fn undefined(registry: Arc<Registry>, kind: Arc<Kind>) {
    if kind.custom.is_none() {
        return std::future::pending().await;
    }
    let mut moves = registry.hub().moves(&custom::definitions());
    while is_as_it_was(&registry.kinds(), &kind) && moves.changed().await.is_ok() {}
}

/// Whether objects of a custom kind still look as they did.
fn is_as_it_was(served: &Served, kind: &Kind) -> bool {
    let it = &kind.resource;
    let found = served.by_path(&it.group, &it.version, &it.plural);
    let now = found.and_then(|(_, kind)| kind?.custom.clone());
    now.zip(kind.custom.as_ref()).is_some_and(|(now, then)| {
        let same_schema = now.version().document == then.version().document;
        now.definition.storage == then.definition.storage && same_schema
    })
}

/// Where the client wants to begin (KEP-3157 for the streamed list).
fn start(call: &Call) -> Result<Start, ApiError> {
    let version = call.query.value("resourceVersion").unwrap_or_default();
    let rule = call.query.value("resourceVersionMatch").unwrap_or_default();
    if call.query.value("sendInitialEvents").is_some() {
        if rule != "NotOlderThan" {
            let hint = "sendInitialEvents requires resourceVersionMatch NotOlderThan";
            let cause = Cause::forbidden("resourceVersionMatch", hint);
            return Err(Status::invalid("meta.k8s.io", "ListOptions", "", vec![cause]).into());
        }
        if call.query.flag("sendInitialEvents") {
            return Ok(Start::Streamed);
        }
    } else if !rule.is_empty() {
        let hint =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        let cause = Cause::forbidden("resourceVersionMatch", hint);
        return Err(Status::invalid("meta.k8s.io", "ListOptions", "", vec![cause]).into());
    }
    match version {
        "" | "0" => Ok(Start::Existing),
        version => {
            let revision = ResourceVersion(version.to_owned()).revision();
            let invalid =
                || ApiError::bad_request(format!("resource version {version:?} is not valid"));
            revision.map(Start::After).ok_or_else(invalid)
        }
    }
}

type End = futures::future::BoxFuture<'static, ()>;

fn events(
    subscription: Subscription,
    writer: Writer,
    end: End,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(Some((subscription, writer, end)), |state| async move {
        let (mut subscription, writer, mut end) = state?;
        loop {
            let delivery = tokio::select! {
                biased;
                delivery = subscription.next() => delivery,
                () = &mut end => {
                    // A last bookmark lets the client resume where this watch stopped.
                    let line = writer.line(&subscription.bookmark())?;
                    return Some((Ok(line), None));
                }
            };
            match delivery {
                Ok(delivery) => {
                    if let Some(line) = writer.line(&delivery) {
                        return Some((Ok(line), Some((subscription, writer, end))));
                    }
                }
                Err(error) => return Some((Ok(failure(&error)), None)),
            }
        }
    })
    .fuse()
}

/// Encodes events as the client asked for them.
struct Writer {
    kind: Arc<Kind>,
    shape: Shape,
    include: Include,
    bookmarks: bool,
    now: Timestamp,
}

impl Writer {
    /// One line; `None` for a bookmark nobody asked for.
    fn line(&self, delivery: &Delivery) -> Option<Bytes> {
        match delivery {
            Delivery::Event { kind, json, .. }
                if self.shape == Shape::Object && self.kind.is_plain() =>
            {
                Some(spliced(kind.as_str(), json))
            }
            Delivery::Event { kind, json, .. } => {
                let mut object: Object = serde_json::from_slice(json).ok()?;
                self.kind.present(&mut object);
                Some(line(kind.as_str(), &self.shaped(&object)))
            }
            Delivery::Bookmark {
                revision,
                initial_end,
            } => (self.bookmarks || *initial_end)
                .then(|| line("BOOKMARK", &self.bookmark(*revision, *initial_end))),
        }
    }

    fn shaped(&self, object: &Object) -> Value {
        match self.shape {
            Shape::Table(version) => {
                let rows = std::slice::from_ref(object);
                table::table(
                    &self.kind,
                    rows,
                    &object.resource_version().0,
                    (version, self.include),
                    self.now,
                )
            }
            Shape::PartialObjectMetadata(version) | Shape::PartialObjectMetadataList(version) => {
                respond::partial(object, version)
            }
            Shape::Object => object.body.clone(),
        }
    }

    fn bookmark(&self, revision: Revision, initial_end: bool) -> Value {
        let gvk = self.kind.resource.gvk();
        let mut metadata =
            json!({"resourceVersion": revision.to_string(), "creationTimestamp": null});
        if initial_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        match self.shape {
            Shape::Table(version) => {
                let object = Object::from(
                    json!({"kind": gvk.kind, "apiVersion": gvk.api_version(), "metadata": metadata}),
                );
                let shape = (version, self.include);
                let mut table =
                    table::table(&self.kind, &[], &revision.to_string(), shape, self.now);
                table["rows"] =
                    json!([{"cells": [], "object": respond::partial(&object, version)}]);
                table
            }
            Shape::PartialObjectMetadata(version) | Shape::PartialObjectMetadataList(version) => {
                json!({"kind": "PartialObjectMetadata", "apiVersion": MetaVersion::api_version(version), "metadata": metadata})
            }
            Shape::Object => {
                json!({"kind": gvk.kind, "apiVersion": gvk.api_version(), "metadata": metadata})
            }
        }
    }
}

/// The stored bytes between two constants: nothing is decoded for a plain watch.
fn spliced(kind: &str, json: &Bytes) -> Bytes {
    let mut line = Vec::with_capacity(json.len() + 40);
    line.extend_from_slice(b"{\"type\":\"");
    line.extend_from_slice(kind.as_bytes());
    line.extend_from_slice(b"\",\"object\":");
    line.extend_from_slice(json);
    line.extend_from_slice(b"}\n");
    line.into()
}

fn line(kind: &str, object: &Value) -> Bytes {
    format!("{}\n", json!({"type": kind, "object": object})).into()
}

fn failure(error: &watch::Error) -> Bytes {
    line("ERROR", &unread(error).to_json())
}
