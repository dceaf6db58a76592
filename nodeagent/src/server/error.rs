//! The one place where a failure becomes an answer: a Kubernetes `Status`.

use api::{Reason, Status};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::report::report;
use crate::runtime::{self, Failure};

/// A failed request.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Error(#[from] Status);

impl Error {
    pub(super) fn not_found(message: String) -> Self {
        Self(Status::new(Reason::NotFound, message))
    }

    pub(super) fn bad_request(message: String) -> Self {
        Self(Status::bad_request(message))
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self(Status::new(Reason::Forbidden, message))
    }
}

impl From<runtime::Error> for Error {
    fn from(error: runtime::Error) -> Self {
        let text = report(&error);
        match error.failure() {
            Failure::NotFound => Self::not_found(text),
            Failure::Unsupported => Self::bad_request(text),
            _ => Self(Status::internal(text)),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let code = self.0.code();
        if code >= 500 {
            tracing::warn!(error = self.0.message, "request failed");
        }
        let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (code, Json(self.0.to_json())).into_response()
    }
}
