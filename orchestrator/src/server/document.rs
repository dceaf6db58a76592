//! A prepared answer: encoded once, named by its hash, sent only to those who do not have it.

use std::io::{Read, Write};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha512};

/// An encoded document.
#[derive(Debug, Clone)]
pub struct Document {
    bytes: Bytes,
    /// Whether `bytes` are in gzip.
    is_compressed: bool,
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
            is_compressed: false,
        }
    }

    /// Kept in gzip, and sent so to those who read it: all of them, in practice.
    pub fn compressed(bytes: &[u8], content_type: &'static str) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
        Self {
            hash: hex(&Sha512::digest(bytes)),
            content_type: HeaderValue::from_static(content_type),
            bytes: packed.expect("writing to memory does not fail").into(),
            is_compressed: true,
        }
    }

    fn plain(&self) -> Bytes {
        if !self.is_compressed {
            return self.bytes.clone();
        }
        let mut bytes = Vec::new();
        GzDecoder::new(&*self.bytes)
            .read_to_end(&mut bytes)
            .expect("this process compressed it");
        bytes.into()
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
            self.body(request)
        };
        let headers = response.headers_mut();
        let tag = HeaderValue::try_from(tag).expect("hex in quotes is a header");
        headers.insert(header::ETAG, tag);
        let vary = if self.is_compressed {
            "Accept, Accept-Encoding"
        } else {
            "Accept"
        };
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        let always_ask = HeaderValue::from_static("no-cache, private");
        headers.insert(header::CACHE_CONTROL, always_ask);
        response
    }

    fn body(&self, request: &HeaderMap) -> Response {
        let packed = self.is_compressed && reads_gzip(request);
        let bytes = if packed {
            self.bytes.clone()
        } else {
            self.plain()
        };
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        if packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
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

/// Whether `Accept-Encoding` names gzip, and not to refuse it.
fn reads_gzip(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|clause| {
            let (name, quality) = clause.split_once(';').unwrap_or((clause, ""));
            let quality = quality.trim().strip_prefix("q=").unwrap_or("1");
            name.trim().eq_ignore_ascii_case("gzip") && quality.parse().is_ok_and(|q: f32| q > 0.0)
        })
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn what_is_kept_compressed_is_sent_so_to_those_who_read_it() {
        let text = "pod ".repeat(100);
        let document = Document::compressed(text.as_bytes(), "application/json");
        let plain = Document::new(text.clone(), "application/json");
        assert_eq!(document.hash(), plain.hash());
        for (accepted, is_packed) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip;q=0, identity", false),
            ("br", false),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            let response = document.respond(&request);
            let encoding = response.headers().get("content-encoding").cloned();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(encoding.is_some(), is_packed, "{accepted}");
            let mut read = String::new();
            let length = if is_packed {
                GzDecoder::new(&*bytes).read_to_string(&mut read).unwrap()
            } else {
                (&*bytes).read_to_string(&mut read).unwrap()
            };
            assert_eq!((length, &read), (text.len(), &text), "{accepted}");
        }
    }
}
