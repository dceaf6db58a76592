//! `GET /nodes`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use api::{Collection, Object};

use super::{Markup, follow, fragment, html, take};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::live::Fragment;
use crate::web::view::component::Icon;
use crate::web::view::frame::{Frame, Section};
use crate::web::view::nodes::{self, Table};
use crate::web::view::pending::{self, Cards};
use crate::web::visitor::Visitor;
use crate::web::why::{self, Pending};

#[derive(Template)]
#[template(path = "nodes/page.html")]
struct Page {
    frame: Frame,
    summary: String,
    table: Markup,
    pending: Markup,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let table = table(&app).await;
    let waiting = waiting(&app).await;
    if visitor.json {
        let items = table.rows.into_iter().map(|row| json::Node {
            name: row.name,
            state: row.state.word,
            address: row.address,
            version: row.version,
        });
        return Ok(Json(json::Nodes {
            items: items.collect(),
            pending: waiting.0.into_iter().filter_map(|(_, it)| it).collect(),
        })
        .into_response());
    }
    let ready = table
        .rows
        .iter()
        .filter(|row| row.state.word == "Ready")
        .count();
    let summary = format!("{ready} of {} are ready", table.rows.len());
    let fragments = vec![
        fragment("nodes", &table),
        fragment("pending", &cards(&app, &waiting)),
    ];
    let mut frame = visitor
        .frame(&app)
        .await
        .page(Section::Nodes, "Nodes")
        .crumb("Nodes", "");
    follow(&app, &mut frame, "nodes:".into(), &fragments);
    Ok(html(&Page {
        frame,
        summary,
        table: take(&fragments, "nodes"),
        pending: take(&fragments, "pending"),
    }))
}

pub(super) async fn fragments(app: &App) -> Vec<Fragment> {
    let waiting = waiting(app).await;
    vec![
        fragment("nodes", &table(app).await),
        fragment("pending", &cards(app, &waiting)),
    ]
}

/// The oldest pods that no node can take with what the scheduler says of them, and how many more
/// there are.
type Waiting = (Vec<(Object, Option<Pending>)>, usize);

async fn waiting(app: &App) -> Waiting {
    let pods = app.all(&Collection::new("", "pods")).await;
    let pods = pods.unwrap_or_default();
    let pods: Vec<&Object> = pods.iter().map(AsRef::as_ref).collect();
    let (oldest, more) = pending::waiting(&pods);
    let mut told = Vec::new();
    for pod in oldest {
        told.push((pod.clone(), why::pending(app, pod).await));
    }
    (told, more)
}

fn cards(app: &App, (waiting, more): &Waiting) -> Cards {
    let now = app.env.now();
    let pods = waiting.iter();
    Cards {
        pods: pods
            .map(|(pod, told)| pending::card(pod, told.as_ref(), now))
            .collect(),
        more: *more,
    }
}

async fn table(app: &App) -> Table {
    let nodes = app.all(&Collection::new("", "nodes")).await;
    let pods = app.all(&Collection::new("", "pods")).await;
    let (Some(nodes), Some(pods)) = (nodes, pods) else {
        return Table {
            rows: Vec::new(),
            error: "The API server has not answered yet.".into(),
        };
    };
    let nodes: Vec<&Object> = nodes.iter().map(AsRef::as_ref).collect();
    let pods: Vec<&Object> = pods.iter().map(AsRef::as_ref).collect();
    nodes::table(&nodes, &pods)
}
