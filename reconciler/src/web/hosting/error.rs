//! Failures, as programs read them.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::githost::{hosted, token};
use crate::history;
use crate::web::auth::Denied;
use crate::web::error::for_programs;
use crate::web::room;

#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("{}", denied(*.0))]
    Denied(Denied),
    #[error("this is written with a token, not from a browser: use kedge")]
    Session,
    #[error("only the admin may do this")]
    NotAdmin,
    #[error("{0}")]
    Wrong(String),
    #[error("{0}")]
    Missing(String),
    #[error("{0}")]
    Taken(String),
    #[error("{}", room::TOLD)]
    Full(#[source] Box<Self>),
    #[error("the answer takes too long")]
    Late,
    #[error("the repositories cannot be changed")]
    Repository(#[source] hosted::Error),
    #[error("the history did not answer")]
    History(#[from] history::Error),
}

fn denied(denied: Denied) -> &'static str {
    match denied {
        Denied::SignedOut => "sign in first",
        Denied::BadCredentials => "the credentials are wrong",
        Denied::CrossSite => "writes must come from Kedge's own pages",
        Denied::ReadOnly => "this token may only read; nothing was changed",
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Denied(Denied::SignedOut | Denied::BadCredentials) => StatusCode::UNAUTHORIZED,
            Self::Denied(_) | Self::Session | Self::NotAdmin => StatusCode::FORBIDDEN,
            Self::Wrong(_) => StatusCode::BAD_REQUEST,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Taken(_) => StatusCode::CONFLICT,
            Self::Full(_) => room::STATUS,
            Self::Late | Self::History(_) | Self::Repository(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<token::Error> for ApiError {
    fn from(error: token::Error) -> Self {
        match error {
            token::Error::Wrong(text) => Self::Wrong(text),
            token::Error::Exists(_) => Self::Taken(error.to_string()),
            token::Error::Missing(_) => Self::Missing(error.to_string()),
            token::Error::History(error) => Self::History(error),
        }
    }
}

impl From<hosted::Error> for ApiError {
    fn from(error: hosted::Error) -> Self {
        match error {
            hosted::Error::Wrong(text) => Self::Wrong(text),
            hosted::Error::Exists(_) => Self::Taken(error.to_string()),
            hosted::Error::Missing(_) | hosted::Error::NoRule { .. } => {
                Self::Missing(error.to_string())
            }
            hosted::Error::History(error) => Self::History(error),
            other => Self::Repository(other),
        }
    }
}

impl ApiError {
    /// A full disk is told as one, whoever met it.
    fn explained(self) -> Self {
        match self {
            Self::Repository(_) | Self::History(_) if room::is_lacking(&self) => {
                Self::Full(Box::new(self))
            }
            other => other,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let told = self.explained();
        let status = told.status();
        if status.is_server_error() {
            tracing::warn!(error = %crate::sync::causes(&told), "an answer failed");
        }
        for_programs(status, &told.to_string())
    }
}
