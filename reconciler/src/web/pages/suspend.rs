//! `GET` and `POST` of `/apps/{app}/suspend` and `/apps/{app}/resume`.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::app::facts;
use super::html;
use super::sync::{REASON, done};
use crate::web::access::Scope;
use crate::web::app::App;
use crate::web::asked::{Form, Marked, Query, Written};
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::Icon;
use crate::web::view::facts::Facts;
use crate::web::view::frame::Frame;
use crate::web::view::frame::Section;
use crate::web::view::graph::app_href;
use crate::web::view::suspend::{self, View};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "suspend/page.html")]
struct Page {
    frame: Frame,
    href: String,
    cancel: String,
    reason: String,
    view: View,
}

/// What the form of a suspension sends, or a program.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Asked {
    csrf: String,
    reason: String,
}

pub(in crate::web) async fn ask_suspend(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(written): Query<Written>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let reason = written.reason.chars().take(REASON).collect();
    let verb = ("suspend", suspend::suspend as fn(&Facts) -> View);
    page(&app, &name, &visitor, verb, reason).await
}

pub(in crate::web) async fn ask_resume(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let verb = ("resume", suspend::resume as fn(&Facts) -> View);
    page(&app, &name, &visitor, verb, String::new()).await
}

/// The page that looks like a dialog, or the same as data, for those who may.
async fn page(
    app: &App,
    name: &str,
    visitor: &Visitor,
    (verb, view): (&str, fn(&Facts) -> View),
    reason: String,
) -> Result<Response, PageError> {
    visitor.operator(app, Scope::Application(name))?;
    let view = view(&facts(app, name).await?);
    if visitor.json {
        return Ok(Json(json::Pausing::of(name, view)).into_response());
    }
    let cancel = app_href(name);
    let frame = visitor
        .frame(app)
        .await
        .page(Section::Applications, view.heading.as_str())
        .crumb("Applications", "/apps")
        .crumb(name, cancel.as_str())
        .crumb(view.heading.as_str(), "");
    Ok(html(&Page {
        frame,
        href: format!("{cancel}/{verb}"),
        cancel,
        reason,
        view,
    }))
}

pub(in crate::web) async fn suspend(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
    Form(asked): Form<Asked>,
) -> Result<Response, PageError> {
    visitor.showed(&app, &asked.csrf)?;
    let reason: String = asked.reason.trim().chars().take(REASON).collect();
    let actor = visitor.operator(&app, Scope::Application(&name))?;
    app.backend.suspend(&name, &reason, &actor).await?;
    Ok(done(&visitor, name, String::new()))
}

pub(in crate::web) async fn resume(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
    Form(form): Form<Marked>,
) -> Result<Response, PageError> {
    visitor.showed(&app, &form.csrf)?;
    let actor = visitor.operator(&app, Scope::Application(&name))?;
    app.backend.resume(&name, &actor).await?;
    Ok(done(&visitor, name, String::new()))
}
