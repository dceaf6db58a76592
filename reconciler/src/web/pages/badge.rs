//! `GET /badges/{app}.svg`: for READMEs, to be read by anybody, where the rules of access say so.
//! It says whether and when, and nothing else of the cluster.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::app::App;
use crate::web::view::proof::open_badge;

/// Of an Application that is not published nothing is told, not even whether there is one.
pub(in crate::web) async fn badge(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
) -> Response {
    let name = file.strip_suffix(".svg").unwrap_or_default();
    if name.is_empty() || !app.access.publishes(name) {
        let text = "there is no badge at this address\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    }
    match app.backend.proven(name, app.env.now()).await {
        Ok(proven) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml"),
                (header::CACHE_CONTROL, "public, max-age=60"),
            ];
            (headers, open_badge(proven.as_ref())).into_response()
        }
        Err(error) => {
            tracing::debug!(%error, "a badge cannot be made");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
