//! Who may see and do things here: sessions of people, the admin token of programs.
//!
//! A session is a signed cookie, so it outlives a restart and needs no storage; one that is ended
//! early is on record until it would have ended. Nothing secret is ever logged or compared in a time that tells about it.

mod admit;
mod ended;
mod keys;
pub mod oidc;
mod session;
mod stay;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};

use crate::githost::{Authenticate, Credentials, Identity, Role, Tokens};
use crate::history;
use crate::source::Person;
use crate::web::access;

pub use admit::{Admitted, Denied, admit, same_origin};
pub use ended::Ended;
use keys::Keys;
use oidc::Attempt;
pub(super) use session::named;
pub use session::{Session, User};
pub use stay::Stay;

/// How long a session lasts.
pub const SESSION: SignedDuration = SignedDuration::from_hours(8);
/// How long a sign-in link can be used.
const LINK: SignedDuration = SignedDuration::from_hours(24);
/// Links that are remembered at most.
const REMEMBERED: usize = 1_000;
/// The name people have who sign in with the admin token.
const ADMIN: &str = "admin";

/// How the pages are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Over TLS: cookies are for this host and TLS only.
    Tls,
    /// In the clear, on loopback only.
    Plain,
}

/// Decides who somebody is.
pub struct Auth {
    admin_token: String,
    keys: Keys,
    transport: Transport,
    random: SystemRandom,
    /// Everybody's besides the admin's.
    tokens: Option<Arc<Tokens>>,
    ended: Ended,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Sign-in links that were not used yet, and until when they can be.
    links: BTreeMap<String, Timestamp>,
}

impl Auth {
    /// `admin_token` is what `admin-token` holds; it must not be empty.
    pub fn new(admin_token: &str, transport: Transport) -> Self {
        let admin_token = admin_token.trim().to_owned();
        Self {
            keys: Keys::derive(&admin_token),
            admin_token,
            transport,
            random: SystemRandom::new(),
            tokens: None,
            ended: Ended::default(),
            state: Mutex::default(),
        }
    }

    /// How the pages are reached.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Lets people in with tokens of their own.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<Tokens>) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Remembers sessions that are ended early.
    #[must_use]
    pub fn with_ended(mut self, ended: Ended) -> Self {
        self.ended = ended;
        self
    }

    /// The path of a link that signs in whoever opens it first.
    pub fn sign_in_path(&self, now: Timestamp) -> String {
        let token = self.nonce();
        let mut state = self.state();
        state.links.retain(|_, until| *until > now);
        if state.links.len() < REMEMBERED {
            state.links.insert(token.clone(), now + LINK);
        }
        format!("/signin?token={token}")
    }

    /// Uses up a link's token.
    pub fn redeem(&self, token: &str, now: Timestamp) -> Option<Session> {
        let until = self.state().links.remove(token)?;
        (until > now).then(|| self.begin(administrator(), now))
    }

    /// Signs in with the admin token itself.
    pub fn sign_in(&self, token: &str, now: Timestamp) -> Option<Session> {
        self.is_admin_token(token.trim())
            .then(|| self.begin(administrator(), now))
    }

    /// Begins a session for somebody whose identity is proven.
    pub fn begin(&self, user: User, now: Timestamp) -> Session {
        Session {
            id: self.nonce(),
            user,
            until: Timestamp::from_second((now + SESSION).as_second()).unwrap_or(now),
        }
    }

    /// The session that a `Cookie` header carries, if it is one of ours and not over.
    pub fn session(&self, cookies: &str, now: Timestamp) -> Option<Session> {
        let session = session::read(cookies, self.transport, &self.keys)?;
        (session.until > now && !self.ended.has(&session)).then_some(session)
    }

    /// The `Set-Cookie` header that begins this session.
    pub fn cookie(&self, session: &Session) -> String {
        session::cookie(session, self.transport, &self.keys)
    }

    /// Ends a session before its time, at once.
    ///
    /// # Errors
    /// It is not on record: a restart would revive it.
    pub async fn end(&self, session: &Session, now: Timestamp) -> Result<(), history::Error> {
        self.ended.add(session, now).await
    }

    /// The `Set-Cookie` header that has a browser forget its session.
    pub fn no_cookie(&self) -> String {
        session::no_cookie(self.transport)
    }

    /// The `Set-Cookie` header that keeps what a provider has to send back.
    pub(super) fn attempt_cookie(&self, attempt: &Attempt) -> String {
        session::attempt_cookie(attempt, self.transport, &self.keys)
    }

    /// What a `Cookie` header has kept of it, and the `Set-Cookie` header that ends it.
    pub(super) fn attempt(&self, cookies: &str) -> (Option<Attempt>, String) {
        let attempt = session::attempt(cookies, self.transport, &self.keys);
        (attempt, session::no_attempt(self.transport))
    }

    /// What every form of this session carries.
    pub fn csrf(&self, session: &Session) -> String {
        self.keys.csrf(&session.id)
    }

    /// Whether a form is from this session's own pages.
    pub fn is_csrf(&self, session: &Session, token: &str) -> bool {
        self.keys.is_csrf(&session.id, token)
    }

    /// Who an `Authorization` header is about.
    pub fn authorization(&self, header: &str) -> Option<Identity> {
        self.identity(&credentials(header)?)
    }

    /// A token says whose it is, whatever name stands beside it; the admin's goes with that name.
    fn identity(&self, credentials: &Credentials) -> Option<Identity> {
        let tokens = self.tokens.as_ref();
        if let Some(identity) = tokens.and_then(|it| it.find(credentials.secret().trim())) {
            return Some(identity);
        }
        let is_admin = match credentials {
            Credentials::Basic { user, .. } => user == ADMIN,
            Credentials::Bearer(_) => true,
        };
        (is_admin && self.is_admin_token(credentials.secret())).then(|| Identity {
            person: person(ADMIN),
            role: Role::Admin,
            token: String::new(),
        })
    }

    fn is_admin_token(&self, token: &str) -> bool {
        !self.admin_token.is_empty() && keys::is_same(&self.admin_token, token)
    }

    fn nonce(&self) -> String {
        let mut bytes = [0; 24];
        self.random
            .fill(&mut bytes)
            .expect("the system has randomness");
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticate for Auth {
    async fn authenticate(&self, credentials: &Credentials) -> Option<Identity> {
        self.identity(credentials)
    }
}

/// Whoever has the admin token.
fn administrator() -> User {
    User {
        name: ADMIN.into(),
        everywhere: access::Role::Admin,
        ..User::default()
    }
}

/// A user as the author of commits.
pub fn person(user: &str) -> Person {
    Person::new(user, format!("{user}@localhost"))
}

/// Reads an `Authorization` header.
pub fn credentials(header: &str) -> Option<Credentials> {
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(rest.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Credentials::Basic {
        user: user.into(),
        password: password.into(),
    })
}
