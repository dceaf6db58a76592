//! `GET /livez`, `/readyz`, `/metrics`: for machines, without sign-in.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::app::App;
use crate::web::view::time::seconds;

/// No answer in this time is one, too.
const PATIENCE: Duration = Duration::from_secs(3);

pub(in crate::web) async fn live() -> &'static str {
    "ok\n"
}

pub(in crate::web) async fn ready(State(app): State<Arc<App>>) -> Response {
    let answer = tokio::time::timeout(PATIENCE, (app.ready)()).await;
    if !answer.unwrap_or(false) {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready yet\n").into_response();
    }
    let silent = *app.pulse.borrow();
    match silent {
        None => "ok\n".into_response(),
        Some(since) => {
            let since = seconds(since);
            let told = format!("the API server has not answered since {since}\n");
            (StatusCode::SERVICE_UNAVAILABLE, told).into_response()
        }
    }
}

pub(in crate::web) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut text = String::new();
    if prometheus_client::encoding::text::encode(&mut text, &app.registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
