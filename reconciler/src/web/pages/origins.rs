//! `GET /origins`: for the command line, which knows commit and field and wants file and line.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use api::Collection;
use engine::rollout::CommitId;

use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json::Origins;

/// Fields of one request.
const MOST: usize = 100;

#[derive(Deserialize)]
pub(in crate::web) struct Wanted {
    commit: String,
    #[serde(default)]
    group: String,
    resource: String,
    #[serde(default)]
    namespace: String,
    name: String,
    /// One on each line.
    fields: String,
}

pub(in crate::web) async fn origins(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let fields: Vec<String> = wanted.fields.lines().map(ToOwned::to_owned).collect();
    if fields.len() > MOST {
        return Err(PageError::BadRequest(format!("more than {MOST} fields")));
    }
    let collection = Collection::new(wanted.group, wanted.resource);
    let key = collection.key(&wanted.namespace, &wanted.name);
    let commit = CommitId(wanted.commit);
    let items = app.backend.origins(&key, &commit, &fields).await?;
    Ok(Json(Origins { items }).into_response())
}
