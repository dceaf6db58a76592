//! `/openapi/v2` and `/openapi/v3`: the documents are made elsewhere; here they are named by
//! their hash, so that clients fetch each of them once.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::ApiError;
use super::discovery::accept;
use super::document::Document;
use super::negotiate::{self, OpenApiV2};

/// A document that is named by its hash never changes.
const FOR_EVER: &str = "public, immutable, max-age=31536000";

/// The `OpenAPI` documents of everything served.
pub struct OpenApi {
    v2: Document,
    v2_protobuf: Document,
    /// By `api/v1`, `apis/apps/v1`, …
    v3: BTreeMap<String, Document>,
    index: Document,
}

impl OpenApi {
    /// `v3` by path without its leading slash; `v2_protobuf` in gnostic's protobuf.
    pub fn new<'a>(
        v2: &Value,
        v2_protobuf: impl Into<Bytes>,
        v3: impl IntoIterator<Item = (String, &'a Value)>,
    ) -> Self {
        let v3: BTreeMap<String, Document> = v3
            .into_iter()
            .map(|(path, document)| (path, Document::json(document)))
            .collect();
        let paths: BTreeMap<&String, Value> = v3
            .iter()
            .map(|(path, document)| (path, json!({"serverRelativeURL": url(path, document)})))
            .collect();
        Self {
            v2: Document::json(v2),
            v2_protobuf: Document::new(
                v2_protobuf,
                "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
            ),
            index: Document::json(&json!({"paths": paths})),
            v3,
        }
    }

    /// Answers `GET` on `/openapi/v2`, `/openapi/v3` and `/openapi/v3/…`. `hash` is the query
    /// parameter of that name.
    pub fn respond(
        &self,
        path: &str,
        hash: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let accept = accept(headers);
        match path.trim_end_matches('/') {
            "/openapi/v2" => Ok(match negotiate::openapi_v2(&accept)? {
                OpenApiV2::Json => self.v2.respond(headers),
                OpenApiV2::Protobuf => self.v2_protobuf.respond(headers),
            }),
            "/openapi/v3" => {
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                Ok(self.index.respond(headers))
            }
            below => {
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                let path = below.strip_prefix("/openapi/v3/").unwrap_or_default();
                let document = self.v3.get(path).ok_or_else(ApiError::unknown_path)?;
                Ok(named(path, document, hash, headers))
            }
        }
    }
}

/// With the right hash: for ever. With another: where the right one is. With none: ask again.
fn named(path: &str, document: &Document, hash: Option<&str>, headers: &HeaderMap) -> Response {
    let Some(hash) = hash.filter(|hash| !hash.is_empty()) else {
        return document.respond(headers);
    };
    if hash.eq_ignore_ascii_case(document.hash()) {
        let mut response = document.respond(headers);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
        return response;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let location = HeaderValue::try_from(url(path, document)).expect("paths and hex are headers");
    response.headers_mut().insert(header::LOCATION, location);
    // The hash in it is wrong today; it may be right on another server tomorrow.
    let uncached = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, uncached);
    response
}

fn url(path: &str, document: &Document) -> String {
    format!("/openapi/v3/{path}?hash={}", document.hash())
}

#[cfg(test)]
mod tests;
