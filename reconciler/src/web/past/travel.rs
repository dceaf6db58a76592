//! A request with `at`, answered by the same pages over the past.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use client::Env;
use jiff::Timestamp;
use tower::ServiceExt;

use super::cluster::{NoLogs, PastCluster, Standing};
use super::rewrite::Rewrite;
use super::state::{self, Asked, Past};
use super::stood::PastBackend;
use super::view;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::gate::{self, Now};
use crate::web::markup::is_action;
use crate::web::visitor::Visitor;

/// The largest page.
const PAGE: usize = 16 << 20;
/// What has no past: what would be done, what runs on, what was never kept.
const NOW_ONLY: [&str; 6] = [
    "/live",
    "/origins",
    "/signout",
    "/api",
    // Of this browser, and of whoever signs in: nothing of the cluster.
    "/settings/preferences",
    "/settings/tokens",
];

/// Answers a request with `at` from the past, every other one from the present.
pub(in crate::web) async fn travel(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
    pages: fn() -> Router<Arc<App>>,
) -> Response {
    let asked = Asked::of(request.uri().query().unwrap_or_default());
    let path = request.uri().path().to_owned();
    let (Some(asked), true) = (asked, request.method().is_safe()) else {
        return next.run(request).await;
    };
    if is_now_only(&path) {
        return next.run(request).await;
    }
    if is_action(&path) {
        let text = "the past cannot be changed: leave out at= to do this now";
        return with_way_back(PageError::BadRequest(text.into()), request.uri());
    }
    let past = match state::find(&app, &asked).await {
        Ok(past) => Arc::new(past),
        Err(error) => return with_way_back(error, request.uri()),
    };
    let there = Arc::new(app.then(past.clone()));
    let query = request.uri().query().unwrap_or_default().to_owned();
    let pages = pages().with_state(there.clone());
    let visitor = request.extensions().get::<Visitor>().cloned();
    let response = match pages.oneshot(afresh(request)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    // What was not there then has a page of then, with the way back to now.
    let response = match &visitor {
        Some(visitor) => gate::dress(response, &there, visitor, &path).await,
        None => response,
    };
    let bar = view::bar(&app, &past, &path, &query).await;
    dressed(response, &past, &bar).await
}

/// The same app over what was at a moment.
pub(in crate::web) async fn at(app: &App, moment: Timestamp) -> Result<App, PageError> {
    let past = state::find(app, &Asked(moment.to_string())).await?;
    Ok(app.then(Arc::new(past)))
}

fn is_now_only(path: &str) -> bool {
    // The first two lead elsewhere; logs are with the nodes, which keep what they have.
    matches!(path, "/" | "/settings")
        || NOW_ONLY.iter().any(|only| path.starts_with(only))
        || path.starts_with("/pods") && path.ends_with("/logs")
}

/// The error, with the address of the same page of now.
fn with_way_back(error: PageError, uri: &Uri) -> Response {
    let now = view::address(uri.path(), uri.query().unwrap_or_default(), "");
    let mut response = error.into_response();
    response.extensions_mut().insert(Now(now));
    response
}

/// The request as it came: what the outer router took out of its address is not said twice.
fn afresh(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    let visitor = parts.extensions.remove::<Visitor>();
    let mut fresh = Request::new(body);
    *fresh.method_mut() = parts.method;
    *fresh.uri_mut() = parts.uri;
    *fresh.headers_mut() = parts.headers;
    if let Some(visitor) = visitor {
        fresh.extensions_mut().insert(visitor);
    }
    fresh
}

/// Every link of the page stays in the past, and what would do something goes.
async fn dressed(response: Response, past: &Past, bar: &str) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, PAGE).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let text = String::from_utf8_lossy(&bytes);
    let rewrite = Rewrite {
        at: &past.asked,
        bar,
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(rewrite.page(&text)))
}

impl App {
    /// The same pages over what was.
    fn then(&self, past: Arc<Past>) -> Self {
        let client = Arc::new(PastCluster {
            inner: self.client.clone(),
            past: past.clone(),
        });
        Self {
            backend: Arc::new(PastBackend {
                inner: self.backend.clone(),
                past: past.clone(),
            }),
            client,
            informers: self.informers.clone(),
            logs: Arc::new(NoLogs),
            auth: self.auth.clone(),
            access: self.access.clone(),
            provider: self.provider.clone(),
            ready: self.ready.clone(),
            registry: self.registry.clone(),
            settings: self.settings.clone(),
            env: Env {
                clock: Arc::new(Standing(past.at)),
                ids: self.env.ids.clone(),
            },
            tasks: self.tasks.clone(),
            hub: crate::web::live::Hub::new(past.at),
            changes: self.changes.clone(),
            pulse: self.pulse.clone(),
            streams: self.streams.clone(),
            counted: self.counted.clone(),
            planning: self.planning.clone(),
            dry_runs: self.dry_runs.clone(),
            past: Some(past),
        }
    }
}
