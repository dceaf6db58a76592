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
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "nodes/page.html")]
struct Page {
    frame: Frame,
    summary: String,
    table: Markup,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let table = table(&app).await;
    if visitor.json {
        let items = table.rows.into_iter().map(|row| json::Node {
            name: row.name,
            state: row.state.word,
            address: row.address,
            version: row.version,
        });
        return Ok(Json(json::Nodes {
            items: items.collect(),
        })
        .into_response());
    }
    let ready = table
        .rows
        .iter()
        .filter(|row| row.state.word == "Ready")
        .count();
    let summary = format!("{ready} of {} are ready", table.rows.len());
    let fragments = vec![fragment("nodes", &table)];
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
    }))
}

pub(super) async fn fragments(app: &App) -> Vec<Fragment> {
    vec![fragment("nodes", &table(app).await)]
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
