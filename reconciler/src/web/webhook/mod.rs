//! Forges say here that a repository has news. A message only wakes: what is new is what the fetch
//! finds, so a message that is repeated or made up by somebody who knows the secret changes nothing.

mod deliveries;
mod message;
mod pull;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use ring::hmac::{HMAC_SHA256, Key};

use client::Env;

use crate::forge::Pull;
pub(crate) use deliveries::Deliveries;
pub use deliveries::{Delivery, Refused, Webhook};
use message::{Message, Refusal};

/// Where messages are taken.
pub const PATH: &str = "/webhook";
/// The largest message, in bytes.
const LIMIT: usize = 5 << 20;
/// How long one may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many messages are known again.
const REMEMBERED: usize = 4096;

/// Who is told of news.
pub trait News: Send + Sync + 'static {
    /// Looks at those of the repositories that are followed, all of them where none is named.
    /// Answers how many that are.
    fn news(&self, repositories: &[String]) -> usize;

    /// Plans a pull request of those of the repositories that are followed. Answers how many that
    /// are.
    fn pull(&self, repositories: &[String], pull: &Pull) -> usize;
}

struct Hooks {
    news: Arc<dyn News>,
    key: Key,
    secret: String,
    seen: Mutex<Seen>,
    deliveries: Deliveries,
    env: Env,
}

/// The messages that were taken last, by digest.
#[derive(Default)]
struct Seen {
    known: BTreeSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
}

/// Takes the messages of forges that know `secret`.
pub(crate) fn webhooks(
    news: Arc<dyn News>,
    secret: &str,
    deliveries: Deliveries,
    env: &Env,
) -> Router {
    let hooks = Hooks {
        news,
        key: Key::new(HMAC_SHA256, secret.as_bytes()),
        secret: secret.to_owned(),
        seen: Mutex::default(),
        deliveries,
        env: env.clone(),
    };
    Router::new()
        .route(PATH, post(take))
        .with_state(Arc::new(hooks))
}

async fn take(State(hooks): State<Arc<Hooks>>, request: Request) -> (StatusCode, String) {
    let (head, body) = request.into_parts();
    let body = tokio::select! {
        body = to_bytes(body, LIMIT) => body,
        () = hooks.env.clock.sleep(PATIENCE) => return hooks.refuse(Refusal::Late).await,
    };
    let Ok(body) = body else {
        return hooks.refuse(Refusal::TooLarge).await;
    };
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let read = message::read(header, &body, (&hooks.key, &hooks.secret), hooks.env.now());
    match read {
        Ok(message) => {
            let outcome = hooks.answer(&message);
            let delivery = Delivery {
                at: hooks.env.now(),
                forge: message.forge.to_owned(),
                outcome: outcome.trim_end().to_owned(),
            };
            hooks
                .deliveries
                .took(&message.repositories, &delivery)
                .await;
            (StatusCode::OK, outcome)
        }
        Err(refusal) => hooks.refuse(refusal).await,
    }
}

fn refused(refusal: Refusal) -> (StatusCode, String) {
    tracing::info!(%refusal, "a webhook is refused");
    let status = match refusal {
        Refusal::Signature | Refusal::Unsigned | Refusal::Old => StatusCode::UNAUTHORIZED,
        Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Late => StatusCode::REQUEST_TIMEOUT,
    };
    (status, format!("{refusal}\n"))
}

impl Hooks {
    async fn refuse(&self, refusal: Refusal) -> (StatusCode, String) {
        let why = refusal.to_string();
        self.deliveries.refused(why, self.env.now()).await;
        refused(refusal)
    }

    fn answer(&self, message: &Message) -> String {
        if message.pull.is_none() && !message.tells_of_news {
            return "nothing to do for this event\n".into();
        }
        if !self.is_new(message.digest) {
            return "this was said before\n".into();
        }
        let count = match &message.pull {
            Some(pull) => self.news.pull(&message.repositories, pull),
            None => self.news.news(&message.repositories),
        };
        tracing::info!(
            forge = message.forge,
            repositories = count,
            "a webhook tells of news"
        );
        match count {
            0 => "none of these repositories is followed here\n".into(),
            1 => "1 repository is looked at\n".into(),
            more => format!("{more} repositories are looked at\n"),
        }
    }

    fn is_new(&self, digest: [u8; 32]) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.known.insert(digest) {
            return false;
        }
        seen.order.push_back(digest);
        if seen.order.len() > REMEMBERED
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.known.remove(&oldest);
        }
        true
    }
}
