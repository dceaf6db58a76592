//! A session as a cookie: `v1.ID.USER.UNTIL.SIGNATURE`.

use jiff::Timestamp;

use super::keys::Keys;
use super::{SESSION, Transport};

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Random; not secret by itself.
    pub id: String,
    /// Letters and digits.
    pub user: String,
    pub until: Timestamp,
}

const VERSION: &str = "v1";

fn name(transport: Transport) -> &'static str {
    match transport {
        // Browsers take a name that begins so only over TLS, for this host and all of it.
        Transport::Tls => "__Host-kedge",
        Transport::Plain => "kedge",
    }
}

fn attributes(transport: Transport) -> &'static str {
    match transport {
        Transport::Tls => "Path=/; HttpOnly; SameSite=Lax; Secure",
        Transport::Plain => "Path=/; HttpOnly; SameSite=Lax",
    }
}

pub(super) fn cookie(session: &Session, transport: Transport, keys: &Keys) -> String {
    let Session { id, user, until } = session;
    let text = format!("{VERSION}.{id}.{user}.{}", until.as_second());
    let signature = keys.sign(&text);
    let (name, attributes) = (name(transport), attributes(transport));
    let age = SESSION.as_secs();
    format!("{name}={text}.{signature}; Max-Age={age}; {attributes}")
}

pub(super) fn no_cookie(transport: Transport) -> String {
    let (name, attributes) = (name(transport), attributes(transport));
    format!("{name}=; Max-Age=0; {attributes}")
}

pub(super) fn read(cookies: &str, transport: Transport, keys: &Keys) -> Option<Session> {
    let value = named(cookies, name(transport))?;
    let (text, signature) = value.rsplit_once('.')?;
    if !keys.is_signed(text, signature) {
        return None;
    }
    let mut parts = text.split('.');
    if parts.next()? != VERSION {
        return None;
    }
    let (id, user, until) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Session {
        id: id.into(),
        user: user.into(),
        until: Timestamp::from_second(until.parse().ok()?).ok()?,
    })
}

/// The value of one cookie of a `Cookie` header.
pub(in crate::web) fn named<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(own, value)| (own == name).then_some(value))
}
