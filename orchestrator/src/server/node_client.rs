//! Calls to node agents: over TLS with the API server's own client certificate, to the address
//! and port the node registered.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use api::{Object, ObjectKey, Reason, Status};

use super::{ApiError, App};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Until the agent's headers; a log that follows or an exec session takes as long as it takes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a request to a node's agent and streams the answer back.
///
/// # Errors
/// 503 where the agent cannot be reached, with the address tried.
pub(crate) async fn send(
    app: &App,
    node: ObjectKey,
    mut request: Request<Body>,
) -> Result<Response, ApiError> {
    let item = app
        .registry
        .hub()
        .get(&node)
        .ok_or_else(|| Status::not_found(&node))?;
    let (host, port) = address(&item.object()).ok_or_else(|| {
        unreachable(
            &node.name,
            "the node has registered no address or port for its agent",
        )
    })?;
    let authority = format!("{host}:{port}");
    let failed = |detail: String| unreachable(&node.name, &format!("{authority}: {detail}"));
    let connect = async {
        let socket = TcpStream::connect((host.as_str(), port)).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from(node.name.clone())
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
        app.node_tls.connect(name, socket).await
    };
    let stream = timeout(CONNECT_TIMEOUT, connect)
        .await
        .map_err(|_| failed(format!("no connection within {CONNECT_TIMEOUT:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    app.tasks.spawn_until_cancelled(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection to a node agent broke");
        }
    });
    let host_header =
        HeaderValue::from_str(&authority).map_err(|error| failed(error.to_string()))?;
    request.headers_mut().insert(header::HOST, host_header);
    let answer = timeout(ANSWER_TIMEOUT, sender.send_request(request))
        .await
        .map_err(|_| failed(format!("no answer within {ANSWER_TIMEOUT:?}")))?
        .map_err(|error| failed(error.to_string()))?;
    Ok(answer.map(Body::new))
}

fn address(node: &Object) -> Option<(String, u16)> {
    let addresses = node
        .pointer("/status/addresses")
        .and_then(Value::as_array)?;
    let internal = addresses
        .iter()
        .find(|address| address["type"] == "InternalIP")?;
    let port = node
        .pointer("/status/daemonEndpoints/kubeletEndpoint/Port")
        .and_then(Value::as_u64)?;
    Some((
        internal["address"].as_str()?.to_owned(),
        u16::try_from(port).ok()?,
    ))
}

fn unreachable(node: &str, detail: &str) -> ApiError {
    let message = format!("the agent of node {node} cannot be reached: {detail}");
    Status {
        retry_after_seconds: Some(1),
        ..Status::new(Reason::ServiceUnavailable, message)
    }
    .into()
}
