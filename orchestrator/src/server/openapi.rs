//! `/openapi/v2` and `/openapi/v3`: the documents are made elsewhere; here they are named by
//! their hash, so that clients fetch each of them once.
//!
//! They are large and few servers are ever asked for them: each is made when it is first asked
//! for, and kept compressed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::ApiError;
use super::discovery::accept;
use super::document::Document;
use super::negotiate::{self, OpenApiV2};

/// A document that is named by its hash never changes.
const FOR_EVER: &str = "public, immutable, max-age=31536000";

/// Version 3 documents by path without its leading slash: `api/v1`, `apis/apps/v1`, …
pub type Documents = Box<dyn Iterator<Item = (String, Value)>>;

/// What makes the documents.
pub struct Makers {
    pub v2: fn() -> Value,
    /// In gnostic's protobuf.
    pub v2_protobuf: fn() -> Vec<u8>,
    pub v3: fn() -> Documents,
}

/// The `OpenAPI` documents of everything served.
pub struct OpenApi {
    makers: Makers,
    v2: OnceLock<Document>,
    v2_protobuf: OnceLock<Document>,
    v3: OnceLock<Third>,
}

/// Version 3: one document for each group and version, and where they are.
struct Third {
    documents: BTreeMap<String, Document>,
    index: Document,
}

impl OpenApi {
    pub fn new(makers: Makers) -> Self {
        Self {
            makers,
            v2: OnceLock::new(),
            v2_protobuf: OnceLock::new(),
            v3: OnceLock::new(),
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
            "/openapi/v2" => {
                let document = self.second(negotiate::openapi_v2(&accept)?);
                Ok(document.respond(headers))
            }
            "/openapi/v3" => {
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                Ok(self.third().index.respond(headers))
            }
            below => {
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                let path = below.strip_prefix("/openapi/v3/").unwrap_or_default();
                let document = self.third().documents.get(path);
                let document = document.ok_or_else(ApiError::unknown_path)?;
                Ok(named(path, document, hash, headers))
            }
        }
    }

    fn second(&self, form: OpenApiV2) -> &Document {
        match form {
            OpenApiV2::Json => self.v2.get_or_init(|| packed(&(self.makers.v2)())),
            OpenApiV2::Protobuf => self.v2_protobuf.get_or_init(|| {
                Document::compressed(
                    &(self.makers.v2_protobuf)(),
                    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
                )
            }),
        }
    }

    fn third(&self) -> &Third {
        self.v3.get_or_init(|| {
            let documents: BTreeMap<String, Document> = (self.makers.v3)()
                .map(|(path, document)| (path, packed(&document)))
                .collect();
            let paths: BTreeMap<&String, Value> = documents
                .iter()
                .map(|(path, document)| (path, json!({"serverRelativeURL": url(path, document)})))
                .collect();
            Third {
                index: Document::json(&json!({"paths": paths})),
                documents,
            }
        })
    }
}

fn packed(document: &Value) -> Document {
    Document::compressed(document.to_string().as_bytes(), "application/json")
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
