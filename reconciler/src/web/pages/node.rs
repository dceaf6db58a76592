//! `GET /nodes/{name}`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use api::{Collection, Object};

use super::nodes::refs;
use super::{Markup, follow, fragment, html, object_gone, reported, take};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::{node, nodes, object, pod};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "node/page.html")]
struct Page {
    frame: Frame,
    head: Markup,
    truth: Markup,
    capacity: Markup,
    pods: Markup,
    conditions: Markup,
    events: Markup,
    summary: crate::web::view::app::Summary,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let found = match find(&app, &name).await {
        Err(PageError::NotFound(_)) => {
            return object_gone::alone(&app, "Node", key(&name), &visitor).await;
        }
        found => found?,
    };
    if visitor.json {
        let (all, pods) = on(&app, &name).await;
        let nodes = nodes_of(&app).await;
        let trouble = nodes::trouble(&found, &refs(&nodes), &refs(&all), app.env.now());
        let events = reported::of_object(&app, "Node", &key(&name)).await;
        let used = app.backend.used();
        let own: Vec<&Object> = pods.iter().map(AsRef::as_ref).collect();
        return Ok(Json(json::NodePage {
            used: used.dated(used.nodes.get(&name).copied()),
            capacity: nodes::amounts_of(&found, "/status/capacity"),
            allocatable: nodes::amounts_of(&found, "/status/allocatable"),
            requested: nodes::amounts_asked(&name, &own),
            name,
            pods: pods.iter().map(|pod| json::Place::of(pod)).collect(),
            node: json::shown(&found),
            trouble: trouble.map_or_else(String::new, |(is, next)| format!("{is}. {next}")),
            events: events.bodies(),
        })
        .into_response());
    }
    let fragments = make(&app, &found).await;
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Nodes, name.as_str())
        .crumb("Nodes", "/nodes")
        .crumb(name.as_str(), "");
    follow(&app, &mut frame, format!("node:{name}"), &fragments);
    Ok(html(&Page {
        frame,
        head: take(&fragments, "head"),
        truth: take(&fragments, "truth"),
        capacity: take(&fragments, "capacity"),
        pods: take(&fragments, "pods"),
        conditions: take(&fragments, "conds"),
        events: take(&fragments, "events"),
        summary: node::summary(&found),
    }))
}

fn key(name: &str) -> api::ObjectKey {
    Collection::new("", "nodes").key("", name)
}

async fn find(app: &App, name: &str) -> Result<Arc<Object>, PageError> {
    if let Some(node) = app.cached(&key(name)) {
        return Ok(node);
    }
    match app.client.get(&key(name)).await {
        Ok(node) => Ok(Arc::new(node)),
        Err(error) if error.is_not_found() => Err(PageError::NotFound(format!("node {name}"))),
        Err(error) => Err(error.into()),
    }
}

/// All pods, and those on the node.
async fn on(app: &App, name: &str) -> (Vec<Arc<Object>>, Vec<Arc<Object>>) {
    let all = app.all(&Collection::new("", "pods")).await;
    let all = all.unwrap_or_default();
    let own = all
        .iter()
        .filter(|pod| pod.text("/spec/nodeName") == name)
        .cloned()
        .collect();
    (all, own)
}

async fn nodes_of(app: &App) -> Vec<Arc<Object>> {
    let all = app.all(&Collection::new("", "nodes")).await;
    all.unwrap_or_default()
}

pub(super) async fn fragments(app: &App, name: &str) -> Result<Vec<Fragment>, PageError> {
    let node = find(app, name).await?;
    Ok(make(app, &node).await)
}

async fn make(app: &App, found: &Object) -> Vec<Fragment> {
    let now = app.env.now();
    let (all, own) = on(app, found.name()).await;
    let nodes = nodes_of(app).await;
    let (own, all, nodes) = (refs(&own), refs(&all), refs(&nodes));
    let heard = reported::of_object(app, "Node", &key(found.name())).await;
    let mut list = pod::events(heard.events.as_deref().unwrap_or_default(), now);
    list.error = heard.error;
    vec![
        fragment("head", &node::head(found, now)),
        fragment("truth", &node::truth(found, &nodes, &all, now)),
        fragment(
            "capacity",
            &node::capacity(found, &all, &app.backend.used(), now),
        ),
        fragment("pods", &node::pods(&own, now)),
        fragment("conds", &object::conditions(found, now)),
        fragment("events", &list),
    ]
}
