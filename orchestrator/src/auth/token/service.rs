//! The instance's tokens as one thing: who issues them, for whom, bound to what.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Bindings, Claims, Error, Keys, discovery, identity, verify};
use crate::auth::Identity;

/// Issues and verifies service-account tokens.
pub struct Tokens {
    keys: Keys,
    issuer: String,
    audiences: Vec<String>,
    bindings: Arc<dyn Bindings>,
}

impl Tokens {
    /// `issuer` is a URL; it is also the audience of tokens that are for the API server itself.
    pub fn new(keys: Keys, issuer: String, bindings: Arc<dyn Bindings>) -> Self {
        Self {
            audiences: vec![issuer.clone()],
            keys,
            issuer,
            bindings,
        }
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The audiences of tokens that are for the API server itself.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    pub fn bindings(&self) -> &dyn Bindings {
        &*self.bindings
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, Error> {
        self.keys.sign(claims)
    }

    /// Who a token speaks for, and for which of `audiences` it counts.
    pub fn verify(
        &self,
        token: &str,
        audiences: &[String],
        now: Timestamp,
    ) -> Result<(Identity, Vec<String>), Error> {
        let bindings = &*self.bindings;
        let (claims, shared) = verify(&self.keys, token, &self.issuer, audiences, bindings, now)?;
        Ok((identity(&claims), shared))
    }

    /// `/.well-known/openid-configuration`
    pub fn openid_configuration(&self) -> Value {
        discovery(&self.issuer, &format!("{}/openid/v1/jwks", self.issuer))
    }

    /// `/openid/v1/jwks`
    pub fn jwks(&self) -> Value {
        self.keys.jwks()
    }
}
