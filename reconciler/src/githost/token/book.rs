//! All tokens there are, in memory as in the history: a request is answered without a query.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::sync::watch;
use tracing::warn;

use client::{Env, Tasks};

use super::{Token, secret as secrets};
use crate::githost::{Identity, Role};
use crate::history::{self, History};
use crate::source::Person;

/// How exactly it is known when a token was used last.
const USED: SignedDuration = SignedDuration::from_mins(1);
/// Live tokens there can be.
const MOST: usize = 10_000;

/// Why a token was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Wrong(String),
    #[error("there is a token {0} already; revoke it first, or take another name")]
    Exists(String),
    #[error("there is no token {0}")]
    Missing(String),
    #[error("the history cannot be written")]
    History(#[from] history::Error),
}

/// A token somebody asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub name: String,
    /// Empty: the same as the name.
    pub user: String,
    pub role: Role,
    /// `30d`; empty: until it is revoked.
    pub expires: String,
    pub created_by: String,
}

/// A new token. This is the only time it is known.
#[derive(Debug)]
pub struct Made {
    pub token: Token,
    pub secret: String,
}

/// Knows every token that was ever made.
pub struct Tokens {
    history: History,
    env: Env,
    tasks: Tasks,
    random: SystemRandom,
    /// By id.
    known: Mutex<BTreeMap<String, Token>>,
    /// Moves when one is revoked.
    revoked: watch::Sender<u64>,
}

impl Tokens {
    /// Reads them from the history.
    pub async fn load(history: &History, env: &Env, tasks: &Tasks) -> Result<Self, history::Error> {
        let all = history.reader().tokens().await?;
        let known = all.into_iter().map(|token| (token.id.clone(), token));
        Ok(Self {
            history: history.clone(),
            env: env.clone(),
            tasks: tasks.clone(),
            random: SystemRandom::new(),
            known: Mutex::new(known.collect()),
            revoked: watch::Sender::new(0),
        })
    }

    /// Whose token this is, if it opens anything now.
    pub fn find(&self, secret: &str) -> Option<Identity> {
        let id = secrets::id(secret)?;
        let now = self.env.now();
        let (identity, is_news) = {
            let mut known = self.known();
            let token = known.get_mut(id)?;
            if token.digest != secrets::digest(secret) || !secrets::is_live(token, now) {
                return None;
            }
            let is_news = token.used_at.is_none_or(|used| now - USED > used);
            if is_news {
                token.used_at = Some(now);
            }
            (identity(token), is_news)
        };
        if is_news {
            self.note_use(id.to_owned(), now);
        }
        Some(identity)
    }

    fn note_use(&self, id: String, at: Timestamp) {
        let history = self.history.clone();
        self.tasks.spawn_until_cancelled(async move {
            if let Err(error) = history.token_used(&id, at).await {
                warn!(token = id, %error, "cannot record that a token was used");
            }
        });
    }

    /// Makes a token.
    ///
    /// # Errors
    /// What is asked for makes no sense, or the name is taken.
    pub async fn create(&self, wanted: Wanted) -> Result<Made, Error> {
        let user = if wanted.user.is_empty() {
            wanted.name.clone()
        } else {
            wanted.user
        };
        if let Some(problem) = secrets::problem(&wanted.name, &user) {
            return Err(Error::Wrong(problem));
        }
        if wanted.role == Role::Admin {
            return Err(Error::Wrong(
                "a token reads or writes; there is one admin".into(),
            ));
        }
        let now = self.env.now();
        let expires_at = match wanted.expires.as_str() {
            "" => None,
            text => Some(now + secrets::lifetime(text).map_err(Error::Wrong)?),
        };
        if self.list().len() >= MOST {
            let text = format!("there are {MOST} tokens; revoke some that nobody uses");
            return Err(Error::Wrong(text));
        }
        let (mut id, mut secret) = ([0; 8], [0; 32]);
        for bytes in [&mut id[..], &mut secret[..]] {
            self.random.fill(bytes).expect("the system has randomness");
        }
        let (secret, id) = secrets::token(id, secret);
        let token = Token {
            id,
            digest: secrets::digest(&secret),
            name: wanted.name,
            user,
            role: wanted.role,
            created_by: wanted.created_by,
            created_at: now,
            expires_at,
            revoked_at: None,
            used_at: None,
        };
        if !self.history.add_token(&token).await? {
            return Err(Error::Exists(token.name));
        }
        self.known().insert(token.id.clone(), token.clone());
        Ok(Made { token, secret })
    }

    /// Those that are not revoked, by name.
    pub fn list(&self) -> Vec<Token> {
        let known = self.known();
        let live = known.values().filter(|token| token.revoked_at.is_none());
        let mut live: Vec<Token> = live.cloned().collect();
        live.sort_by(|a, b| a.name.cmp(&b.name));
        live
    }

    /// From now on the token opens nothing.
    ///
    /// # Errors
    /// There is none of this name.
    pub async fn revoke(&self, name: &str) -> Result<Token, Error> {
        let found = self.list().into_iter().find(|token| token.name == name);
        let mut token = found.ok_or_else(|| Error::Missing(name.to_owned()))?;
        let now = self.env.now();
        self.history.revoke_token(&token.id, now).await?;
        token.revoked_at = Some(now);
        self.known().insert(token.id.clone(), token.clone());
        self.revoked.send_modify(|count| *count += 1);
        Ok(token)
    }

    /// The id of the one that has this name now.
    pub(crate) fn id(&self, name: &str) -> Option<String> {
        let known = self.known();
        let mut live = known.values().filter(|token| token.revoked_at.is_none());
        live.find(|token| token.name == name)
            .map(|token| token.id.clone())
    }

    /// Until when the token with this id opens anything; `None` where it does not any more.
    pub(crate) fn until(&self, id: &str) -> Option<Timestamp> {
        let known = self.known();
        let token = known.get(id)?;
        secrets::is_live(token, self.env.now()).then(|| token.expires_at.unwrap_or(Timestamp::MAX))
    }

    /// Moves when a token is revoked.
    pub(crate) fn revocations(&self) -> watch::Receiver<u64> {
        self.revoked.subscribe()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Token>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn identity(token: &Token) -> Identity {
    let email = if token.user.contains('@') {
        token.user.clone()
    } else {
        format!("{}@localhost", token.user)
    };
    Identity {
        person: Person::new(&token.user, email),
        role: token.role,
        token: token.name.clone(),
    }
}
