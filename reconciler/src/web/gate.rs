//! What every request passes: who is it, may it, how long, and what headers the answer has.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::assets::ASSETS;
use super::auth::{Admitted, Denied, Transport, admit};
use super::error::{PageError, Undressed, for_programs};
use super::markup::is_action;
use super::pages::{html, removed_page};
use super::signed_out;
use super::view::component::Icon;
use super::view::frame::{Frame, Section};
use super::view::truth::sentence;
use super::visitor::Visitor;

/// A page that takes longer than this says so instead. Streams begin well before.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest page.
const PAGE: usize = 16 << 20;

/// Lets in whoever is signed in, and tells handlers who it is.
pub(super) async fn guard(
    State(app): State<Arc<App>>,
    uri: OriginalUri,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let admitted = match admit(&app.auth, request.method(), headers, app.env.now()) {
        Ok(admitted) => admitted,
        Err(Denied::SignedOut) if takes_pages(headers) => {
            return signed_out::to_sign_in(&uri, request).await;
        }
        Err(denied) => return refuse(denied),
    };
    let csrf = match &admitted {
        Admitted::Session(session) => app.auth.csrf(session),
        Admitted::Token(_) => String::new(),
    };
    let visitor = Visitor::new(headers, Some(admitted), csrf);
    let path = uri.path().to_owned();
    request.extensions_mut().insert(visitor.clone());
    let response = match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(late) => PageError::Unavailable {
            what: "the page",
            source: Box::new(late),
        }
        .into_response(),
    };
    let response = dress(response, &app, &visitor, &path).await;
    if visitor.fits(&app) {
        return response;
    }
    fitted(response, &app, &visitor).await
}

/// A page without what this visitor may not do, and with the time of their clock.
async fn fitted(response: Response, app: &App, visitor: &Visitor) -> Response {
    if !is_page(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, PAGE).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let page = String::from_utf8_lossy(&bytes);
    let page = visitor.fitted(app, &page).await.into_owned();
    Response::from_parts(parts, Body::from(page))
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Whether pages can be shown to who asks.
fn takes_pages(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn refuse(denied: Denied) -> Response {
    plain(&match denied {
        Denied::SignedOut => PageError::SignedOut,
        Denied::BadCredentials => PageError::BadCredentials,
        Denied::CrossSite => PageError::CrossSite,
        Denied::ReadOnly => PageError::ReadOnly,
    })
}

/// For programs, and for those who may not see the frame.
fn plain(error: &PageError) -> Response {
    let told = match error {
        // Which one, and why.
        PageError::Unavailable { .. } => chain(error),
        other => other.to_string(),
    };
    for_programs(error.status(), &told)
}

/// Where the same page is of now, with an answer about a moment that cannot be shown.
#[derive(Clone)]
pub(super) struct Now(pub(super) String);

/// Gives an error its page.
pub(super) async fn dress(
    mut response: Response,
    app: &App,
    visitor: &Visitor,
    path: &str,
) -> Response {
    let Some(Undressed(error)) = response.extensions_mut().remove() else {
        return response;
    };
    let now = response.extensions_mut().remove::<Now>();
    if error.status().is_server_error() {
        tracing::warn!(error = %causes(&*error), "a page failed");
    }
    let mut response = match &*error {
        PageError::Removed { name, at } => removed_page(app, name, *at, visitor).await,
        error if visitor.json => plain(error),
        error => {
            let mut page = page(error, visitor.frame(app).await);
            page.back = back(path);
            page.now = now.map(|Now(address)| address);
            html(&page)
        }
    };
    *response.status_mut() = error.status();
    if let Some(seconds) = error.retry_after() {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    frame: Frame,
    icon: Icon,
    heading: String,
    text: String,
    hint: String,
    /// Name and address of the application that something was asked for; absent for none.
    back: Option<(String, String)>,
    /// The same page of now, where a moment of the past was asked for.
    now: Option<String>,
    retry: bool,
}

/// The application of an address that does something.
fn back(path: &str) -> Option<(String, String)> {
    let mut parts = path.trim_start_matches('/').split('/');
    let name = match (parts.next()?, parts.next()?) {
        ("apps", name) => name,
        ("rollouts", id) => id.rsplit_once('-')?.0,
        _ => return None,
    };
    // Names of applications need no encoding (RFC 1123).
    is_action(path).then(|| (name.to_owned(), format!("/apps/{name}")))
}

/// Icon, heading, and what to do.
fn said(error: &PageError) -> (&'static str, &'static str, &'static str) {
    match error {
        PageError::NotFound(_) => (
            "unk",
            "Not here",
            "Check the name, or look for it from the top.",
        ),
        PageError::Gone(_) | PageError::Removed { .. } => ("unk", "Gone", ""),
        PageError::BadRequest(_) | PageError::BadParameter(_) | PageError::TooLarge => {
            ("warn", "This address says something Kedge cannot read", "")
        }
        PageError::BadForm
        | PageError::CrossSite
        | PageError::ReadOnly
        | PageError::NotAllowed(_) => ("warn", "Not allowed", ""),
        PageError::SignedOut | PageError::BadCredentials => ("warn", "Not signed in", ""),
        PageError::Refused(_) => ("warn", "Not done", "Nothing has changed."),
        PageError::TooMany { .. } => ("wait", "Too many at once", "Try again in a moment."),
        PageError::Busy => ("wait", "Busy", "Close some pages and try again."),
        PageError::Full(_) => (
            "bad",
            "No room",
            "What is there goes on. kedge doctor says which disk it is.",
        ),
        PageError::Unavailable { .. } => (
            "bad",
            "No answer",
            "The rest of Kedge goes on. Try again in a moment.",
        ),
    }
}

pub(super) fn page(error: &PageError, frame: Frame) -> ErrorPage {
    let (icon, heading, hint) = said(error);
    let text = match error {
        PageError::Unavailable { .. } => sentence(&chain(error)),
        // It begins with the parameter's name, which is written as it is.
        PageError::BadParameter(wrong) => format!("{wrong}."),
        other => sentence(&other.to_string()),
    };
    let retry = error.status().is_server_error();
    let mut frame = frame.page(Section::Elsewhere, heading).crumb(heading, "");
    if !retry {
        // Nothing failed that the log would tell of.
        frame.request.clear();
    }
    ErrorPage {
        frame,
        icon: Icon(icon),
        heading: heading.into(),
        text,
        hint: hint.into(),
        back: None,
        now: None,
        retry,
    }
}

/// The error with its causes, for people: how a connection failed is for the log.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    if is_silence(error) {
        return SILENCE.to_owned();
    }
    told(error, is_silence)
}

/// The same with everything that is known.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    told(error, |_| false)
}

/// What is said of a connection that failed.
const SILENCE: &str = "the API server does not answer";

fn is_silence(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(client::Error::Transport { .. }))
}

fn told(
    error: &(dyn std::error::Error + 'static),
    ends: fn(&(dyn std::error::Error + 'static)) -> bool,
) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if ends(cause) {
            return format!("{text}: {SILENCE}");
        }
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types kedge";

/// Two years, as browsers ask of those that they know beforehand.
const TLS_ONLY: &str = "max-age=63072000";

/// A structured field: a list of strings, each an address (HTML, "Speculative loading").
static EARLY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let rules = format!("\"{}\"", ASSETS.prefetch.path);
    HeaderValue::from_str(&rules).expect("an address makes a header")
});

/// The headers every answer has.
pub(super) async fn headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    close(headers, app.auth.transport());
    if is_page(headers) {
        headers.insert(HeaderName::from_static("speculation-rules"), EARLY.clone());
    }
    response
}

/// What no answer may be used for.
pub(super) fn close(headers: &mut HeaderMap, transport: Transport) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    if transport == Transport::Tls {
        set(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

#[test]
fn how_a_connection_failed_is_for_the_log() {
    let source = "client error (Connect): deadline has elapsed";
    let silent = client::Error::Transport {
        operation: "POST /apis/kedge.dev/v1alpha1/transactions".into(),
        source: source.into(),
    };
    let error = PageError::from(crate::service::Error::Cluster(silent));
    let shown = chain(&error);
    assert!(shown.ends_with("the API server does not answer"), "{shown}");
    assert!(!shown.contains("transactions"), "{shown}");
    assert!(causes(&error).contains(source));
}
