//! A session as a cookie: `v2.WHO.SIGNATURE`, where WHO is JSON in base64.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::keys::Keys;
use super::oidc::Attempt;
use super::{SESSION, Transport};
use crate::source::Person;
use crate::web::access::{Role, Who};

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Random; not secret by itself.
    pub id: String,
    pub user: User,
    /// Until when, in whole seconds.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub until: Timestamp,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    /// Empty where the provider does not say.
    pub email: String,
    /// Those that rules are about.
    pub groups: Vec<String>,
    /// What they may do with every Application, whatever the rules say.
    pub everywhere: Role,
}

impl User {
    /// As the author of commits.
    pub fn person(&self) -> Person {
        match self.email.as_str() {
            "" => super::person(&self.name),
            email => Person::new(&self.name, email),
        }
    }

    pub fn who(&self) -> Who<'_> {
        Who {
            user: &self.name,
            email: &self.email,
            groups: &self.groups,
            everywhere: self.everywhere,
        }
    }
}

const VERSION: &str = "v2";

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
    let who = serde_json::to_vec(session).expect("texts and numbers are JSON");
    let text = format!("{VERSION}.{}", BASE64_URL_SAFE_NO_PAD.encode(who));
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
    let (version, who) = text.split_once('.')?;
    if version != VERSION {
        return None;
    }
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(who).ok()?).ok()
}

/// The name of the cookie of somebody who is on the way through a provider.
fn attempt_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Tls => "__Host-kedge-signin",
        Transport::Plain => "kedge-signin",
    }
}

/// Its version: no session begins like this.
const ATTEMPT: &str = "a1";

pub(super) fn attempt_cookie(attempt: &Attempt, transport: Transport, keys: &Keys) -> String {
    let what = serde_json::to_vec(attempt).expect("texts are JSON");
    let text = format!("{ATTEMPT}.{}", BASE64_URL_SAFE_NO_PAD.encode(what));
    let signature = keys.sign(&text);
    let (name, attributes) = (attempt_name(transport), attributes(transport));
    format!("{name}={text}.{signature}; Max-Age=600; {attributes}")
}

pub(super) fn attempt(cookies: &str, transport: Transport, keys: &Keys) -> Option<Attempt> {
    let value = named(cookies, attempt_name(transport))?;
    let (text, signature) = value.rsplit_once('.')?;
    let what = text.strip_prefix(ATTEMPT)?.strip_prefix('.')?;
    let what = BASE64_URL_SAFE_NO_PAD.decode(what).ok()?;
    let is_ours = keys.is_signed(text, signature);
    is_ours
        .then(|| serde_json::from_slice(&what).ok())
        .flatten()
}

pub(super) fn no_attempt(transport: Transport) -> String {
    let (name, attributes) = (attempt_name(transport), attributes(transport));
    format!("{name}=; Max-Age=0; {attributes}")
}

/// The value of one cookie of a `Cookie` header.
pub(in crate::web) fn named<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(own, value)| (own == name).then_some(value))
}
