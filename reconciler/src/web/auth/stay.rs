//! How long somebody who was let in may stay: what runs on, such as a stream, was asked for once.

use std::sync::Arc;

use client::Env;
use futures::future::pending;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Admitted, Auth, Session};

/// What somebody came in with.
enum Pass {
    Session(Session),
    /// The id of a token.
    Token(String),
    /// The admin token: it changes with a restart only.
    Admin,
}

/// Until a session ends or is ended, until a token expires or is revoked.
pub struct Stay {
    auth: Arc<Auth>,
    pass: Pass,
    ended: watch::Receiver<u64>,
    revoked: Option<watch::Receiver<u64>>,
}

impl Stay {
    pub fn new(auth: &Arc<Auth>, admitted: &Admitted) -> Self {
        let tokens = auth.tokens.as_ref();
        Self {
            ended: auth.ended.moves(),
            revoked: tokens.map(|tokens| tokens.revocations()),
            pass: match admitted {
                Admitted::Session(session) => Pass::Session(session.clone()),
                Admitted::Token(identity) if identity.token.is_empty() => Pass::Admin,
                Admitted::Token(identity) => {
                    let id = tokens.and_then(|tokens| tokens.id(&identity.token));
                    Pass::Token(id.unwrap_or_default())
                }
            },
            auth: auth.clone(),
        }
    }

    /// Comes back when they may not stay any longer.
    pub async fn over(mut self, env: Env) {
        while let Some(until) = self.until(env.now()) {
            let left = env.now().duration_until(until).unsigned_abs();
            let expired = async {
                if until == Timestamp::MAX {
                    pending::<()>().await;
                }
                env.clock.sleep(left).await;
            };
            tokio::select! {
                () = expired => {}
                () = moved(Some(&mut self.ended)) => {}
                () = moved(self.revoked.as_mut()) => {}
            }
        }
    }

    /// `None` where they may not stay now.
    fn until(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.pass {
            Pass::Session(session) => {
                let stands = session.until > now && !self.auth.ended.has(session);
                stands.then_some(session.until)
            }
            Pass::Token(id) => self.auth.tokens.as_ref()?.until(id),
            Pass::Admin => Some(Timestamp::MAX),
        }
    }
}

async fn moved(what: Option<&mut watch::Receiver<u64>>) {
    let still = match what {
        Some(what) => what.changed().await.is_ok(),
        None => false,
    };
    if !still {
        pending::<()>().await;
    }
}
