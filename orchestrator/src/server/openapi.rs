//! `/openapi/v2` and `/openapi/v3`: the documents are made elsewhere; here they are named by
//! their hash, so that clients fetch each of them once.
//!
//! They are large and few servers are ever asked for them: each is made when it is first asked
//! for, and kept compressed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::registry::kinds::Served;

use super::ApiError;
use super::discovery::accept;
use super::document::Document;
use super::negotiate::{self, OpenApiV2};
use super::told::Told;

/// A document that is named by its hash never changes.
const FOR_EVER: &str = "public, immutable, max-age=31536000";

/// Version 3 documents by path without its leading slash: `api/v1`, `apis/apps/v1`, …
pub type Documents = Box<dyn Iterator<Item = (String, Value)>>;

/// What makes the documents, some of them of custom kinds.
#[derive(Clone, Copy)]
pub struct Makers {
    pub v2: fn(&Served) -> Value,
    /// In gnostic's protobuf.
    pub v2_protobuf: fn(&Served) -> Vec<u8>,
    pub v3: fn() -> Documents,
    pub v3_custom: fn(&Served) -> Documents,
}

/// The `OpenAPI` documents of everything served.
pub struct OpenApi {
    makers: Makers,
    /// Of what is built in.
    v3: OnceLock<BTreeMap<String, Document>>,
    custom: Told<Made>,
}

/// What changes with the custom kinds there are.
struct Made {
    served: Arc<Served>,
    v2: OnceLock<Document>,
    v2_protobuf: OnceLock<Document>,
    v3: OnceLock<Third>,
}

/// Version 3: one document for each group and version, and where all of them are.
struct Third {
    documents: BTreeMap<String, Document>,
    index: Document,
}

impl Made {
    fn new(served: &Arc<Served>) -> Self {
        Self {
            served: served.clone(),
            v2: OnceLock::new(),
            v2_protobuf: OnceLock::new(),
            v3: OnceLock::new(),
        }
    }
}

impl OpenApi {
    pub fn new(makers: Makers) -> Self {
        Self {
            makers,
            v3: OnceLock::new(),
            custom: Told::new(Made::new),
        }
    }

    /// Answers `GET` on `/openapi/v2`, `/openapi/v3` and `/openapi/v3/…`. `hash` is the query
    /// parameter of that name.
    pub fn respond(
        &self,
        served: &Arc<Served>,
        path: &str,
        hash: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Response, ApiError> {
        let accept = accept(headers);
        let made = self.custom.of(served);
        match path.trim_end_matches('/') {
            "/openapi/v2" => {
                let document = self.second(&made, negotiate::openapi_v2(&accept)?);
                Ok(document.respond(headers))
            }
            "/openapi/v3" => {
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                Ok(self.third(&made).index.respond(headers))
            }
            below => {
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                let path = below.strip_prefix("/openapi/v3/").unwrap_or_default();
                let document = self.built_in().get(path);
                let document = document.or_else(|| self.third(&made).documents.get(path));
                let document = document.ok_or_else(ApiError::unknown_path)?;
                Ok(named(path, document, hash, headers))
            }
        }
    }

    fn second<'a>(&self, made: &'a Made, form: OpenApiV2) -> &'a Document {
        let makers = self.makers;
        match form {
            OpenApiV2::Json => made.v2.get_or_init(|| packed(&(makers.v2)(&made.served))),
            OpenApiV2::Protobuf => made.v2_protobuf.get_or_init(|| {
                Document::compressed(
                    &(makers.v2_protobuf)(&made.served),
                    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
                )
            }),
        }
    }

    fn built_in(&self) -> &BTreeMap<String, Document> {
        self.v3.get_or_init(|| all_packed((self.makers.v3)()))
    }

    fn third<'a>(&self, made: &'a Made) -> &'a Third {
        made.v3.get_or_init(|| {
            let documents = all_packed((self.makers.v3_custom)(&made.served));
            let built_in = self.built_in();
            let paths: BTreeMap<&String, Value> = documents
                .iter()
                .chain(built_in)
                .map(|(path, document)| (path, json!({"serverRelativeURL": url(path, document)})))
                .collect();
            Third {
                index: Document::json(&json!({"paths": paths})),
                documents,
            }
        })
    }
}

fn all_packed(documents: Documents) -> BTreeMap<String, Document> {
    let packed = |(path, document)| (path, packed(&document));
    documents.map(packed).collect()
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
