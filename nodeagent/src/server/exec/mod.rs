//! `GET /exec/{namespace}/{pod}/{container}`: a command's streams over one WebSocket.
//!
//! Towards the caller `v5.channel.k8s.io` or `v4.channel.k8s.io` (one frame is one channel's, named
//! by its first byte; v5 can end a channel), towards the runtime SPDY.

mod channel;
mod relay;
mod session;
mod spdy;

use std::sync::Arc;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use tracing::debug;

use super::error::Error;
use super::routes::ContainerPath;
use crate::pods::Shared;
use crate::runtime::{ExecEndpoint, ExecRequest};

use channel::Channel;

/// What callers may speak, the best first.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/// Bytes of one frame of a caller.
const MAX_FRAME: usize = 1 << 20;

pub(super) async fn exec(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<ContainerPath>,
    Query(query): Query<Vec<(String, String)>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let request = parse(query);
    if request.command.is_empty() {
        return Err(Error::bad_request(
            "you must specify at least 1 command for the container".into(),
        ));
    }
    let record = path.record(&shared).await?;
    let container = path.running(&record)?;
    let endpoint = shared.runtime.exec(&container.id, &request).await?;
    // Last, for a client that falls back to another protocol shows only the second answer.
    let upgrade = upgrade.map_err(|rejection| {
        let text = rejection.body_text();
        Error::bad_request(format!("exec speaks WebSocket only: {text}"))
    })?;
    Ok(upgrade
        .protocols(PROTOCOLS)
        .max_message_size(MAX_FRAME)
        .on_upgrade(move |caller| async move {
            if let Err(message) = bridge(caller, endpoint, request).await {
                debug!(message, "an exec session broke");
            }
        }))
}

/// `command` comes once for each word, so this is no map.
fn parse(query: Vec<(String, String)>) -> ExecRequest {
    let mut request = ExecRequest::default();
    for (name, value) in query {
        let is_set = matches!(value.as_str(), "true" | "1");
        match name.as_str() {
            "command" => request.command.push(value),
            "stdin" | "input" => request.stdin = is_set,
            "stdout" | "output" => request.stdout = is_set,
            "stderr" | "error" => request.stderr = is_set,
            "tty" => request.tty = is_set,
            _ => {}
        }
    }
    request
}

async fn bridge(
    caller: WebSocket,
    endpoint: ExecEndpoint,
    request: ExecRequest,
) -> Result<(), String> {
    match session::open(&endpoint, &request).await {
        Ok((input, output)) => relay::relay(caller, input, output).await,
        Err(message) => {
            relay::refuse(caller, &message).await;
            Err(message)
        }
    }
}
