//! Whether a token counts, and for whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use api::{Collection, ObjectKey, Uid};

use super::{Claims, Keys, Reference};
use crate::auth::Identity;

/// Why a token does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the service-account key cannot be read: {detail}")]
    Key { detail: String },
    #[error("the token could not be signed")]
    Sign,
    #[error("the token is malformed")]
    Malformed,
    #[error("the token's signature is not ours")]
    Signature,
    #[error("the token's issuer is {0:?}")]
    Issuer(String),
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("the token is for {0:?}")]
    Audience(Vec<String>),
    #[error("the token is bound to {0}, which is gone")]
    Unbound(ObjectKey),
}

/// Looks up whether an object is still the one a token was bound to. Answers from memory.
pub trait Bindings: Send + Sync + 'static {
    /// The uid of the live object under this key.
    fn uid(&self, key: &ObjectKey) -> Option<Uid>;
}

/// Clocks of nodes and API servers differ.
const LEEWAY_SECONDS: i64 = 10;

/// The claims of a token that counts for one of `audiences` at `now`, with the audiences it
/// counts for.
pub fn verify(
    keys: &Keys,
    token: &str,
    issuer: &str,
    audiences: &[String],
    bindings: &dyn Bindings,
    now: Timestamp,
) -> Result<(Claims, Vec<String>), Error> {
    let claims = keys.open(token)?;
    if claims.issuer != issuer {
        return Err(Error::Issuer(claims.issuer));
    }
    let now = now.as_second();
    if now > claims.expires {
        return Err(Error::Expired);
    }
    if now + LEEWAY_SECONDS < claims.not_before {
        return Err(Error::NotYet);
    }
    let shared: Vec<String> = claims
        .audiences
        .iter()
        .filter(|audience| audiences.contains(audience))
        .cloned()
        .collect();
    if shared.is_empty() {
        return Err(Error::Audience(claims.audiences));
    }
    check_bindings(&claims, bindings)?;
    Ok((claims, shared))
}

fn check_bindings(claims: &Claims, bindings: &dyn Bindings) -> Result<(), Error> {
    let bound = &claims.bound;
    let core = |resource: &str, namespace: &str, reference: &Reference| {
        let key = Collection::new("", resource).key(namespace, &reference.name);
        match bindings.uid(&key) {
            Some(uid) if uid.0 == reference.uid => Ok(()),
            _ => Err(Error::Unbound(key)),
        }
    };
    core("serviceaccounts", &bound.namespace, &bound.service_account)?;
    if let Some(pod) = &bound.pod {
        // The node is only a record of where the pod was; the pod decides.
        return core("pods", &bound.namespace, pod);
    }
    if let Some(secret) = &bound.secret {
        return core("secrets", &bound.namespace, secret);
    }
    if let Some(node) = &bound.node {
        return core("nodes", "", node);
    }
    Ok(())
}

/// Who a token that counts speaks for.
pub fn identity(claims: &Claims) -> Identity {
    let bound = &claims.bound;
    let mut extra = BTreeMap::new();
    let mut note = |key: &str, value: String| {
        extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value]);
    };
    if !claims.id.is_empty() {
        note("credential-id", format!("JTI={}", claims.id));
    }
    if let Some(pod) = &bound.pod {
        note("pod-name", pod.name.clone());
        note("pod-uid", pod.uid.clone());
    }
    if let Some(node) = &bound.node {
        note("node-name", node.name.clone());
        note("node-uid", node.uid.clone());
    }
    Identity {
        uid: bound.service_account.uid.clone(),
        extra,
        ..Identity::service_account(&bound.namespace, &bound.service_account.name)
    }
}
