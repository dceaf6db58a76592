//! `GET /events`, `GET /apps/{app}/events`

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use api::{Collection, Object, ObjectKey};

use super::app::{facts, frame_of};
use super::whose::whose_keys;
use super::{Markup, follow, fragment, html, reported, take};
use crate::history::Reports;
use crate::service;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::app;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::events::{self, Row};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::nothing::Nothing;
use crate::web::visitor::Visitor;

/// Of the reconciler's steps.
const STEPS: u16 = 200;

#[derive(Template)]
#[template(path = "events/page.html")]
struct All {
    frame: Frame,
    filters: Markup,
    list: Markup,
}

#[derive(Template)]
#[template(path = "events/app.html")]
struct OfApp {
    frame: Frame,
    head: Markup,
    tabs: app::Tabs,
    list: Markup,
}

pub(in crate::web) async fn all(
    State(app): State<Arc<App>>,
    Query(query): Query<events::Query>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    if visitor.json {
        let (there, next) = kept(&app, &query).await?;
        return Ok(Json(json::Events {
            items: there.items.into_iter().map(|event| event.body).collect(),
            steps: Vec::new(),
            next,
        })
        .into_response());
    }
    let fragments = of_all(&app, &query).await;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Events, "Events")
        .crumb("Events", "");
    // What is older does not move.
    if query.before.is_empty() {
        let parts = [&query.kind, &query.reason, &query.severity].map(|part| encoded(part));
        let topic = format!("events:{}", parts.join("&"));
        follow(&app, &mut frame, topic, &fragments);
    }
    Ok(html(&All {
        frame,
        filters: take(&fragments, "event-filters"),
        list: take(&fragments, "events"),
    }))
}

/// `name` is kind, reason and type, as the topic has them.
pub(super) async fn fragments(app: &App, name: &str) -> Vec<Fragment> {
    let mut parts = name.split('&').map(super::apps::decoded);
    let mut part = || parts.next().unwrap_or_default();
    let query = events::Query {
        kind: part(),
        reason: part(),
        severity: part(),
        before: String::new(),
    };
    of_all(app, &query).await
}

async fn of_all(app: &App, query: &events::Query) -> Vec<Fragment> {
    let now = app.env.now();
    let (there, next, error) = match kept(app, query).await {
        Ok((there, next)) => (there, next, String::new()),
        Err(failure) => {
            let error = format!("The history cannot be read: {}.", chain(&failure));
            (Reports::default(), String::new(), error)
        }
    };
    let owners = owners(app, &there.items).await;
    let rows = there.items.iter().zip(&owners);
    let rows: Vec<Row> = rows
        .map(|(event, owner)| events::row(event, owner, now))
        .collect();
    let mut list = events::list(rows, error, query.nothing());
    list.older = next;
    list.newest = query.newest();
    vec![
        fragment("event-filters", &events::filters(&there, query)),
        fragment("events", &list),
    ]
}

/// Whose object each is about; empty where that is not known.
async fn owners(app: &App, all: &[Object]) -> Vec<String> {
    let catalog = app.client.catalog();
    let key = |event: &Object| {
        let (gvk, namespace, name) = events::about_what(event);
        // A kind that is not served any more is nobody's.
        let collection = catalog.by_kind(&gvk).map(api::Resource::collection);
        let collection = collection.unwrap_or_else(|| Collection::new(gvk.group, ""));
        collection.key(namespace, name)
    };
    let keys: Vec<ObjectKey> = all.iter().map(key).collect();
    whose_keys(app, &keys).await
}

/// A page of the kept Events, and where it goes on.
async fn kept(app: &App, query: &events::Query) -> Result<(Reports, String), service::Error> {
    let mut there = app.backend.reports(&query.of_history()).await?;
    let next = match there.items.get(events::MOST - 1) {
        Some(last) if there.items.len() > events::MOST => query.after(last),
        _ => String::new(),
    };
    there.items.truncate(events::MOST);
    Ok((there, next))
}

pub(in crate::web) async fn of_app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let facts = facts(&app, &name).await?;
    if visitor.json {
        let (events, _) = own(&app, &name).await;
        return Ok(Json(json::Events {
            items: events.into_iter().map(|event| event.body).collect(),
            steps: app.backend.newest_steps(&name, STEPS).await?,
            next: String::new(),
        })
        .into_response());
    }
    let mut fragments = of_one(&app, &name).await;
    fragments.push(fragment("head", &app::head(&facts, app.env.now())));
    let mut frame = frame_of(&app, &visitor, &name, "Events").await;
    follow(&app, &mut frame, format!("app-events:{name}"), &fragments);
    Ok(html(&OfApp {
        frame,
        head: take(&fragments, "head"),
        tabs: app::tabs(&name, "Events"),
        list: take(&fragments, "events"),
    }))
}

pub(super) async fn of_one(app: &App, name: &str) -> Vec<Fragment> {
    let now = app.env.now();
    let (own, mut error) = own(app, name).await;
    let mut rows: Vec<Row> = own
        .iter()
        .map(|event| events::row(event, name, now))
        .collect();
    match app.backend.newest_steps(name, STEPS).await {
        Ok(steps) => rows.extend(steps.iter().map(|step| events::step(step, now))),
        Err(failure) => {
            error = format!("{error} The history cannot be read: {}.", chain(&failure));
        }
    }
    let nothing =
        Nothing::new("Events of its objects, and what Kedge does about them, appear here.");
    vec![fragment("events", &events::list(rows, error, nothing))]
}

/// The events about an application's objects, and about the application itself.
async fn own(app: &App, name: &str) -> (Vec<Object>, String) {
    let mut error = String::new();
    let objects = match app.backend.objects(name).await {
        Ok(objects) => objects,
        Err(failure) => {
            error = format!(
                "The application's objects cannot be read: {}.",
                chain(&failure)
            );
            Vec::new()
        }
    };
    let mut subjects: BTreeSet<(String, String, String)> = objects
        .into_iter()
        .map(|node| (node.kind, node.key.namespace, node.key.name))
        .collect();
    let home = engine::application::NAMESPACE.to_owned();
    subjects.insert(("Application".into(), home, name.to_owned()));
    let heard = reported::of_objects(app, subjects).await;
    let told = format!("{error} {}", heard.error);
    (heard.events.unwrap_or_default(), told.trim().to_owned())
}
