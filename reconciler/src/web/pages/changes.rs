//! `GET /changes` and `GET /changes/{branch}`: what is not merged yet would do.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::html;
use crate::githost::hosted::CLUSTER;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::hosting::Items;
use crate::web::view::changes::{self, One, Row};
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "changes/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "changes/page.html")]
struct Page {
    frame: Frame,
    view: One,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
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

pub(in crate::web) async fn list(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let items = app.backend.changes(asked.repository()).await?;
    if visitor.json {
        return Ok(Json(Items { items }).into_response());
    }
    let now = app.env.now();
    let frame = visitor.frame(&app).await;
    Ok(html(&List {
        frame: frame.page(Section::Changes, "Changes").crumb("Changes", ""),
        rows: items.iter().map(|one| changes::row(one, now)).collect(),
    }))
}

/// What there is not: the repository, or the branch in it.
async fn missing(app: &App, repository: &str, branch: &str) -> String {
    let known = app.backend.repositories().await.unwrap_or_default();
    if !known.is_empty() && !known.iter().any(|it| it.name == repository) {
        return format!("repository {repository} here");
    }
    format!(
        "branch {branch} in repository {repository} that would change anything that is followed"
    )
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(branch): Path<String>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let repository = asked.repository();
    let change = app.backend.change(repository, &branch).await?;
    let Some(change) = change else {
        return Err(PageError::NotFound(
            missing(&app, repository, &branch).await,
        ));
    };
    if visitor.json {
        return Ok(Json(change).into_response());
    }
    let frame = visitor.frame(&app).await;
    Ok(html(&Page {
        frame: frame
            .page(Section::Changes, format!("Change {branch}"))
            .crumb("Changes", "/changes")
            .crumb(branch.as_str(), ""),
        view: changes::one(&change, app.env.now()),
    }))
}
