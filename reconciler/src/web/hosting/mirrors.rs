//! `POST /repositories/{name}/mirrors`, `POST /repositories/{name}/mirrors/delete`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Deserialize;

use super::error::ApiError;
use super::repositories::Repository;
use super::{Deps, Items};
use crate::githost::hosted::{Direction, Mirror};
use crate::web::asked::Form;
use crate::web::auth::Admitted;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    direction: Direction,
    url: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ended {
    url: String,
}

pub(super) async fn list(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
) -> Result<Json<Items<Mirror>>, ApiError> {
    let there = deps.repositories.get(&name);
    there.ok_or_else(|| ApiError::Missing(format!("there is no repository {name} here")))?;
    let items = deps.repositories.mirrors(&name);
    Ok(Json(Items { items }))
}

pub(super) async fn begin(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
    Extension(admitted): Extension<Admitted>,
    Form(asked): Form<Asked>,
) -> Result<Json<Option<Repository>>, ApiError> {
    let by = admitted.person().name;
    let (direction, url) = (asked.direction, asked.url.trim());
    deps.repositories.mirror(&name, direction, url, &by).await?;
    Ok(Json(deps.repositories.get(&name).map(|it| deps.view(it))))
}

pub(super) async fn end(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
    Form(asked): Form<Ended>,
) -> Result<Json<Option<Repository>>, ApiError> {
    deps.repositories.unmirror(&name, asked.url.trim()).await?;
    Ok(Json(deps.repositories.get(&name).map(|it| deps.view(it))))
}
