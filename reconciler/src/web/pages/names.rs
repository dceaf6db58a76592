//! `GET /names`: for the command line, which offers them while somebody writes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use api::{Object, resource};
use client::ListOptions;

use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::json::{Name, Names};

/// Names of one answer.
const MOST: usize = 500;

#[derive(Deserialize)]
pub(in crate::web) struct Wanted {
    /// `deployments.apps`
    kind: String,
    /// Empty for all.
    #[serde(default)]
    namespace: String,
}

/// Asked of the cluster, not of a cache: what nobody looks at is not kept. Of a kind that is none
/// there are none.
pub(in crate::web) async fn names(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let mut kinds = resource::served().iter();
    let kind = kinds.find(|it| it.collection().to_string() == wanted.kind);
    let found = match kind {
        Some(kind) => {
            let namespace =
                Some(wanted.namespace).filter(|it| kind.is_namespaced() && !it.is_empty());
            let options = ListOptions {
                namespace,
                ..ListOptions::default()
            };
            let list = app.client.list(&kind.collection(), &options).await;
            list?.items
        }
        None => Vec::new(),
    };
    let name = |object: &Object| Name {
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
    };
    let mut items: Vec<Name> = found.iter().map(name).collect();
    items.sort();
    items.truncate(MOST);
    Ok(Json(Names { items }).into_response())
}
