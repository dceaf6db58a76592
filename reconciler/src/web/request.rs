//! Every request has a name: in the answer's headers, in the log, and on a page something is missing
//! from.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use client::Env;
use tracing::{Instrument, info_span};

use super::app::App;

/// The header that carries it.
const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// Hex digits of it.
const DIGITS: usize = 12;

/// Names a request; what others called it is forgotten.
pub(super) async fn named(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = fresh(&app.env);
    let value = value(&id);
    request.headers_mut().insert(NAME, value.clone());
    let span = info_span!("request", id, path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(NAME, value);
    response
}

/// What answers a request says its name; one that was answered without gets one here.
pub(super) fn name_of(response: &mut Response, env: &Env) -> String {
    let given = name(response.headers());
    if !given.is_empty() {
        return given;
    }
    let id = fresh(env);
    response.headers_mut().insert(NAME, value(&id));
    id
}

fn fresh(env: &Env) -> String {
    let id = env.ids.uid().replace('-', "");
    id.get(..DIGITS).unwrap_or(&id).to_owned()
}

fn value(id: &str) -> HeaderValue {
    HeaderValue::from_str(id).expect("hex digits make a header")
}

/// The name of the request with these headers; empty where it has none.
pub(super) fn name(headers: &HeaderMap) -> String {
    let name = headers.get(NAME).and_then(|name| name.to_str().ok());
    name.unwrap_or_default().to_owned()
}
