//! `GET /rollouts`, `GET /apps/{app}/history`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::app::facts;
use super::apps::recent;
use super::html;
use crate::history::{Rollout, RolloutQuery};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::app;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::history::{self, List, PAGE, Query as Wanted, Scope};
use crate::web::view::tape::{self, Tape};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "history/all.html")]
struct All {
    frame: Frame,
    tape: Tape,
    list: List,
}

#[derive(Template)]
#[template(path = "history/app.html")]
struct OfApp {
    frame: Frame,
    head: app::Head,
    tabs: app::Tabs,
    tape: Tape,
    list: List,
}

pub(in crate::web) async fn all(
    State(app): State<Arc<App>>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let rollouts = read(&app, None, &query).await?;
    if visitor.json {
        return Ok(data(rollouts, &query).into_response());
    }
    let now = app.env.now();
    let frame = visitor
        .frame(&app)
        .await
        .page(Section::Rollouts, "Rollouts")
        .crumb("Rollouts", "");
    Ok(html(&All {
        frame,
        tape: tape::tape(
            &recent(&app, None).await?,
            now,
            ("All applications", "24 hours"),
        ),
        list: history::list(&rollouts, &query, "/rollouts", Scope::All, now),
    }))
}

pub(in crate::web) async fn of_app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let facts = facts(&app, &name).await?;
    let rollouts = read(&app, Some(&name), &query).await?;
    if visitor.json {
        return Ok(data(rollouts, &query).into_response());
    }
    let now = app.env.now();
    let frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, format!("History of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name.as_str(), app_href(&name))
        .crumb("History", "");
    let scope = Scope::Application {
        name: &name,
        applied: &facts.applied.0,
    };
    let day = recent(&app, Some(&name)).await?;
    let side = (format!("Only {name}"), "24 hours");
    Ok(html(&OfApp {
        frame,
        head: app::head(&facts, now),
        tabs: app::tabs(&name, "History"),
        tape: tape::tape(&day, now, (&side.0, side.1)),
        list: history::list(
            &rollouts,
            &query,
            &format!("{}/history", app_href(&name)),
            scope,
            now,
        ),
    }))
}

async fn read(app: &App, name: Option<&str>, query: &Wanted) -> Result<Vec<Rollout>, PageError> {
    let before = match query.before.as_str() {
        "" => None,
        text => Some(text.parse::<Timestamp>().map_err(|_| {
            PageError::BadRequest("before is a time such as 2026-03-01T14:00:00Z".into())
        })?),
    };
    let query = RolloutQuery {
        application: name.map(str::to_owned),
        before,
        running: query.running(),
        limit: PAGE,
        ..RolloutQuery::default()
    };
    Ok(app.backend.rollouts(&query).await?)
}

fn data(rollouts: Vec<Rollout>, query: &Wanted) -> Json<json::Rollouts> {
    let full = rollouts.len() >= usize::from(PAGE);
    Json(json::Rollouts {
        before: rollouts.last().filter(|_| full).map(|last| last.started_at),
        items: rollouts
            .into_iter()
            .filter(|one| query.admits(one))
            .collect(),
    })
}
