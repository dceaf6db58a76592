//! `GET` and `POST /tokens`, `POST /tokens/{name}/revoke`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use super::{Deps, Items};
use crate::githost::token::Wanted;
use crate::githost::{Role, Token};
use crate::web::access;
use crate::web::asked::Form;
use crate::web::auth::Admitted;
use crate::web::hosting::error::ApiError;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    name: String,
    #[serde(default)]
    user: String,
    role: Role,
    /// `30d`; empty: until it is revoked.
    #[serde(default)]
    expires: String,
}

/// A token that was just made.
#[derive(Debug, Serialize)]
pub struct Created {
    #[serde(flatten)]
    pub token: Token,
    /// It is in no other answer.
    pub secret: String,
}

/// Whose tokens there are, only those know who may make some.
pub(super) async fn list(
    State(deps): State<Arc<Deps>>,
    Extension(admitted): Extension<Admitted>,
) -> Result<Response, ApiError> {
    if admitted.who().everywhere < access::Role::Admin {
        return Err(ApiError::NotAdmin);
    }
    let items = deps.tokens.list();
    Ok(Json(Items { items }).into_response())
}

pub(super) async fn create(
    State(deps): State<Arc<Deps>>,
    Extension(admitted): Extension<Admitted>,
    Form(asked): Form<Asked>,
) -> Result<Response, ApiError> {
    let wanted = Wanted {
        name: asked.name,
        user: asked.user,
        role: asked.role,
        expires: asked.expires,
        created_by: admitted.person().name,
    };
    let made = deps.tokens.create(wanted).await?;
    let created = Created {
        token: made.token,
        secret: made.secret,
    };
    Ok((StatusCode::CREATED, Json(created)).into_response())
}

pub(super) async fn revoke(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    Ok(Json(deps.tokens.revoke(&name).await?).into_response())
}
