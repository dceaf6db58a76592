//! `GET /search?q=`

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use api::{Collection, Object};

use super::html;
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::{Icon, encoded};
use crate::web::view::frame::{Frame, Section};
use crate::web::view::search::{self, Found, Hit};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "search/page.html")]
struct Page {
    frame: Frame,
    query: String,
    hits: Vec<Hit>,
    error: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    #[serde(default)]
    q: String,
}

pub(in crate::web) async fn page(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let wanted = asked.q.trim().to_owned();
    let mut error = String::new();
    let mut recorded = Found::default();
    if !wanted.is_empty() {
        match app.backend.search(&wanted).await {
            Ok(found) => recorded = found,
            Err(failure) => {
                let why = crate::web::gate::chain(&failure);
                error = format!("What is recorded cannot be searched: {why}.");
            }
        }
    }
    let mut live: Vec<Arc<Object>> = Vec::new();
    for resource in ["pods", "nodes"] {
        let collection = Collection::new("", resource);
        live.extend(app.all(&collection).await.unwrap_or_default());
    }
    let hits = search::hits(&wanted, &recorded, &live);
    if visitor.json {
        let items = hits.into_iter().map(json::Hit::of).collect();
        return Ok(Json(json::Hits { items }).into_response());
    }
    if let Some(only) = search::exact(&hits) {
        let there = match &app.past {
            Some(past) => format!("{}?at={}", only.href, encoded(&past.asked)),
            None => only.href.clone(),
        };
        return Ok(Redirect::to(&there).into_response());
    }
    let frame = visitor.frame(&app).await;
    Ok(html(&Page {
        frame: frame.page(Section::Elsewhere, "Search").crumb("Search", ""),
        query: wanted,
        hits,
        error,
    }))
}
