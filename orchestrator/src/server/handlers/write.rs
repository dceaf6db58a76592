//! POST, PUT, PATCH and DELETE of objects.

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use api::{Object, Reason, Status};
use client::Patch;

use crate::registry::{FieldValidation, Force, Outcome, Part, Written};
use crate::server::audit::Concerned;
use crate::server::negotiate::{self, Encoding};
use crate::server::{ApiError, App, body, options, respond};

use super::Call;

/// `POST /…/{resource}`
pub(crate) async fn create(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let mut context = call.context()?;
    let bytes = body::read(payload, body::LIMIT).await?;
    let decoded = body::decode(&bytes, &call.headers, context.validation)?;
    if kind.custom.is_none() {
        // Checked in the raw body, where duplicates are still to be seen.
        context.validation = FieldValidation::Ignore;
    }
    let namespace = call.request.namespace.as_str();
    let mut written = app
        .registry
        .create(&context, kind, namespace, decoded.object)
        .await?;
    written.warnings.extend(decoded.warnings);
    Ok(answer(
        app,
        call,
        StatusCode::CREATED,
        representation,
        &written,
    ))
}

/// `PUT /…/{resource}/{name}`, and `…/status`, `…/finalize`
pub(crate) async fn update(
    app: &App,
    call: &Call,
    part: Part,
    payload: Body,
) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let mut context = call.context()?;
    let bytes = body::read(payload, body::LIMIT).await?;
    let decoded = body::decode(&bytes, &call.headers, context.validation)?;
    if kind.custom.is_none() {
        // Checked in the raw body, where duplicates are still to be seen.
        context.validation = FieldValidation::Ignore;
    }
    let mut written = app
        .registry
        .update(&context, kind, &call.request.key(), part, decoded.object)
        .await?;
    written.warnings.extend(decoded.warnings);
    let code = if written.outcome == Outcome::Created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(answer(app, call, code, representation, &written))
}

/// `PATCH /…/{resource}/{name}`, and `…/status`
pub(crate) async fn patch(
    app: &App,
    call: &Call,
    part: Part,
    payload: Body,
) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let mut context = call.context()?;
    let bytes = body::read(payload, body::LIMIT).await?;
    let (patch, warnings) = decode_patch(&bytes, &call.headers, context.validation)?;
    let applies = matches!(patch, Patch::Apply(_));
    let force = force(call, applies)?;
    if applies && kind.custom.is_none() {
        context.validation = FieldValidation::Ignore;
    }
    let mut written = app
        .registry
        .patch(&context, kind, &call.request.key(), part, &patch, force)
        .await?;
    written.warnings.extend(warnings);
    let code = if written.outcome == Outcome::Created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(answer(app, call, code, representation, &written))
}

/// `force` and `fieldManager` are for apply: one is refused elsewhere, the other demanded.
fn force(call: &Call, applies: bool) -> Result<Force, ApiError> {
    let force = call.query.flag("force") && call.query.value("force").is_some();
    let cause = match (applies, force, call.query.value("fieldManager")) {
        (false, true, _) => {
            api::Cause::forbidden("force", "may not be specified for non-apply patch")
        }
        (true, _, None) => api::Cause::required("fieldManager", "is required for apply patch"),
        _ => return Ok(if force { Force::Yes } else { Force::No }),
    };
    Err(Status::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]).into())
}

/// Reads a patch in the format its content type names, with the warnings of a lenient reading.
pub(crate) fn decode_patch(
    bytes: &[u8],
    headers: &HeaderMap,
    validation: FieldValidation,
) -> Result<(Patch, Vec<String>), ApiError> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let json = || {
        serde_json::from_slice(bytes)
            .map_err(|error| ApiError::bad_request(format!("the patch cannot be decoded: {error}")))
    };
    match media_type {
        "application/json-patch+json" => Ok((Patch::Json(json()?), Vec::new())),
        "application/merge-patch+json" => Ok((Patch::Merge(json()?), Vec::new())),
        "application/strategic-merge-patch+json" => Ok((Patch::Strategic(json()?), Vec::new())),
        "application/apply-patch+yaml" => {
            let decoded = body::decode_as(bytes, Encoding::Yaml, validation)?;
            Ok((Patch::Apply(decoded.object), decoded.warnings))
        }
        _ => Err(ApiError::unsupported_media_type(content_type)),
    }
}

/// `DELETE /…/{resource}/{name}`
pub(crate) async fn delete(app: &App, call: &Call, payload: Body) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let options = delete_options(call, payload).await?;
    let mut context = call.context()?;
    context.dry_run |= options.dry_run;
    let written = app
        .registry
        .delete(&context, kind, &call.request.key(), &options)
        .await?;
    if written.outcome == Outcome::Deleted && kind.resource.plural != "pods" {
        return Ok(respond::value(
            StatusCode::OK,
            representation.encoding,
            &gone(call, &written.object),
        ));
    }
    let code = match options.propagation {
        Some(client::Propagation::Foreground) if written.outcome != Outcome::Deleted => {
            StatusCode::ACCEPTED
        }
        _ => StatusCode::OK,
    };
    Ok(answer(app, call, code, representation, &written))
}

/// `DELETE /…/{resource}`: everything the selectors match, one by one.
pub(crate) async fn delete_collection(
    app: &App,
    call: &Call,
    payload: Body,
) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let options = delete_options(call, payload).await?;
    let mut context = call.context()?;
    context.dry_run |= options.dry_run;
    app.registry.catch_up(kind, "").await?;
    let items = app
        .registry
        .matching(kind, &call.request.namespace, &call.selection(kind)?);
    let mut deleted = Vec::with_capacity(items.len());
    for item in items {
        match app
            .registry
            .delete(&context, kind, &item.key, &options)
            .await
        {
            Ok(written) => deleted.push(written.object),
            // Somebody else was faster: it is gone, which is what was asked for.
            Err(status) if status.reason == Reason::NotFound => {}
            Err(status) => return Err(status.into()),
        }
    }
    let concerned = Concerned::objects(&app.registry.kinds(), "delete", &deleted);
    let list = json!({
        "kind": format!("{}List", kind.resource.kind), "apiVersion": kind.resource.gvk().api_version(),
        "metadata": {"resourceVersion": app.registry.hub().revision(&call.request.resource.collection()).to_string()}, "items": deleted,
    });
    Ok(concerned.on(respond::value(
        StatusCode::OK,
        representation.encoding,
        &list,
    )))
}

pub(crate) async fn delete_options(
    call: &Call,
    payload: Body,
) -> Result<client::DeleteOptions, ApiError> {
    let bytes = body::read(payload, body::LIMIT).await?;
    let decoded = if bytes.is_empty() {
        None
    } else {
        Some(body::decode(&bytes, &call.headers, FieldValidation::Ignore)?.object)
    };
    options::delete_options(&call.query, decoded.as_ref())
}

/// What Kubernetes answers once an object is gone: a status with the object's identity.
fn gone(call: &Call, object: &Object) -> serde_json::Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {
            "name": object.name(), "group": call.request.resource.group, "kind": call.request.resource.plural,
            "uid": object.uid().0,
        },
    })
}

fn answer(
    app: &App,
    call: &Call,
    code: StatusCode,
    representation: negotiate::Representation,
    written: &Written,
) -> Response {
    let kind = call.request.kind.as_deref();
    let response = respond::object(
        code,
        representation,
        kind,
        &written.object,
        app.registry.env().now(),
    );
    let response = respond::with_warnings(response, &written.warnings);
    if call.request.name.is_empty() {
        let served = app.registry.kinds();
        return Concerned::objects(&served, call.request.verb, [&written.object]).on(response);
    }
    response
}
