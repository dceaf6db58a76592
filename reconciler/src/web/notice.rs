//! What programs are told besides the data: that it is old, or that Git cannot be read. Pages have a
//! bar for it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::app::App;
use super::view::time::seconds;
use super::visitor::{silent_since, wants_json};
use crate::source::HOSTED;

/// One sentence each; there may be several.
const NOTICE: HeaderName = HeaderName::from_static("kedge-notice");
/// Characters of one.
const LONG: usize = 300;

/// Adds the notices to what is answered as data about now.
pub(super) async fn told(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let is_past = query.split('&').any(|pair| pair.starts_with("at="));
    let wanted = wants_json(request.headers()) && !is_past;
    let mut response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !wanted || kind.is_none_or(|kind| kind != "application/json") {
        return response;
    }
    for notice in notices(&app).await {
        if let Ok(value) = HeaderValue::from_str(&line(&notice)) {
            response.headers_mut().append(NOTICE, value);
        }
    }
    response
}

async fn notices(app: &App) -> Vec<String> {
    let silent = silent_since(app).map(|since| {
        let since = seconds(since);
        format!(
            "the API server has not answered since {since}: what is told of the cluster is of then"
        )
    });
    let sources = app.backend.sources().await.unwrap_or_default().into_iter();
    let away = sources.filter(|it| !it.error.is_empty()).map(|source| {
        let which = match source.repository.as_str() {
            HOSTED => "the cluster repository".to_owned(),
            name => format!("repository {name}"),
        };
        format!("{which} cannot be followed: {}", source.error)
    });
    silent.into_iter().chain(away).collect()
}

/// As a header can say it.
fn line(text: &str) -> String {
    let plain = |it: char| {
        if it == ' ' || it.is_ascii_graphic() {
            it
        } else {
            ' '
        }
    };
    text.chars().map(plain).take(LONG).collect()
}

#[test]
fn a_notice_is_one_line_of_plain_letters() {
    assert_eq!(line("a\nb"), "a b");
    assert_eq!(line("näher").len(), 5);
    assert_eq!(line(&"x".repeat(1_000)).len(), LONG);
}
