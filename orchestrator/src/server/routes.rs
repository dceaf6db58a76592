//! From a request to the function that answers it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use hyper::upgrade::OnUpgrade;

use client::transaction;

use crate::auth::Identity;

use super::handlers::{self, Call};
use super::negotiate::Encoding;
use super::request::{self, Query, Refusal};
use super::{ApiError, App, metrics, respond, version};

/// The whole API server as one service.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().fallback(handle).with_state(app)
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response {
    let span = tracing::info_span!("request", http.method = %request.method(), http.path = request.uri().path());
    let answer = tracing::Instrument::instrument(Box::pin(answer(&app, request)), span);
    answer.await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(app: &App, mut request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path().to_owned();
    if let Some(response) = health(app, &path) {
        return Ok(response);
    }
    let identity = app.gate.identify(&request, app.registry.env().now())?;
    let query = Query::parse(request.uri().query());
    if path == transaction::PATH {
        if request.method() != Method::POST {
            return Err(ApiError::method_not_allowed());
        }
        let (parts, body) = request.into_parts();
        return handlers::transaction(app, identity, &query, &parts.headers, body).await;
    }
    match request::parse(request.method(), &path, &query) {
        Ok(resource) => {
            let (kind, clock) = (metrics::Kind::from(&resource), &app.registry.env().clock);
            let began = clock.now();
            let upgrade = request.extensions_mut().remove::<OnUpgrade>();
            let (parts, body) = request.into_parts();
            let raw_query = parts.uri.query().unwrap_or_default().to_owned();
            let call = Call {
                identity,
                request: resource,
                query,
                headers: parts.headers,
                raw_query,
                upgrade,
            };
            let answer = permitted(app, call, body).await;
            let took = clock.now().duration_since(began).as_secs_f64();
            app.metrics.answered(kind, &answer, took);
            answer
        }
        Err(Refusal::MethodNotAllowed) => Err(ApiError::method_not_allowed()),
        Err(Refusal::NotFound) => document(app, &identity, &request, &path, &query),
    }
}

async fn permitted(app: &App, call: Call, body: Body) -> Result<Response, ApiError> {
    app.gate
        .resource(&call.identity, &call.request, &call.query)?;
    handlers::serve(app, call, body).await
}

/// Probes are for everybody: a load balancer has no credentials.
fn health(app: &App, path: &str) -> Option<Response> {
    match path {
        "/livez" | "/healthz" => Some(text(StatusCode::OK, "ok")),
        "/readyz" if app.ready.is_set() => Some(text(StatusCode::OK, "ok")),
        "/readyz" => Some(text(
            StatusCode::SERVICE_UNAVAILABLE,
            "the controllers have not caught up yet",
        )),
        _ => None,
    }
}

/// What the server says about itself.
fn document(
    app: &App,
    identity: &Identity,
    request: &Request,
    path: &str,
    query: &Query,
) -> Result<Response, ApiError> {
    app.gate.path(identity, request.method(), path)?;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::unknown_path());
    }
    let json = |value| Ok(respond::value(StatusCode::OK, Encoding::Json, &value));
    match path {
        "/metrics" => Ok(app.metrics.respond()),
        "/version" | "/version/" => json(version::version()),
        "/.well-known/openid-configuration" => {
            json(app.gate.authenticator.tokens().openid_configuration())
        }
        "/openid/v1/jwks" => json(app.gate.authenticator.tokens().jwks()),
        _ if path.starts_with("/openapi/") => {
            app.openapi
                .respond(path, query.value("hash"), request.headers())
        }
        _ => app.discovery.respond(path, request.headers()),
    }
}

fn text(code: StatusCode, message: &'static str) -> Response {
    let mut response = (code, message).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
