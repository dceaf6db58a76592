//! `GET /exec/{namespace}/{pod}/{container}`: a command's streams over one WebSocket.
//!
//! Towards the caller `v5.channel.k8s.io` or `v4.channel.k8s.io`, towards the runtime v4: the
//! frames are the same (first byte: channel), except that v5 can close one channel. The runtime
//! cannot be told that, so a command that reads its input to the end waits until the caller
//! leaves.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tracing::debug;

use super::error::Error;
use super::routes::ContainerPath;
use crate::pods::Shared;
use crate::report::report;
use crate::runtime::{ExecEndpoint, ExecRequest};

/// What callers may speak, the best first.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const RUNTIME_PROTOCOL: &str = "v4.channel.k8s.io";
const CONNECT: Duration = Duration::from_secs(10);
/// v5: the channel named by the second byte is closed.
const CLOSE: u8 = 255;
/// The channel on which the command's outcome arrives.
const STATUS: u8 = 3;
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
            if let Err(message) = bridge(caller, endpoint).await {
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

type Runtime = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn bridge(mut caller: WebSocket, endpoint: ExecEndpoint) -> Result<(), String> {
    let runtime = match connect(&endpoint).await {
        Ok(runtime) => runtime,
        Err(message) => {
            let status = api::Status::internal(message.clone()).to_json().to_string();
            let frame = [&[STATUS], status.as_bytes()].concat();
            // The caller may be gone as well: then nobody is left to tell.
            let _ = caller.send(Message::Binary(frame.into())).await;
            return Err(message);
        }
    };
    relay(caller, runtime).await
}

async fn connect(endpoint: &ExecEndpoint) -> Result<Runtime, String> {
    let url = endpoint.url.replacen("http", "ws", 1);
    let mut request = url.into_client_request().map_err(|error| report(&error))?;
    let protocol = HeaderValue::from_static(RUNTIME_PROTOCOL);
    request
        .headers_mut()
        .insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    match tokio::time::timeout(CONNECT, connect_async(request)).await {
        Ok(Ok((runtime, _))) => Ok(runtime),
        Ok(Err(error)) => Err(report(&error)),
        Err(_) => Err("the container runtime does not answer".into()),
    }
}

/// Passes frames on until one side ends.
async fn relay(caller: WebSocket, runtime: Runtime) -> Result<(), String> {
    let (mut to_caller, mut from_caller) = caller.split();
    let (mut to_runtime, mut from_runtime) = runtime.split();
    loop {
        tokio::select! {
            frame = from_caller.next() => {
                let Some(Ok(frame)) = frame else {
                    let _ = to_runtime.close().await;
                    return Ok(());
                };
                if let Some(data) = to_pass_on(frame) {
                    to_runtime.send(Frame::Binary(data)).await.map_err(|e| report(&e))?;
                }
            }
            frame = from_runtime.next() => {
                let data = match frame {
                    Some(Ok(Frame::Binary(data))) => data,
                    Some(Ok(Frame::Text(text))) => text.into(),
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => {
                        let end = CloseFrame { code: 1000, reason: "".into() };
                        let _ = to_caller.send(Message::Close(Some(end))).await;
                        return Ok(());
                    }
                    Some(Ok(_)) => continue,
                };
                to_caller.send(Message::Binary(data)).await.map_err(|e| report(&e))?;
            }
        }
    }
}

/// What the runtime understands of a caller's frame.
fn to_pass_on(frame: Message) -> Option<Bytes> {
    let data = match frame {
        Message::Binary(data) => data,
        Message::Text(text) => text.into(),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return None,
    };
    (data.first() != Some(&CLOSE)).then_some(data)
}
