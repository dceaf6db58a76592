//! GET of one object and of lists.

use axum::response::Response;

use api::{Reason, Status};

use crate::registry::PageRequest;
use crate::server::respond::ListMetadata;
use crate::server::{ApiError, App, respond};

use super::{Call, past};

/// `GET /…/{resource}/{name}`
pub(crate) async fn get(app: &App, call: &Call) -> Result<Response, ApiError> {
    if let Some(at) = past::asked(app, call).await? {
        return past::get(app, call, at).await;
    }
    let kind = call.kind()?;
    let representation = call.representation()?;
    app.registry
        .catch_up(
            kind,
            call.query.value("resourceVersion").unwrap_or_default(),
        )
        .await?;
    let item = app.registry.hub().get(&call.request.key());
    let item = item.ok_or_else(|| Status::not_found(&call.request.key()))?;
    Ok(respond::stored(
        representation,
        kind,
        &item,
        app.registry.env().now(),
    ))
}

/// `GET /…/{resource}`
pub(crate) async fn list(app: &App, call: &Call) -> Result<Response, ApiError> {
    let kind = call.kind()?;
    let representation = call.representation()?;
    let at = past::asked(app, call).await?;
    let mut request = PageRequest {
        namespace: call.request.namespace.clone(),
        selection: call.selection(kind)?,
        limit: limit(call)?,
        continue_token: call.query.value("continue").unwrap_or_default().to_owned(),
        resource_version: call
            .query
            .value("resourceVersion")
            .unwrap_or_default()
            .to_owned(),
        resource_version_match: call
            .query
            .value("resourceVersionMatch")
            .unwrap_or_default()
            .to_owned(),
    };
    // A token to go on with has the revision in it.
    if let (Some(at), true) = (at, request.continue_token.is_empty()) {
        request.resource_version = at.to_string();
        "Exact".clone_into(&mut request.resource_version_match);
    }
    let page = app.registry.page(kind, &request).await?;
    let metadata = ListMetadata {
        revision: page.revision,
        continue_token: page.continue_token,
        remaining: page.remaining,
    };
    Ok(respond::list(
        representation,
        kind,
        &page.items,
        &metadata,
        app.registry.env().now(),
    ))
}

fn limit(call: &Call) -> Result<usize, ApiError> {
    match call.query.value("limit") {
        None => Ok(0),
        Some(text) => {
            let bad = || {
                Status::new(
                    Reason::BadRequest,
                    format!("limit {text:?} is not a number of items"),
                )
            };
            Ok(text.parse().map_err(|_| bad())?)
        }
    }
}
