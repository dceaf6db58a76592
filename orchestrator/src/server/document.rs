//! A prepared answer: encoded once, named by its hash, sent only to those who do not have it.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha512};

/// An encoded document.
#[derive(Debug, Clone)]
pub struct Document {
    bytes: Bytes,
    content_type: HeaderValue,
    /// Upper-case hex of the SHA-512, as Kubernetes writes it.
    hash: String,
}

impl Document {
    pub fn json(body: &Value) -> Self {
        let bytes = serde_json::to_vec(body).expect("a JSON value always encodes");
        Self::new(bytes, "application/json")
    }

    pub fn new(bytes: impl Into<Bytes>, content_type: &'static str) -> Self {
        let bytes = bytes.into();
        let digest = Sha512::digest(&bytes);
        Self {
            hash: hex(&digest),
            content_type: HeaderValue::from_static(content_type),
            bytes,
        }
    }

    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The document, or 304 where the client has this very one.
    pub fn respond(&self, request: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", self.hash);
        let mut response = if self.is_known(request, &tag) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(self.bytes.clone()));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, self.content_type.clone());
            response
        };
        let headers = response.headers_mut();
        let tag = HeaderValue::try_from(tag).expect("hex in quotes is a header");
        headers.insert(header::ETAG, tag);
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        let always_ask = HeaderValue::from_static("no-cache, private");
        headers.insert(header::CACHE_CONTROL, always_ask);
        response
    }

    fn is_known(&self, request: &HeaderMap, tag: &str) -> bool {
        request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == "*" || known == tag || known == self.hash)
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}
