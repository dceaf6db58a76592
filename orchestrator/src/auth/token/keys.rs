//! The signing key, and what the world may know of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Claims, Error};

/// Longer than any token of ours; what is longer is refused unread.
const TOKEN_LIMIT: usize = 16 * 1024;

/// Signs tokens and checks signatures (ES256: P-256 with SHA-256).
pub struct Keys {
    pair: EcdsaKeyPair,
    key_id: String,
    random: SystemRandom,
}

impl Keys {
    /// From a P-256 key in PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let unreadable = |detail: String| Error::Key { detail };
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| unreadable(error.to_string()))?;
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, der.secret_pkcs8_der(), &random)
            .map_err(|error| unreadable(error.to_string()))?;
        let digest = Sha256::digest(pair.public_key().as_ref());
        Ok(Self {
            key_id: URL_SAFE_NO_PAD.encode(digest),
            pair,
            random,
        })
    }

    /// The token that carries these claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let header = json!({"alg": "ES256", "kid": self.key_id});
        let payload = serde_json::to_vec(claims).expect("claims are strings and numbers");
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(payload));
        let signature = self
            .pair
            .sign(&self.random, token.as_bytes())
            .map_err(|_unspecified| Error::Sign)?;
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(token)
    }

    /// The claims of a token that this key signed. Says nothing about time, audience or bindings.
    pub(super) fn open(&self, token: &str) -> Result<Claims, Error> {
        if token.len() > TOKEN_LIMIT {
            return Err(Error::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Error::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Error::Malformed)?;
        let header: Value = decode(header)
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|_| Error::Malformed))?;
        // The algorithm is ours to choose, never the token's.
        if header["alg"] != "ES256" || header["kid"] != self.key_id.as_str() {
            return Err(Error::Signature);
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &decode(signature)?)
            .map_err(|_unspecified| Error::Signature)?;
        serde_json::from_slice(&decode(payload)?).map_err(|_| Error::Malformed)
    }

    /// `/openid/v1/jwks`
    pub fn jwks(&self) -> Value {
        // 0x04, then the two coordinates of 32 bytes each.
        let point = self.pair.public_key().as_ref();
        json!({"keys": [{
            "use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": "ES256",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
        }]})
    }
}

/// `/.well-known/openid-configuration`, for an issuer whose keys are at `jwks_uri`.
pub fn discovery(issuer: &str, jwks_uri: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

fn decode(part: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Malformed)
}
