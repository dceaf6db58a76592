//! `POST /apis/kedge.dev/v1alpha1/certificates`: new certificates for the agent that asks, for keys that
//! it made.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;

use api::{Reason, Status};
use client::renewal::{Issued, Requests};

use crate::auth::Identity;
use crate::server::negotiate::Encoding;
use crate::server::{ApiError, App, body, respond};

/// For agents alone, and for each its own. Whom a certificate names is not theirs to say.
pub(crate) async fn certificates(
    app: &App,
    identity: &Identity,
    payload: Body,
) -> Result<Response, ApiError> {
    let Some(node) = identity.node() else {
        let message = "certificates are renewed by the agents of nodes, for themselves";
        return Err(Status::new(Reason::Forbidden, message).into());
    };
    let bytes = body::read(payload, body::LIMIT).await?;
    let requests: Requests = serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::bad_request(format!("no requests for certificates: {error}")))?;
    let now = app.registry.env().clock.now();
    let issued = app
        .pki
        .renew(node, &requests.client, &requests.serving, now);
    let issued = issued.map_err(|error| match error {
        tls::Error::Parse { .. } => ApiError::bad_request(error.to_string()),
        error => Status::new(Reason::InternalError, error.to_string()).into(),
    })?;
    let Some((client, serving)) = issued else {
        let message = format!("nothing was issued for node {node} here that could be renewed");
        return Err(Status::new(Reason::NotFound, message).into());
    };
    tracing::info!(node.name = node, "renewed a node's certificates");
    let issued = serde_json::to_value(Issued { client, serving }).unwrap_or_default();
    Ok(respond::value(StatusCode::CREATED, Encoding::Json, &issued))
}
