//! How the agent of a node comes to new certificates: for keys that it made, over the connection that it
//! has.

use serde::{Deserialize, Serialize};

use crate::{Error, HttpClient};

/// Where they are asked for.
pub const PATH: &str = "/apis/kedge.dev/v1alpha1/certificates";

/// A request (PKCS#10 in PEM) for each of the two keys. What the certificates say is what those said
/// that the instance issued before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Towards the API server.
    pub client: String,
    /// Of the agent's own server.
    pub serving: String,
}

/// The certificates (PEM), in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub client: String,
    pub serving: String,
}

/// Asks for them.
///
/// # Errors
/// The server does not answer, or does not issue them; its answer may be of another version.
pub async fn ask(client: &HttpClient, requests: &Requests) -> Result<Option<Issued>, Error> {
    let body = serde_json::to_value(requests).unwrap_or_default();
    let answer = client.post_path(PATH, &body).await?;
    Ok(Issued::deserialize(&answer).ok())
}
