//! Who asked for what, other than reading, and whether it was done: on record before the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use client::Env;

use super::auth::Auth;
use super::request;
use crate::history::{Asked, History};
use crate::source::Person;

/// How long a record may take: what was done is done, and its answer does not wait for long.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest path that is kept, in characters.
const PATH: usize = 300;

struct Audit {
    auth: Arc<Auth>,
    history: History,
    env: Env,
}

/// Has everything that is asked for behind `router` recorded, reading apart.
pub(crate) fn audited(router: Router, auth: Arc<Auth>, history: History, env: Env) -> Router {
    let audit = Arc::new(Audit { auth, history, env });
    router.layer(from_fn_with_state(audit, record))
}

async fn record(State(audit): State<Arc<Audit>>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        let mut response = next.run(request).await;
        request::name_of(&mut response, &audit.env);
        return response;
    }
    let person = audit.who(request.headers());
    let peer = request.extensions().get::<tls::Peer>();
    let mut asked = Asked {
        at: audit.env.now(),
        person: person.clone().unwrap_or_default(),
        address: peer.map_or_else(String::new, |it| it.address.ip().to_string()),
        method: request.method().to_string(),
        path: request.uri().path().chars().take(PATH).collect(),
        code: 0,
        request: String::new(),
    };
    let mut response = next.run(request).await;
    asked.request = request::name_of(&mut response, &audit.env);
    // Whoever may knock is not whoever may fill the database.
    if person.is_none() && response.status().is_client_error() {
        return response;
    }
    asked.code = response.status().as_u16();
    let recording = audit.history.asked(&asked);
    match tokio::time::timeout(PATIENCE, recording).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, path = asked.path, "not in the audit"),
        Err(_late) => tracing::warn!(path = asked.path, "not in the audit: the database is slow"),
    }
    response
}

impl Audit {
    /// Who it is, may they or not.
    fn who(&self, headers: &HeaderMap) -> Option<Person> {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            let identity = self.auth.authorization(authorization.to_str().ok()?);
            return identity.map(|identity| identity.person);
        }
        let mut cookies = headers.get_all(header::COOKIE).iter();
        let now = self.env.now();
        let session = cookies.find_map(|it| self.auth.session(it.to_str().ok()?, now));
        session.map(|session| session.user.person())
    }
}
