//! `GET /repos` and `GET /repos/{name}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::html;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::repos::{self, One, Row};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "repos/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "repos/page.html")]
struct Page {
    frame: Frame,
    view: One,
}

pub(in crate::web) async fn list(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let items = app.backend.repositories().await?;
    if visitor.json {
        return Ok(Json(json::Repositories { items }).into_response());
    }
    let now = app.env.now();
    let frame = visitor.frame(&app).await;
    Ok(html(&List {
        frame: frame
            .page(Section::Repositories, "Repositories")
            .crumb("Repositories", ""),
        rows: items.iter().map(|one| repos::row(one, now)).collect(),
    }))
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let all = app.backend.repositories().await?;
    let found = all
        .into_iter()
        .find(|one| repos::slug(one) == name || one.name == name);
    let found = found.ok_or_else(|| PageError::NotFound(format!("repository {name}")))?;
    if visitor.json {
        return Ok(Json(found).into_response());
    }
    let frame = visitor.frame(&app).await;
    Ok(html(&Page {
        frame: frame
            .page(Section::Repositories, found.name.as_str())
            .crumb("Repositories", "/repos")
            .crumb(found.name.as_str(), ""),
        view: repos::one(&found, app.env.now()),
    }))
}
