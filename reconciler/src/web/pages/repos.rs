//! `GET /repos` and `GET /repos/{name}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::apps::decoded;
use super::{Markup, follow, fragment, html, take};
use crate::service::RepositoryView;
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::repos;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "repos/list.html")]
struct List {
    frame: Frame,
    rows: Markup,
}

#[derive(Template)]
#[template(path = "repos/page.html")]
struct Page {
    frame: Frame,
    repo: Markup,
}

pub(in crate::web) async fn list(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        let items = app.backend.repositories().await?;
        return Ok(Json(json::Repositories { items }).into_response());
    }
    let fragments = fragments(&app).await?;
    let frame = visitor.frame(&app).await;
    let mut frame = frame
        .page(Section::Repositories, "Repositories")
        .crumb("Repositories", "");
    follow(&app, &mut frame, "repos:".into(), &fragments);
    Ok(html(&List {
        frame,
        rows: take(&fragments, "repos"),
    }))
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let found = find(&app, &name).await?;
    if visitor.json {
        return Ok(Json(found).into_response());
    }
    let fragments = [shown(&app, &found)];
    let frame = visitor.frame(&app).await;
    let mut frame = frame
        .page(Section::Repositories, found.name.as_str())
        .crumb("Repositories", "/repos")
        .crumb(found.name.as_str(), "");
    follow(
        &app,
        &mut frame,
        format!("repo:{}", encoded(&name)),
        &fragments,
    );
    Ok(html(&Page {
        frame,
        repo: take(&fragments, "repo"),
    }))
}

async fn find(app: &App, name: &str) -> Result<RepositoryView, PageError> {
    let all = app.backend.repositories().await?;
    let found = all
        .into_iter()
        .find(|one| repos::slug(one) == name || one.name == name);
    found.ok_or_else(|| PageError::NotFound(format!("repository {name}")))
}

fn shown(app: &App, found: &RepositoryView) -> Fragment {
    let mut view = repos::one(found, app.env.now());
    view.is_then = app.past.is_some();
    fragment("repo", &repos::Page { view })
}

/// Of the list.
pub(super) async fn fragments(app: &App) -> Result<Vec<Fragment>, PageError> {
    let items = app.backend.repositories().await?;
    let now = app.env.now();
    let rows = items.iter().map(|one| repos::row(one, now)).collect();
    Ok(vec![fragment("repos", &repos::Rows { rows })])
}

/// `name` is as the topic has it.
pub(super) async fn of_one(app: &App, name: &str) -> Result<Fragment, PageError> {
    Ok(shown(app, &find(app, &decoded(name)).await?))
}
