//! Hosted Git for programs: JSON alone, and writes with a token alone, never with a cookie.
//!
//! | address | shape |
//! |---|---|
//! | `GET /tokens` | `items` of [`crate::githost::Token`]; nothing secret |
//! | `POST /tokens` (form: `name`, `user`, `role`, `expires`) | [`tokens::Created`]: the token, this once |
//! | `POST /tokens/{name}/revoke` | [`crate::githost::Token`] |
//! | `GET /repositories` | `items` of [`repositories::Repository`] |
//! | `POST /repositories` (form: `name`), `POST /repositories/{name}/delete` | [`repositories::Repository`] |
//! | `GET /repositories/{name}/rules` | `items` of [`crate::githost::rule::Rule`] |
//! | `POST /repositories/{name}/rules` (form: `pattern`, `force`, `deletion`, `pushers`), and `…/rules/delete` (form: `pattern`) | the same |
//! | `GET /repositories/{name}/mirrors` | `items` of [`crate::githost::hosted::Mirror`] |
//! | `POST /repositories/{name}/mirrors` (form: `direction`, `url`), and `…/mirrors/delete` (form: `url`) | [`repositories::Repository`] |
//! | `GET /pushes` | `items` of [`crate::history::RefUpdate`], newest first |

mod error;
mod mirrors;
pub mod repositories;
mod rules;
#[cfg(test)]
mod tests;
pub mod tokens;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use client::Env;

use super::auth::{Admitted, Auth, admit};
use super::gate;
use crate::githost::{Repositories, Role, Tokens};
use crate::history::Reader;
use error::ApiError;

/// The largest form.
const FORM: usize = 64 * 1024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(50);

/// What these addresses stand on.
pub struct Deps {
    pub auth: Arc<Auth>,
    pub tokens: Arc<Tokens>,
    pub repositories: Arc<Repositories>,
    pub operations: Arc<dyn Operations>,
    /// Where the web pages are.
    pub address: String,
    pub history: Reader,
    pub env: Env,
}

/// What is asked of whoever follows the repositories.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// The Applications that take their manifests from this repository.
    fn readers(&self, repository: &str) -> Vec<String>;
    /// It was made, or deleted.
    fn changed(&self, repository: &str);
}

/// A list.
#[derive(Debug, Serialize)]
pub struct Items<T> {
    pub items: Vec<T>,
}

/// The addresses above; merged with the pages'.
pub fn router(deps: Deps) -> Router {
    let deps = Arc::new(deps);
    Router::new()
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{name}/revoke", post(tokens::revoke))
        .route(
            "/repositories",
            get(repositories::list).post(repositories::create),
        )
        .route("/repositories/{name}/delete", post(repositories::delete))
        .route(
            "/repositories/{name}/rules",
            get(rules::list).post(rules::put),
        )
        .route("/repositories/{name}/rules/delete", post(rules::delete))
        .route(
            "/repositories/{name}/mirrors",
            get(mirrors::list).post(mirrors::begin),
        )
        .route("/repositories/{name}/mirrors/delete", post(mirrors::end))
        .route("/pushes", get(pushes))
        .layer(from_fn_with_state(deps.clone(), guard))
        .layer(DefaultBodyLimit::max(FORM))
        .layer(from_fn_with_state(deps.clone(), close))
        .with_state(deps)
}

/// Lets readers look, and the admin write.
async fn guard(State(deps): State<Arc<Deps>>, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let admitted = match admit(&deps.auth, &method, request.headers(), deps.env.now()) {
        Ok(admitted) => admitted,
        Err(denied) => return ApiError::Denied(denied).into_response(),
    };
    if let Err(error) = may(&admitted, &method) {
        return error.into_response();
    }
    request.extensions_mut().insert(admitted);
    tokio::time::timeout(PATIENCE, next.run(request))
        .await
        .unwrap_or_else(|_late| ApiError::Late.into_response())
}

/// A token that was just made is in an answer: no cache may keep it.
async fn close(State(deps): State<Arc<Deps>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    gate::close(response.headers_mut(), deps.auth.transport());
    response
}

fn may(admitted: &Admitted, method: &Method) -> Result<(), ApiError> {
    match admitted {
        _ if method.is_safe() => Ok(()),
        Admitted::Session(_) => Err(ApiError::Session),
        Admitted::Token(identity) if identity.role < Role::Admin => Err(ApiError::NotAdmin),
        Admitted::Token(_) => Ok(()),
    }
}

async fn pushes(State(deps): State<Arc<Deps>>) -> Result<Response, ApiError> {
    let items = deps.history.ref_updates(100).await?;
    Ok(Json(Items { items }).into_response())
}
