//! Client certificate, then bearer token, else anonymous. A bad token is a 401, never anonymous.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use jiff::Timestamp;

use api::{Reason, Status};
use tls::{Peer, PeerCertificate};

use super::StaticTokens;
use crate::auth::node::revoked::Revoked;
use crate::auth::token::Tokens;
use crate::auth::{AUTHENTICATED, Identity};

/// How browsers, which cannot set headers on a WebSocket, pass a token (RFC 6455 subprotocol).
const WEBSOCKET_BEARER: &str = "base64url.bearer.authorization.k8s.io.";

/// Knows everybody.
pub struct Authenticator {
    tokens: Arc<Tokens>,
    fixed: StaticTokens,
    revoked: Option<Arc<dyn Revoked>>,
}

impl Authenticator {
    pub fn new(tokens: Arc<Tokens>, fixed: StaticTokens) -> Self {
        Self {
            tokens,
            fixed,
            revoked: None,
        }
    }

    /// With the nodes whose keys open nothing any more.
    #[must_use]
    pub fn refusing(self, revoked: Arc<dyn Revoked>) -> Self {
        Self {
            revoked: Some(revoked),
            ..self
        }
    }

    /// The service-account tokens, for issuing and reviewing them.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Who makes a request. Impersonation is a second step: [`super::impersonate`].
    pub fn authenticate(
        &self,
        peer: Option<&Peer>,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Identity, Status> {
        if let Some(certificate) = peer.and_then(|peer| peer.certificate.as_deref()) {
            let identity = certified(certificate).ok_or_else(unauthorized)?;
            if self.is_revoked(&identity, certificate.issued_at) {
                tracing::debug!(
                    user = identity.name,
                    "refused a certificate that was revoked"
                );
                return Err(unauthorized());
            }
            return Ok(identity);
        }
        let Some(token) = bearer(headers).or_else(|| websocket_bearer(headers)) else {
            return Ok(Identity::anonymous());
        };
        match self.review(&token, self.tokens.audiences(), now) {
            Ok((identity, _)) => Ok(identity),
            Err(why) => {
                tracing::debug!(%why, "refused a bearer token");
                Err(unauthorized())
            }
        }
    }

    fn is_revoked(&self, identity: &Identity, issued_at: Timestamp) -> bool {
        let (Some(revoked), Some(node)) = (&self.revoked, identity.node()) else {
            return false;
        };
        is_refused(&**revoked, node, issued_at)
    }

    /// Until who was let in would be let in no more, since somebody removed the node whose certificate
    /// it is. For ever for everybody else.
    pub fn refusal(&self, peer: Option<&Peer>) -> impl Future<Output = ()> + Send + 'static {
        let certificate = peer.and_then(|peer| peer.certificate.clone());
        let node = certificate.as_deref().and_then(|certificate| {
            let node = certified(certificate)?.node()?.to_owned();
            Some((node, certificate.issued_at))
        });
        let known = self.revoked.clone().zip(node);
        async move {
            let Some((revoked, (node, issued_at))) = known else {
                return std::future::pending().await;
            };
            let mut moves = revoked.moves();
            while !is_refused(&*revoked, &node, issued_at) && moves.changed().await.is_ok() {}
        }
    }

    /// Who a token speaks for, and for which of `audiences` it counts; or why it does not.
    pub fn review(
        &self,
        token: &str,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<(Identity, Vec<String>), String> {
        if let Some(identity) = self.fixed.identity(token) {
            // A fixed token says nothing about audiences: it is for the API server.
            let own = self.tokens.audiences();
            let shared: Vec<String> = own
                .iter()
                .filter(|a| audiences.contains(a))
                .cloned()
                .collect();
            return if shared.is_empty() {
                Err("the token is for the API server alone".to_owned())
            } else {
                Ok((identity.clone(), shared))
            };
        }
        self.tokens
            .verify(token, audiences, now)
            .map_err(|error| error.to_string())
    }
}

fn is_refused(revoked: &dyn Revoked, node: &str, issued_at: Timestamp) -> bool {
    revoked.since(node).is_some_and(|since| issued_at < since)
}

/// The 401. Says no more than that: why is for the log.
pub fn unauthorized() -> Status {
    Status::new(Reason::Unauthorized, "Unauthorized")
}

fn certified(certificate: &PeerCertificate) -> Option<Identity> {
    if certificate.common_name.is_empty() {
        return None;
    }
    let mut groups = certificate.organizations.clone();
    if !groups.iter().any(|group| group == AUTHENTICATED) {
        groups.push(AUTHENTICATED.to_owned());
    }
    Some(Identity {
        name: certificate.common_name.clone(),
        groups,
        ..Identity::default()
    })
}

/// `Authorization: Bearer …`; any other scheme is none of ours.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

fn websocket_bearer(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    let encoded = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(WEBSOCKET_BEARER))?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    String::from_utf8(bytes).ok()
}
