//! `GET /stats/summary`: what this node and its containers use.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use super::error::Error;
use crate::pods::Shared;
use crate::usage;

pub(super) async fn summary(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Error> {
    let measured = shared.meter.measured(&shared).await?;
    let node = &shared.node;
    Ok(Json(usage::summary(&node.room.name, node.whole, &measured)))
}
