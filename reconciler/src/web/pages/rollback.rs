//! `GET` and `POST /rollouts/{id}/rollback`

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;

use engine::rollout::CommitId;

use super::apps::recent;
use super::html;
use super::rollout::{branch, detail};
use crate::history::RolloutQuery;
use crate::service::{self, RollbackPreview, RollbackRequest, RolledBack};
use crate::web::app::App;
use crate::web::auth::Admitted;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::{CommitChip, Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::rollback::{self, View};
use crate::web::visitor::Visitor;

/// Characters of a reason.
const REASON: usize = 2_000;
/// How long the answer waits for the rollout that the commit starts.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Template)]
#[template(path = "rollback/page.html")]
struct Page {
    frame: Frame,
    href: String,
    app: String,
    branch: String,
    author: String,
    cancel: String,
    reason: String,
    error: String,
    restores: Option<CommitChip>,
    parent: CommitChip,
    subject: String,
    body: String,
    undoes: Vec<(String, String, String)>,
    plan: Vec<(&'static str, String)>,
    conflicts: Vec<String>,
    by_hand: String,
    takes: String,
    takes_why: String,
    loses: bool,
}

pub(in crate::web) async fn preview(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let preview = app.backend.preview_rollback(&id).await?;
    if visitor.json {
        return Ok(Json(preview).into_response());
    }
    page(&app, &id, &preview, &visitor, String::new(), String::new()).await
}

async fn page(
    app: &App,
    id: &str,
    preview: &RollbackPreview,
    visitor: &Visitor,
    reason: String,
    error: String,
) -> Result<Response, PageError> {
    let detail = detail(app, id).await?;
    let name = detail.rollout.application;
    let branch = match branch(app).await {
        branch if branch.is_empty() => "the tracked branch".into(),
        branch => branch,
    };
    let rollout = format!("/rollouts/{}", encoded(id));
    let frame = visitor
        .frame(app)
        .await
        .page(Section::Rollouts, format!("Roll back {name}"))
        .crumb(name.as_str(), app_href(&name))
        .crumb(
            format!("Rollout {}", detail.rollout.number),
            rollout.as_str(),
        )
        .crumb("Roll back", "");
    let View {
        restores,
        parent,
        subject,
        body,
        undoes,
        plan,
        conflicts,
        by_hand,
        takes,
        takes_why,
        loses,
    } = rollback::view(preview, &branch, &recent(app, Some(&name)).await?);
    Ok(html(&Page {
        frame,
        href: format!("{rollout}/rollback"),
        app: name,
        branch,
        author: visitor.person()?.to_string(),
        cancel: rollout,
        reason,
        error,
        restores,
        parent,
        subject,
        body,
        undoes,
        plan,
        conflicts,
        by_hand,
        takes,
        takes_why,
        loses,
    }))
}

/// What the page's form sends, or a program.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Confirmed {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    reason: String,
    /// Where the person saw the branch.
    #[serde(default)]
    parent: String,
}

pub(in crate::web) async fn push(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    visitor: Visitor,
    Form(form): Form<Confirmed>,
) -> Result<Response, PageError> {
    if let Some(Admitted::Session(session)) = &visitor.admitted
        && !app.auth.is_csrf(session, &form.csrf)
    {
        return Err(PageError::BadForm);
    }
    let reason: String = form.reason.trim().chars().take(REASON).collect();
    if reason.is_empty() {
        let text = "a rollback needs a reason; it becomes part of the commit";
        return Err(PageError::BadRequest(text.into()));
    }
    let request = RollbackRequest {
        rollout: id.clone(),
        reason: reason.clone(),
        author: visitor.person()?,
        parent: (!form.parent.is_empty()).then_some(CommitId(form.parent)),
    };
    match app.backend.rollback(&request).await {
        Ok(done) => Ok(answer(&app, &id, &visitor, done).await),
        // The new plan is shown at once, with what was typed.
        Err(error @ service::Error::Moved { .. }) if !visitor.json => {
            let preview = app.backend.preview_rollback(&id).await?;
            let text = format!("{error}. This is the new plan.");
            page(&app, &id, &preview, &visitor, reason, text).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn answer(app: &App, id: &str, visitor: &Visitor, done: RolledBack) -> Response {
    let rollouts = started(app, &done.push).await;
    if visitor.json {
        return Json(json::Done {
            commit: done.commit,
            push: done.push,
            report: done.report,
            rollouts,
        })
        .into_response();
    }
    // The rollout of the same application, if several began.
    let name = id.rsplit_once('-').map_or(id, |(name, _)| name);
    let own = rollouts
        .iter()
        .find(|one| one.rsplit_once('-').is_some_and(|(own, _)| own == name))
        .or(rollouts.first());
    let to = match own {
        Some(rollout) => format!("/rollouts/{}", encoded(rollout)),
        None => app_href(name),
    };
    Redirect::to(&to).into_response()
}

/// The rollouts of a push, as soon as there are any.
async fn started(app: &App, push: &str) -> Vec<String> {
    let mut changes = app.changes.clone();
    let query = RolloutQuery {
        push: Some(push.into()),
        ..RolloutQuery::default()
    };
    let looking = async {
        loop {
            changes.mark_unchanged();
            let found = app.backend.rollouts(&query).await.unwrap_or_default();
            if !found.is_empty() {
                return found.into_iter().map(|rollout| rollout.id).collect();
            }
            if changes.changed().await.is_err() {
                return Vec::new();
            }
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_default()
}
