//! `scale`, `binding` and `eviction`.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use api::{Collection, Object, Status};
use client::Patch;

use crate::registry::FieldValidation;
use crate::registry::kinds;
use crate::server::negotiate::Shape;
use crate::server::{ApiError, App, body, options, respond, table};

use super::{Call, write};

/// `GET`, `PUT` and `PATCH` of `/…/{name}/scale`
pub(crate) async fn scale(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let key = call.request.key();
    let scale = if call.request.verb == "get" {
        let item = app
            .registry
            .hub()
            .get(&key)
            .ok_or_else(|| Status::not_found(&key))?;
        kind.scale(&respond::presented(kind, &item))?
    } else {
        let context = call.context()?;
        let bytes = body::read(payload, body::LIMIT).await?;
        if call.request.verb == "update" {
            let wanted = body::decode(&bytes, &call.headers, context.validation)?.object;
            app.registry
                .set_scale(&context, kind, &key, |_| Ok(wanted.clone()))
                .await?
        } else {
            let (patch, _) = write::decode_patch(&bytes, &call.headers, context.validation)?;
            app.registry
                .set_scale(&context, kind, &key, |current| patched(&current, &patch))
                .await?
        }
    };
    let now = app.registry.env().now();
    if let Shape::Table(version) = representation.shape {
        let table = table::scale(&scale, version, now);
        return Ok(respond::value(
            StatusCode::OK,
            representation.encoding,
            &table,
        ));
    }
    Ok(respond::object(
        StatusCode::OK,
        representation,
        None,
        &scale,
        now,
    ))
}

/// A Scale is two numbers: every patch type but JSON patch is a merge.
fn patched(current: &Object, patch: &Patch) -> Result<Object, Status> {
    let body = match patch {
        Patch::Json(operations) => api::patch::json::apply(&current.body, operations)?,
        Patch::Merge(change) | Patch::Strategic(change) => {
            api::patch::merge::apply(&current.body, change)?
        }
        Patch::Apply(configuration) => {
            api::patch::merge::apply(&current.body, &configuration.body)?
        }
    };
    Ok(body.into())
}

/// `POST /…/pods/{name}/binding`
pub(crate) async fn bind(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let context = call.context()?;
    let bytes = body::read(payload, body::LIMIT).await?;
    let binding = body::decode(&bytes, &call.headers, context.validation)?.object;
    app.registry
        .bind(&context, call.kind()?, &call.request.key(), &binding)
        .await?;
    success(call)
}

/// `POST /…/bindings`: the pod is named in the body.
pub(crate) async fn bind_named(
    app: &App,
    call: &Call,
    binding: &Object,
) -> Result<Response, ApiError> {
    let pods = Collection::new("", "pods");
    let key = pods.key(&call.request.namespace, binding.name());
    let kind = kinds::of(&pods).ok_or_else(ApiError::unknown_path)?;
    app.registry
        .bind(&call.context()?, kind, &key, binding)
        .await?;
    success(call)
}

/// What Kubernetes answers to a create that leaves no object behind.
fn success(call: &Call) -> Result<Response, ApiError> {
    let success = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(respond::value(
        StatusCode::CREATED,
        call.representation()?.encoding,
        &success,
    ))
}

/// `POST /…/pods/{name}/eviction`
pub(crate) async fn evict(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let mut context = call.context()?;
    let bytes = body::read(payload, body::LIMIT).await?;
    let eviction = body::decode(&bytes, &call.headers, FieldValidation::Ignore)?.object;
    let asked = eviction
        .pointer("/deleteOptions")
        .cloned()
        .map(Object::from);
    let options = options::delete_options(&call.query, asked.as_ref())?;
    context.dry_run |= options.dry_run;
    app.registry
        .evict(&context, kind, &call.request.key(), &options)
        .await?;
    success(call)
}
