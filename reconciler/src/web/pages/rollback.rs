//! `GET` and `POST` of `/rollouts/{id}/rollback` (one, or `?through=` another one),
//! `/apps/{app}/rollback?to=POINT` and `/rollback?to=POINT`.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use engine::rollout::CommitId;

use super::apps::recent;
use super::rolled_back::answer;
use super::rollout::branch;
use super::{Markup, follow, html, moved, take};
use crate::service::{self, RollbackPreview, RollbackRequest, Span};
use crate::source::Person;
use crate::web::access::Scope;
use crate::web::app::App;
use crate::web::asked::{Form, Query, Written};
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::rollback::{self, View};
use crate::web::view::truth::sentence;
use crate::web::visitor::Visitor;

/// Characters of a reason.
const REASON: usize = 2_000;

#[derive(Template)]
#[template(path = "rollback/page.html")]
struct Page {
    frame: Frame,
    moved: Markup,
    href: String,
    app: String,
    branch: String,
    author: String,
    cancel: String,
    reason: String,
    error: String,
    /// The name of the plan.
    digest: String,
    view: View,
}

/// What follows the rollout of the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Onward {
    /// The last of several rollouts.
    through: String,
}

/// Where to go back to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Point {
    /// What stays.
    to: String,
}

impl Onward {
    fn from(self, id: String) -> Span {
        if self.through.is_empty() {
            return Span::Rollout(id);
        }
        Span::Range {
            first: id,
            last: self.through,
        }
    }
}

impl Point {
    fn since(self, application: String) -> Result<Span, PageError> {
        if self.to.is_empty() {
            let text = "to=POINT says what to go back to: a rollout, a time or a commit";
            return Err(PageError::BadParameter(text.into()));
        }
        Ok(Span::Since {
            application,
            point: self.to,
        })
    }
}

pub(in crate::web) async fn preview(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(onward): Query<Onward>,
    Query(written): Query<Written>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    show(&app, &onward.from(id), &visitor, written.reason).await
}

pub(in crate::web) async fn preview_since(
    State(app): State<Arc<App>>,
    Path(application): Path<String>,
    Query(point): Query<Point>,
    Query(written): Query<Written>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    show(&app, &point.since(application)?, &visitor, written.reason).await
}

pub(in crate::web) async fn preview_all(
    State(app): State<Arc<App>>,
    Query(point): Query<Point>,
    Query(written): Query<Written>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    show(&app, &point.since(String::new())?, &visitor, written.reason).await
}

async fn show(
    app: &App,
    span: &Span,
    visitor: &Visitor,
    reason: String,
) -> Result<Response, PageError> {
    let preview = allowed(app, span, visitor).await?;
    if visitor.json {
        let (branch, view) = seen(app, &preview).await?;
        let author = visitor.person()?.to_string();
        let page = json::RollbackPage::of(preview, view, branch, author);
        return Ok(Json(page).into_response());
    }
    let reason = reason.chars().take(REASON).collect();
    page(app, span, &preview, visitor, reason, String::new()).await
}

/// Where the form is, and what leads back from it.
fn addresses(span: &Span) -> (String, String) {
    match span {
        Span::Rollout(id) => {
            let rollout = format!("/rollouts/{}", encoded(id));
            (format!("{rollout}/rollback"), rollout)
        }
        Span::Range { first, last } => {
            let rollout = format!("/rollouts/{}", encoded(first));
            let through = encoded(last);
            (format!("{rollout}/rollback?through={through}"), rollout)
        }
        Span::Since { application, point } if application.is_empty() => (
            format!("/rollback?to={}", encoded(point)),
            "/rollouts".into(),
        ),
        Span::Since { application, point } => {
            let app = app_href(application);
            let to = encoded(point);
            (format!("{app}/rollback?to={to}"), format!("{app}/history"))
        }
    }
}

/// The branch that is pushed to, and what there is to see of the plan.
async fn seen(app: &App, preview: &RollbackPreview) -> Result<(String, View), PageError> {
    let branch = match branch(app).await {
        branch if branch.is_empty() => "the tracked branch".into(),
        branch => branch,
    };
    let of = (!preview.application.is_empty()).then_some(preview.application.as_str());
    let view = rollback::view(preview, &branch, &recent(app, of).await?);
    Ok((branch, view))
}

async fn page(
    app: &App,
    span: &Span,
    preview: &RollbackPreview,
    visitor: &Visitor,
    reason: String,
    error: String,
) -> Result<Response, PageError> {
    let name = match preview.application.as_str() {
        "" => "everything",
        name => name,
    };
    let (branch, view) = seen(app, preview).await?;
    let (href, cancel) = addresses(span);
    let mut frame = visitor
        .frame(app)
        .await
        .page(Section::Rollouts, format!("Roll back {name}"));
    frame = match preview.application.as_str() {
        "" => frame.crumb("Rollouts", "/rollouts"),
        name => frame.crumb(name, app_href(name)),
    };
    if let Span::Rollout(id) = span {
        let number = id
            .rsplit_once('-')
            .map_or(id.as_str(), |(_, number)| number);
        frame = frame.crumb(format!("Rollout {number}"), cancel.as_str());
    }
    let mut frame = frame.crumb("Roll back", "");
    let still = [moved::still()];
    let topic = moved::topic_of_plan(app, &preview.parent.0).await;
    if !topic.is_empty() {
        follow(app, &mut frame, topic, &still);
    }
    Ok(html(&Page {
        frame,
        moved: take(&still, "moved"),
        href,
        app: name.to_owned(),
        branch,
        author: visitor.person()?.to_string(),
        cancel,
        reason,
        error,
        digest: preview.digest.clone(),
        view,
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
    /// The plan the person saw.
    #[serde(default)]
    plan: String,
}

pub(in crate::web) async fn push(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(onward): Query<Onward>,
    visitor: Visitor,
    Form(form): Form<Confirmed>,
) -> Result<Response, PageError> {
    confirmed(&app, onward.from(id), &visitor, form).await
}

pub(in crate::web) async fn push_since(
    State(app): State<Arc<App>>,
    Path(application): Path<String>,
    Query(point): Query<Point>,
    visitor: Visitor,
    Form(form): Form<Confirmed>,
) -> Result<Response, PageError> {
    confirmed(&app, point.since(application)?, &visitor, form).await
}

pub(in crate::web) async fn push_all(
    State(app): State<Arc<App>>,
    Query(point): Query<Point>,
    visitor: Visitor,
    Form(form): Form<Confirmed>,
) -> Result<Response, PageError> {
    confirmed(&app, point.since(String::new())?, &visitor, form).await
}

async fn confirmed(
    app: &App,
    span: Span,
    visitor: &Visitor,
    form: Confirmed,
) -> Result<Response, PageError> {
    visitor.showed(app, &form.csrf)?;
    let reason: String = form.reason.trim().chars().take(REASON).collect();
    if reason.is_empty() {
        let text = "a rollback needs a reason; it becomes part of the commit";
        if visitor.json {
            return Err(PageError::BadRequest(text.into()));
        }
        // The form stays, with what is missing.
        let preview = allowed(app, &span, visitor).await?;
        let text = sentence(text);
        let mut response = page(app, &span, &preview, visitor, reason, text).await?;
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    }
    let (author, plan) = admitted(app, &span, visitor, form.plan).await?;
    let request = RollbackRequest {
        span,
        reason: reason.clone(),
        author,
        parent: (!form.parent.is_empty()).then_some(CommitId(form.parent)),
        plan,
    };
    match app.backend.rollback(&request).await {
        Ok(done) => Ok(answer(app, &request.span, visitor, done).await),
        // The new plan is shown at once, with what was typed.
        Err(error @ (service::Error::Moved { .. } | service::Error::Replanned { .. }))
            if !visitor.json =>
        {
            let preview = app.backend.preview_rollback(&request.span).await?;
            let text = format!("{error}. This is the new plan.");
            page(app, &request.span, &preview, visitor, reason, text).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The plan, for those who may carry it out: a commit may have changed more than the Application
/// that they look at.
async fn allowed(app: &App, span: &Span, visitor: &Visitor) -> Result<RollbackPreview, PageError> {
    let operator = |name: &str| match name {
        "" => visitor.operator(app, Scope::Everything),
        name => visitor.operator(app, Scope::Application(name)),
    };
    // What can be refused before anything is planned is.
    if let Span::Since { application, .. } = span {
        operator(application)?;
    }
    app.admit_dry_run(visitor)?;
    let preview = app.backend.preview_rollback(span).await?;
    for name in preview.touches.iter().chain([&preview.application]) {
        operator(name)?;
    }
    Ok(preview)
}

/// Who rolls back, and the digest of the plan that they carry out.
async fn admitted(
    app: &App,
    span: &Span,
    visitor: &Visitor,
    plan: String,
) -> Result<(Person, String), PageError> {
    if visitor.may_everything(app) {
        return Ok((visitor.person()?, plan));
    }
    let preview = allowed(app, span, visitor).await?;
    // What was looked at may be another plan by now: that is found when it is made.
    let plan = if plan.is_empty() {
        preview.digest
    } else {
        plan
    };
    Ok((visitor.person()?, plan))
}
