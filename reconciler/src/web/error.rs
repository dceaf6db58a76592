//! Why a page cannot be shown, and the page that says so. The response is for programs, and carries the
//! error; the outermost layer dresses it as a page, for it alone knows who asks.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use jiff::Timestamp;
use serde_json::json;

use super::room;
use crate::{history, service, source};

/// A page that is not.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    #[error("there is no {0}")]
    NotFound(String),
    /// It was there.
    #[error("{0} is gone")]
    Gone(String),
    /// An application that was there, and when it went. It has a page of its own.
    #[error("application {name} is gone")]
    Removed { name: String, at: Timestamp },
    #[error("{0}")]
    BadRequest(String),
    /// A parameter of the address has a value that cannot be read; begins with its name.
    #[error("{0}")]
    BadParameter(String),
    #[error("this form is too large")]
    TooLarge,
    #[error("this form is not from your session; load the page again and repeat")]
    BadForm,
    #[error("writes must come from Kedge's own pages")]
    CrossSite,
    #[error("this token may only read; nothing was changed")]
    ReadOnly,
    /// The role is too low; who has it.
    #[error("{0}")]
    NotAllowed(String),
    #[error("sign in first")]
    SignedOut,
    #[error("the credentials are wrong")]
    BadCredentials,
    #[error("{0}")]
    Refused(String),
    /// Too often, within a short time; when there is room again.
    #[error(
        "you asked for more dry runs than the cluster makes at once for one person; one more is \
         possible in {} s; nothing was changed", wait_of(*wait)
    )]
    TooMany { wait: Duration },
    #[error("too many streams are open")]
    Busy,
    #[error("{}", room::TOLD)]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{what} did not answer")]
    Unavailable {
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl PageError {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Gone(_) | Self::Removed { .. } => StatusCode::GONE,
            Self::BadRequest(_) | Self::BadParameter(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadForm | Self::CrossSite | Self::ReadOnly | Self::NotAllowed(_) => {
                StatusCode::FORBIDDEN
            }
            Self::SignedOut | Self::BadCredentials => StatusCode::UNAUTHORIZED,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Full(_) => room::STATUS,
            Self::Busy | Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// In how many seconds to ask again, where that is known (RFC 9110, section 10.2.3).
    pub(super) fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany { wait } => Some(wait_of(*wait)),
            _ => None,
        }
    }
}

/// Whole seconds, as `Retry-After` has them.
fn wait_of(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<service::Error> for PageError {
    fn from(error: service::Error) -> Self {
        use service::Error;
        match error {
            Error::NotFound(what) => Self::NotFound(what),
            Error::Ambiguous { .. } => Self::BadRequest(error.to_string()),
            Error::Impossible(_)
            | Error::Moved { .. }
            | Error::Replanned { .. }
            | Error::Refused(_) => Self::Refused(error.to_string()),
            Error::History(_) => unavailable("the history", error),
            Error::Git(source) => boxed("the repository", source),
            Error::Cluster(error) => error.into(),
        }
    }
}

impl From<client::Error> for PageError {
    /// What is worked with the cluster may also fail in what else it needs: that is named then.
    fn from(error: client::Error) -> Self {
        let (operation, source) = match error {
            client::Error::Own { operation, source } => (operation, source),
            other => return unavailable("the cluster", other),
        };
        let source = match source.downcast::<source::Error>() {
            Ok(git) => return unavailable("the repository", *git),
            Err(source) => source,
        };
        match source.downcast::<history::Error>() {
            Ok(history) => unavailable("the history", *history),
            Err(source) => unavailable("the cluster", client::Error::Own { operation, source }),
        }
    }
}

fn unavailable(
    what: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> PageError {
    boxed(what, Box::new(error))
}

fn boxed(what: &'static str, source: Box<dyn std::error::Error + Send + Sync>) -> PageError {
    if room::is_lacking(&*source) {
        return PageError::Full(source);
    }
    PageError::Unavailable { what, source }
}

/// A failure in the shape that every address answers programs with.
pub(super) fn for_programs(status: StatusCode, message: &str) -> Response {
    let body = json!({"error": {"status": status.as_u16(), "message": message}});
    let mut response = (status, Json(body)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"kedge\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The error in a response's extensions, until it is dressed.
#[derive(Clone)]
pub(super) struct Undressed(pub(super) Arc<PageError>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = for_programs(self.status(), &self.to_string());
        response.extensions_mut().insert(Undressed(Arc::new(self)));
        response
    }
}

#[test]
fn what_did_not_answer_is_named_for_what_it_is() {
    use std::error::Error;
    let missing = || source::Error::Missing {
        path: "/srv/git".into(),
    };
    let own = |source: Box<dyn Error + Send + Sync>| client::Error::Own {
        operation: "read the repository".into(),
        source,
    };
    let check = |error: service::Error, expected: &str| {
        let told = PageError::from(error).to_string();
        assert_eq!(told, format!("{expected} did not answer"));
    };
    let git = || service::Error::Cluster(own(Box::new(missing())));
    check(git(), "the repository");
    check(service::Error::Git(Box::new(missing())), "the repository");
    let record = own(Box::new(history::Error::Unsaid));
    check(service::Error::Cluster(record), "the history");
    let other = own(Box::new(std::io::Error::other("why")));
    check(service::Error::Cluster(other), "the cluster");
    let why = PageError::from(git());
    let why = why.source().map(ToString::to_string).unwrap_or_default();
    assert_eq!(why, "there is no directory /srv/git");
}
