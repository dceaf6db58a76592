//! `GET /why/{kind}/{namespace}/{name}` and `GET /apps/{app}/why`: the chain of any object.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use api::Collection;
use engine::why::Chain;

use super::{Markup, fragment, html, take};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::why::card;
use crate::web::visitor::Visitor;
use crate::web::why;

#[derive(Template)]
#[template(path = "why/page.html")]
struct Page {
    frame: Frame,
    title: String,
    /// That nothing is wrong; empty where something is.
    well: String,
    why: Markup,
}

/// The kind is `deployments.apps`, the namespace `-` for what lives in none.
pub(in crate::web) async fn of_object(
    State(app): State<Arc<App>>,
    Path((kind, namespace, name)): Path<(String, String, String)>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let (resource, group) = kind.split_once('.').unwrap_or((&kind, ""));
    let namespace = if namespace == "-" { "" } else { &namespace };
    let key = Collection::new(group, resource).key(namespace, &name);
    let chain = why::of_object(&app, &key).await?;
    answer(&app, visitor, chain).await
}

pub(in crate::web) async fn of_application(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let chain = why::of_application(&app, &name).await?;
    answer(&app, visitor, chain).await
}

async fn answer(app: &App, visitor: Visitor, chain: Chain) -> Result<Response, PageError> {
    if visitor.json {
        return Ok(Json(chain).into_response());
    }
    let title = chain.subject.clone();
    let frame = visitor
        .frame(app)
        .await
        .page(Section::Applications, title.as_str())
        .crumb("Applications", "/apps")
        .crumb(title.as_str(), "");
    let told = chain.steps.first().filter(|_| chain.well);
    let well = told.map(|step| step.heading.clone()).unwrap_or_default();
    let fragments = [fragment("why", &card(&chain))];
    Ok(html(&Page {
        frame,
        well,
        why: take(&fragments, "why"),
        title,
    }))
}
