//! `GET /changes` and `GET /changes/{branch}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::error::ApiError;
use super::{Deps, Items};
use crate::forge::Change;
use crate::githost::hosted::CLUSTER;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// `cluster` unless another one is named.
    #[serde(default)]
    repository: String,
}

impl Asked {
    fn repository(&self) -> &str {
        match self.repository.as_str() {
            "" => CLUSTER,
            name => name,
        }
    }
}

pub(super) async fn list(
    State(deps): State<Arc<Deps>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Items<Change>>, ApiError> {
    let items = deps.history.changes(asked.repository()).await?;
    Ok(Json(Items { items }))
}

pub(super) async fn one(
    State(deps): State<Arc<Deps>>,
    Path(branch): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Change>, ApiError> {
    let repository = asked.repository();
    let change = deps.operations.change(repository, &branch).await;
    let change = change.map_err(ApiError::Plan)?;
    change.map(Json).ok_or_else(|| {
        ApiError::Missing(format!(
            "there is no branch {branch} in {repository} that would change anything that is followed"
        ))
    })
}
