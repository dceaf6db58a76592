//! The one place where a failure becomes a response, and where a 5xx is logged.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use api::{Reason, Status};

/// A failed request. Handlers return it; `?` turns every error of the layers below into one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct ApiError(#[from] pub Status);

impl ApiError {
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self(Status::bad_request(message))
    }

    /// A path that nothing serves; clients expect a `Status` here too.
    pub fn unknown_path() -> Self {
        Self(Status::new(
            Reason::NotFound,
            "the server could not find the requested resource",
        ))
    }

    /// No answer can be given in a form that the client accepts.
    pub fn not_acceptable(offered: &[&str]) -> Self {
        Self(Status::new(
            Reason::NotAcceptable,
            format!(
                "only the following media types are accepted: {}",
                offered.join(", ")
            ),
        ))
    }

    pub fn unsupported_media_type(sent: &str) -> Self {
        Self(Status::new(
            Reason::UnsupportedMediaType,
            format!("the body of the request was in an unknown format: {sent:?}"),
        ))
    }

    pub fn method_not_allowed() -> Self {
        Self(Status::new(
            Reason::MethodNotAllowed,
            "the server does not allow this method on the requested resource",
        ))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.0;
        let code = StatusCode::from_u16(status.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if code.is_server_error() {
            tracing::error!(status.reason = ?status.reason, status.message = %status.message, "request failed");
        }
        let mut response = Response::new(Body::from(status.to_json().to_string()));
        *response.status_mut() = code;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache, private"),
        );
        if let Some(seconds) = status.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status.reason == Reason::Unauthorized {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"kedge\""),
            );
        }
        response
    }
}

/// Runes after which one warning is cut, and all of them together.
const WARNING_LIMIT: usize = 256;
const WARNINGS_LIMIT: usize = 4096;

/// The values of the `Warning` headers of a response: each once, quoted (RFC 7234), bounded.
pub fn warning_headers<'a>(warnings: impl IntoIterator<Item = &'a str>) -> Vec<HeaderValue> {
    let mut seen: Vec<String> = Vec::new();
    let mut total = 0;
    for warning in warnings {
        let text: String = warning
            .chars()
            .map(|rune| if rune.is_control() { ' ' } else { rune })
            .take(WARNING_LIMIT)
            .collect();
        total += text.chars().count();
        if total > WARNINGS_LIMIT {
            break;
        }
        if !text.trim().is_empty() && !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.iter()
        .filter_map(|text| {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_status_with_its_headers() {
        let status = Status {
            retry_after_seconds: Some(3),
            ..Status::new(Reason::TooManyRequests, "slow down")
        };
        let response = ApiError(status).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "3");
        assert_eq!(response.headers()["content-type"], "application/json");

        // kubectl debug reads the name in the details of this one, whether there are any or not.
        assert!(ApiError::unknown_path().0.to_json()["details"].is_object());

        let response = ApiError(Status::new(Reason::Unauthorized, "no")).into_response();
        assert!(response.headers().contains_key("www-authenticate"));
    }

    #[test]
    fn warnings_are_quoted_and_given_once() {
        let long = "x".repeat(300);
        let headers = warning_headers(["a \"b\"\n", "a \"b\"\n", "", &long]);
        assert_eq!(headers.len(), 2);
        assert_eq!(headers[0], "299 - \"a \\\"b\\\" \"");
        assert_eq!(headers[1].len(), 256 + "299 - \"\"".len());
    }
}
