//! Objects as they were (`?at=`), and the four paths of Kedge's own about the past. Permission is
//! that on the objects themselves.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use api::{Collection, Object, ObjectKey, Reason, Revision, Status};

use crate::auth::Identity;
use crate::registry::kinds::Kind;
use crate::registry::{HistoryRequest, Moment};
use crate::server::audit::Concerned;
use crate::server::negotiate::Encoding;
use crate::server::request::Query;
use crate::server::{ApiError, App, body, options, respond};

use super::Call;

/// The largest answer about the whole cluster, in bytes.
const LARGEST: usize = 64 << 20;
const API_VERSION: &str = "kedge.dev/v1alpha1";

/// The revision that a request asks for with `at`; `None` where it asks for the present.
pub(super) async fn asked(app: &App, call: &Call) -> Result<Option<Revision>, ApiError> {
    if call.query.value("at").is_none() {
        return Ok(None);
    }
    for other in ["resourceVersion", "resourceVersionMatch"] {
        if call.query.value(other).is_some() {
            let message = format!("at and {other} contradict each other");
            return Err(ApiError::bad_request(message));
        }
    }
    let collection = call.request.resource.collection();
    revision(app, &call.query, &collection).await
}

/// `GET /…/{resource}/{name}?at=…`
pub(super) async fn get(app: &App, call: &Call, at: Revision) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let object = app.registry.object_at(&call.request.key(), at).await?;
    Ok(respond::object(
        StatusCode::OK,
        call.representation()?,
        Some(kind),
        &object,
        app.registry.env().now(),
    ))
}

/// `GET /apis/kedge.dev/v1alpha1/state`: everything that the asker may list, but for events.
pub(crate) async fn state(
    app: &App,
    identity: &Identity,
    query: &Query,
) -> Result<Response, ApiError> {
    let anything = Collection::new("", "namespaces");
    let revision = match revision(app, query, &anything).await? {
        Some(revision) => revision,
        None => app.registry.refresh(&anything).await?,
    };
    let namespace = query.value("namespace").unwrap_or_default();
    let (mut items, mut hidden, mut size) = (Vec::new(), Vec::new(), 0);
    let served = app.registry.kinds();
    for kind in served.all().filter(|kind| is_told(kind, namespace)) {
        let collection = kind.resource.collection();
        let all = collection.key(namespace, "");
        if app.gate.object(identity, "list", &all).is_err() {
            hidden.push(collection.to_string());
            continue;
        }
        let objects = app
            .registry
            .list_at(&collection, namespace, revision)
            .await?;
        for object in objects {
            let json = String::from_utf8_lossy(&object.to_json()).into_owned();
            size += json.len();
            items.push(json);
        }
        if size > LARGEST {
            return Err(too_large().into());
        }
    }
    let head = json!({
        "apiVersion": API_VERSION, "kind": "State",
        "metadata": {"revision": revision.to_string()}, "hidden": hidden,
    });
    let head = head.to_string();
    let open = head.trim_end_matches('}');
    let text = format!("{open},\"items\":[{}]}}", items.join(","));
    Ok(respond::json_text(text))
}

/// Events are counted apart from everything else: a revision says nothing of them.
fn is_told(kind: &Kind, namespace: &str) -> bool {
    kind.resource.plural != "events" && (namespace.is_empty() || kind.resource.is_namespaced())
}

fn too_large() -> Status {
    let message = format!(
        "the state of then is larger than {LARGEST} bytes: ask for a namespace, or for one kind \
         with ?at= on its list"
    );
    Status::new(Reason::RequestEntityTooLarge, message)
}

/// `GET /apis/kedge.dev/v1alpha1/history`
pub(crate) async fn history(
    app: &App,
    identity: &Identity,
    query: &Query,
) -> Result<Response, ApiError> {
    let key = readable(app, identity, query)?;
    let number = |field: &str| -> Result<Option<i64>, ApiError> {
        let text = query.value(field);
        let bad = |_| ApiError::bad_request(format!("{field} is not a number"));
        text.map(|text| text.parse().map_err(bad)).transpose()
    };
    let limit = number("limit")?.unwrap_or_default();
    let request = HistoryRequest {
        until: number("continue")?.map(Revision),
        limit: usize::try_from(limit)
            .map_err(|_| ApiError::bad_request("limit is less than nothing"))?,
        key,
    };
    Ok(told(&app.registry.history(&request).await?))
}

/// The object that a query names, where who asks may read it.
fn readable(app: &App, identity: &Identity, query: &Query) -> Result<ObjectKey, ApiError> {
    let (_, key) = addressed(app, &|field| {
        query.value(field).unwrap_or_default().to_owned()
    })?;
    app.gate.object(identity, "get", &key)?;
    Ok(key)
}

/// `GET /apis/kedge.dev/v1alpha1/blame`
pub(crate) async fn blame(
    app: &App,
    identity: &Identity,
    query: &Query,
) -> Result<Response, ApiError> {
    let key = readable(app, identity, query)?;
    Ok(told(&app.registry.blame(&key).await?))
}

/// `POST /apis/kedge.dev/v1alpha1/undelete`: who may create an object and read it may have it
/// back.
pub(crate) async fn undelete(
    app: &App,
    identity: Identity,
    query: &Query,
    headers: &HeaderMap,
    payload: Body,
) -> Result<Response, ApiError> {
    let context = options::context(identity, query, headers)?;
    let bytes = body::read(payload, body::LIMIT).await?;
    let asked: Value = serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::bad_request(format!("the request cannot be decoded: {error}"))
    })?;
    if asked["kind"] != "Undelete" || asked["apiVersion"] != API_VERSION {
        let message = format!("kind must be Undelete of {API_VERSION}");
        return Err(ApiError::bad_request(message));
    }
    let asked = Object::from(asked);
    let (kind, key) = addressed(app, &|field| {
        asked.text(&format!("/object/{field}")).to_owned()
    })?;
    for verb in ["get", "create"] {
        app.gate.object(&context.identity, verb, &key)?;
    }
    let revision = match asked.text("/at") {
        "" => None,
        at => Some(app.registry.moment(&key.collection, moment(at)?).await?),
    };
    let object = app
        .registry
        .undelete(&context, &kind, &key, revision)
        .await?;
    Ok(Concerned::objects(&app.registry.kinds(), "create", [&object]).on(told(&object.body)))
}

async fn revision(
    app: &App,
    query: &Query,
    collection: &Collection,
) -> Result<Option<Revision>, ApiError> {
    match query.value("at") {
        None => Ok(None),
        Some(text) => Ok(Some(app.registry.moment(collection, moment(text)?).await?)),
    }
}

fn moment(text: &str) -> Result<Moment, ApiError> {
    Moment::parse(text).ok_or_else(|| {
        ApiError::bad_request(format!(
            "at {text:?}: expected a revision (4711), a time (2026-01-01T10:00:00Z) or a commit \
             (7 digits of its hash or more)"
        ))
    })
}

/// The object that `group`, `resource`, `namespace` and `name` name.
fn addressed(
    app: &App,
    field: &dyn Fn(&str) -> String,
) -> Result<(Arc<Kind>, ObjectKey), ApiError> {
    let collection = Collection::new(field("group"), field("resource"));
    let served = app.registry.kinds();
    let kind = served.of(&collection).cloned().ok_or_else(|| {
        ApiError::bad_request(format!(
            "no resource {:?} is served",
            collection.to_string()
        ))
    })?;
    let (namespace, name) = (field("namespace"), field("name"));
    if name.is_empty() || namespace.is_empty() == kind.resource.is_namespaced() {
        let message = "name is needed, and namespace for what lives in one";
        return Err(ApiError::bad_request(message));
    }
    Ok((kind, collection.key(&namespace, &name)))
}

fn told(value: &Value) -> Response {
    respond::value(StatusCode::OK, Encoding::Json, value)
}
