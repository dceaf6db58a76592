//! Signatures under keys that follow from the admin token: whoever knows it could sign in anyway,
//! and changing it ends every session.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256, Key};

/// One key for each use.
pub(super) struct Keys {
    session: Key,
    csrf: Key,
}

impl Keys {
    pub(super) fn derive(secret: &str) -> Self {
        let root = Key::new(HMAC_SHA256, secret.as_bytes());
        let key = |purpose: &str| {
            let derived = hmac::sign(&root, purpose.as_bytes());
            Key::new(HMAC_SHA256, derived.as_ref())
        };
        Self {
            session: key("kedge web session v1"),
            csrf: key("kedge web form v1"),
        }
    }

    pub(super) fn sign(&self, text: &str) -> String {
        encode(&self.session, text)
    }

    pub(super) fn is_signed(&self, text: &str, signature: &str) -> bool {
        verify(&self.session, text, signature)
    }

    pub(super) fn csrf(&self, session: &str) -> String {
        encode(&self.csrf, session)
    }

    pub(super) fn is_csrf(&self, session: &str, token: &str) -> bool {
        verify(&self.csrf, session, token)
    }
}

fn encode(key: &Key, text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(key, text.as_bytes()))
}

fn verify(key: &Key, text: &str, signature: &str) -> bool {
    let Ok(signature) = BASE64_URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    hmac::verify(key, text.as_bytes(), &signature).is_ok()
}

/// Compares secrets in a time that depends on neither.
pub(super) fn is_same(secret: &str, given: &str) -> bool {
    let key = Key::new(HMAC_SHA256, b"kedge compare");
    let tag = hmac::sign(&key, secret.as_bytes());
    hmac::verify(&key, given.as_bytes(), tag.as_ref()).is_ok()
}
