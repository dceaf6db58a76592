//! `GET /changes` and `GET /changes/{branch}`: what is not merged yet would do.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::apps::decoded;
use super::{Markup, follow, fragment, html, plans, take};
use crate::forge::Change;
use crate::githost::hosted::CLUSTER;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::hosting::Items;
use crate::web::live::Fragment;
use crate::web::view::changes::{self, Rows};
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "changes/list.html")]
struct List {
    frame: Frame,
    rows: Markup,
}

#[derive(Template)]
#[template(path = "changes/page.html")]
struct Page {
    frame: Frame,
    change: Markup,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    /// Of a list: all of them unless one is named. Of one change: `cluster`.
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
    let repository = &asked.repository;
    if visitor.json {
        let (items, _) = plans::current(&app, repository).await?;
        return Ok(Json(Items { items }).into_response());
    }
    let fragments = of_list(&app, repository).await?;
    let frame = visitor.frame(&app).await;
    let mut frame = frame.page(Section::Changes, "Changes").crumb("Changes", "");
    let topic = format!("changes:{}", encoded(repository));
    follow(&app, &mut frame, topic, &fragments);
    Ok(html(&List {
        frame,
        rows: take(&fragments, "changes"),
    }))
}

async fn of_list(app: &App, repository: &str) -> Result<Vec<Fragment>, PageError> {
    let (items, repositories) = plans::current(app, repository).await?;
    let now = app.env.now();
    let rows = items.iter().map(|one| changes::Row {
        is_stale: changes::is_stale(one, &repositories),
        ..changes::row(one, now)
    });
    let rows = Rows {
        rows: rows.collect(),
        unread: changes::unread(&repositories, repository),
    };
    Ok(vec![fragment("changes", &rows)])
}

/// `name` is a repository, or nothing for all of them.
pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    of_list(app, &decoded(name)).await
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
        return Err(missing(&app, repository, &branch).await);
    };
    if visitor.json {
        return Ok(Json(change).into_response());
    }
    let fragments = [of_change(&app, &change, false)];
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Changes, format!("Change {branch}"))
        .crumb("Changes", "/changes")
        .crumb(branch.as_str(), "");
    let topic = format!("change:{}&{}", encoded(repository), encoded(&branch));
    follow(&app, &mut frame, topic, &fragments);
    Ok(html(&Page {
        frame,
        change: take(&fragments, "change"),
    }))
}

fn of_change(app: &App, change: &Change, is_stale: bool) -> Fragment {
    let mut view = changes::one(change, app.env.now());
    view.row.is_stale = is_stale;
    fragment("change", &changes::Page { view })
}

/// What there is not: the repository, or the branch in it.
async fn missing(app: &App, repository: &str, branch: &str) -> PageError {
    let known = app.backend.repositories().await.unwrap_or_default();
    if !known.is_empty() && !known.iter().any(|it| it.name == repository) {
        return PageError::NotFound(format!("repository {repository} here"));
    }
    PageError::NotFound(format!(
        "branch {branch} in repository {repository} that would change anything that is followed"
    ))
}

/// `name` is repository and branch, as the topic has them.
pub(super) async fn of_one(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let (repository, branch) = name.split_once('&').unwrap_or((name, ""));
    let (repository, branch) = (decoded(repository), decoded(branch));
    let (items, repositories) = plans::current(app, &repository).await?;
    let found = items.iter().find(|it| it.branch == branch);
    let Some(found) = found else {
        return Err(missing(app, &repository, &branch).await);
    };
    let is_stale = changes::is_stale(found, &repositories);
    Ok(vec![of_change(app, found, is_stale)])
}
