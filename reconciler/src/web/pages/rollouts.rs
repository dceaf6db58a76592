//! `GET /rollouts`, `GET /apps/{app}/history`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::app::facts;
use super::apps::{decoded, recent};
use super::{Markup, follow, fragment, html, take};
use crate::history::{Rollout, RolloutQuery};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::app;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::facts::Facts;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::graph::app_href;
use crate::web::view::history::{self, PAGE, Query as Wanted, Scope};
use crate::web::view::tape;
use crate::web::view::zone::Zone;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "history/all.html")]
struct All {
    frame: Frame,
    tape: Markup,
    list: Markup,
}

#[derive(Template)]
#[template(path = "history/app.html")]
struct OfApp {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    tape: Markup,
    list: Markup,
}

pub(in crate::web) async fn all(
    State(app): State<Arc<App>>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        let rollouts = read(&app, None, &query).await?;
        return Ok(data(rollouts, &query).into_response());
    }
    let fragments = of_all(&app, &query, &visitor.zone).await?;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Rollouts, "Rollouts")
        .crumb("Rollouts", "");
    stay(&app, &mut frame, ("", &visitor.zone), &query, &fragments);
    Ok(html(&All {
        frame,
        tape: take(&fragments, "tape"),
        list: take(&fragments, "history"),
    }))
}

pub(in crate::web) async fn of_app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        let rollouts = read(&app, Some(&name), &query).await?;
        // The history outlives its application; a name that never was has neither.
        if rollouts.is_empty() {
            facts(&app, &name).await?;
        }
        return Ok(data(rollouts, &query).into_response());
    }
    let facts = facts(&app, &name).await?;
    let fragments = of_one(&app, &facts, &query, &visitor.zone).await?;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Applications, format!("History of {name}"))
        .crumb("Applications", "/apps")
        .crumb(name.as_str(), app_href(&name))
        .crumb("History", "");
    stay(&app, &mut frame, (&name, &visitor.zone), &query, &fragments);
    Ok(html(&OfApp {
        frame,
        head: take(&fragments, "head"),
        tabs: app::tabs(&name, "History"),
        tape: take(&fragments, "tape"),
        list: take(&fragments, "history"),
    }))
}

/// The first page moves; what is older does not.
fn stay(
    app: &App,
    frame: &mut Frame,
    (name, zone): (&str, &Zone),
    query: &Wanted,
    fragments: &[Fragment],
) {
    if query.before.is_empty() {
        let parts = [name, query.outcome(), zone.name()].map(encoded);
        follow(
            app,
            frame,
            format!("history:{}", parts.join("&")),
            fragments,
        );
    }
}

/// Of the topic: an application or nothing, an outcome or nothing, and a time zone: the list has days.
pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let mut parts = name.split('&').map(decoded);
    let mut part = || parts.next().unwrap_or_default();
    let (name, outcome, zone) = (part(), part(), part());
    let zone = Zone::parse(&zone).unwrap_or_default();
    let query = Wanted {
        outcome,
        ..Wanted::default()
    };
    match name.as_str() {
        "" => of_all(app, &query, &zone).await,
        name => of_one(app, &facts(app, name).await?, &query, &zone).await,
    }
}

async fn of_all(app: &App, query: &Wanted, zone: &Zone) -> Result<Vec<Fragment>, PageError> {
    let now = app.env.now();
    let rollouts = read(app, None, query).await?;
    let newest = recent(app, None).await?;
    let tape = tape::tape(&newest, now, ("All applications", "24 hours"));
    let list = history::list(
        &rollouts,
        &newest,
        query,
        "/rollouts",
        Scope::All,
        &zone.local(now),
    );
    Ok(vec![fragment("tape", &tape), fragment("history", &list)])
}

async fn of_one(
    app: &App,
    facts: &Facts,
    query: &Wanted,
    zone: &Zone,
) -> Result<Vec<Fragment>, PageError> {
    let now = app.env.now();
    let name = facts.name.as_str();
    let rollouts = read(app, Some(name), query).await?;
    let newest = recent(app, Some(name)).await?;
    let side = format!("Only {name}");
    let base = format!("{}/history", app_href(name));
    let list = history::list(
        &rollouts,
        &newest,
        query,
        &base,
        Scope::Application,
        &zone.local(now),
    );
    Ok(vec![
        fragment("head", &app::head(facts, now)),
        fragment("tape", &tape::tape(&newest, now, (&side, "24 hours"))),
        fragment("history", &list),
    ])
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
