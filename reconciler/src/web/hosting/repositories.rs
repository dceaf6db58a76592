//! `GET` and `POST /repositories`, `POST /repositories/{name}/delete`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use super::{Deps, Items};
use crate::githost::hosted::{Hosted, Mirror};
use crate::web::asked::Form;
use crate::web::auth::Admitted;
use crate::web::hosting::error::ApiError;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    name: String,
}

/// A hosted repository, and what there is about it.
#[derive(Debug, Serialize)]
pub struct Repository {
    #[serde(flatten)]
    pub hosted: Hosted,
    /// To clone it from.
    pub url: String,
    /// Those that take their manifests from it.
    pub applications: Vec<String>,
    pub mirrors: Vec<Mirror>,
}

impl Deps {
    pub(super) fn view(&self, hosted: Hosted) -> Repository {
        Repository {
            url: format!("{}/git/{}.git", self.address, hosted.name),
            mirrors: self.repositories.mirrors(&hosted.name),
            applications: self.operations.readers(&hosted.name),
            hosted,
        }
    }
}

pub(super) async fn list(State(deps): State<Arc<Deps>>) -> Response {
    let all = deps.repositories.list().into_iter();
    let items: Vec<Repository> = all.map(|hosted| deps.view(hosted)).collect();
    Json(Items { items }).into_response()
}

pub(super) async fn create(
    State(deps): State<Arc<Deps>>,
    Extension(admitted): Extension<Admitted>,
    Form(asked): Form<Asked>,
) -> Result<Response, ApiError> {
    let by = admitted.person().name;
    let hosted = deps.repositories.create(&asked.name, &by).await?;
    deps.operations.changed(&hosted.name);
    Ok((StatusCode::CREATED, Json(deps.view(hosted))).into_response())
}

pub(super) async fn delete(
    State(deps): State<Arc<Deps>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let readers = deps.operations.readers(&name);
    if !readers.is_empty() {
        return Err(ApiError::Taken(format!(
            "{name} is where {} take their manifests from; take them out of the commit first",
            readers.join(", ")
        )));
    }
    let hosted = deps.repositories.delete(&name).await?;
    deps.operations.changed(&hosted.name);
    Ok(Json(deps.view(hosted)).into_response())
}
