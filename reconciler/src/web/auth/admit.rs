//! Whether a request may go on: pure, from its headers.

use axum::http::{HeaderMap, Method, header};
use jiff::Timestamp;

use super::{Auth, Session};
use crate::githost::{Identity, Role};
use crate::source::Person;
use crate::web::access::{self, Who};

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// Somebody in a browser: writes need the session's form token too.
    Session(Session),
    /// A program with a token.
    Token(Identity),
}

impl Admitted {
    pub fn person(&self) -> Person {
        match self {
            Self::Session(session) => session.user.person(),
            Self::Token(identity) => identity.person.clone(),
        }
    }

    /// As the rules know them.
    pub fn who(&self) -> Who<'_> {
        match self {
            Self::Session(session) => session.user.who(),
            Self::Token(identity) => Who {
                user: &identity.person.name,
                email: "",
                groups: &[],
                everywhere: match identity.role {
                    Role::Reader => access::Role::Viewer,
                    Role::Writer => access::Role::Operator,
                    Role::Admin => access::Role::Admin,
                },
            },
        }
    }
}

/// Why a request may not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Nobody signed in.
    SignedOut,
    /// The `Authorization` header is wrong.
    BadCredentials,
    /// A write that another site caused.
    CrossSite,
    /// A write with a token that only reads.
    ReadOnly,
}

/// Decides by the headers. A wrong `Authorization` header is refused even beside a good cookie.
pub fn admit(
    auth: &Auth,
    method: &Method,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Admitted, Denied> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let text = authorization.to_str().unwrap_or_default();
        return match auth.authorization(text) {
            Some(it) if it.role < Role::Writer && !method.is_safe() => Err(Denied::ReadOnly),
            Some(identity) => Ok(Admitted::Token(identity)),
            None => Err(Denied::BadCredentials),
        };
    }
    if !method.is_safe() && !same_origin(headers) {
        return Err(Denied::CrossSite);
    }
    headers
        .get_all(header::COOKIE)
        .iter()
        .find_map(|cookies| auth.session(cookies.to_str().ok()?, now))
        .map(Admitted::Session)
        .ok_or(Denied::SignedOut)
}

/// Whether the browser says that the request comes from one of our own pages. Browsers send at
/// least one of the two headers with every write.
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else {
        return false;
    };
    let own = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    own.is_some_and(|own| own.eq_ignore_ascii_case(host))
}
