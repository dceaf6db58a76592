//! Tokens that are written in a file: the web UI's admin token.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::auth::Identity;

/// Tokens by their digest: finding one tells nothing about the others.
#[derive(Default)]
pub struct StaticTokens {
    by_digest: BTreeMap<[u8; 32], Identity>,
}

impl StaticTokens {
    /// Adds a token. White space around it is dropped; an empty one is ignored.
    pub fn add(&mut self, token: &str, identity: Identity) {
        let token = token.trim();
        if !token.is_empty() {
            self.by_digest
                .insert(Sha256::digest(token).into(), identity);
        }
    }

    pub fn identity(&self, token: &str) -> Option<&Identity> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        self.by_digest.get(&digest)
    }
}
