//! Objects and lists in the form the client asked for.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use api::{Object, Revision};

use crate::registry::kinds::Kind;
use crate::watch::Item;

use super::error::warning_headers;
use super::negotiate::{Encoding, MetaVersion, Representation, Shape};
use super::table;

/// A body of JSON or YAML.
pub(crate) fn value(code: StatusCode, encoding: Encoding, value: &Value) -> Response {
    let bytes = match encoding {
        Encoding::Yaml => api::codec::yaml::to_string(value).into_bytes(),
        Encoding::Json | Encoding::Protobuf => value.to_string().into_bytes(),
    };
    bytes_as(code, encoding, bytes.into())
}

/// A body that is JSON already.
pub(crate) fn json_text(text: String) -> Response {
    bytes_as(StatusCode::OK, Encoding::Json, text.into())
}

fn bytes_as(code: StatusCode, encoding: Encoding, bytes: Bytes) -> Response {
    let media_type = match encoding {
        Encoding::Yaml => "application/yaml",
        Encoding::Json | Encoding::Protobuf => "application/json",
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, private"),
    );
    response
}

/// One object, shaped as asked. Virtual kinds have no table: they come as they are.
pub(crate) fn object(
    code: StatusCode,
    representation: Representation,
    kind: Option<&Kind>,
    object: &Object,
    now: Timestamp,
) -> Response {
    let encoding = representation.encoding;
    match (representation.shape, kind) {
        (Shape::Table(version), Some(kind)) => {
            let table = table::table(
                kind,
                std::slice::from_ref(object),
                &object.resource_version().0,
                (version, representation.include),
                now,
            );
            value(code, encoding, &table)
        }
        (
            Shape::PartialObjectMetadata(version) | Shape::PartialObjectMetadataList(version),
            Some(_),
        ) => value(code, encoding, &partial(object, version)),
        _ => value(code, encoding, &object.body),
    }
}

/// A stored object: its bytes go out as they are, wherever possible.
pub(crate) fn stored(
    representation: Representation,
    kind: &Kind,
    item: &Item,
    now: Timestamp,
) -> Response {
    if representation.shape == Shape::Object && representation.encoding == Encoding::Json {
        return bytes_as(StatusCode::OK, Encoding::Json, shown(kind, item));
    }
    object(
        StatusCode::OK,
        representation,
        Some(kind),
        &presented(kind, item),
        now,
    )
}

/// A stored object as the kind's version has it.
pub(crate) fn presented(kind: &Kind, item: &Item) -> Object {
    let mut object = item.object();
    kind.present(&mut object);
    object
}

/// The bytes of it: those that are stored, wherever possible.
fn shown(kind: &Kind, item: &Item) -> Bytes {
    if kind.is_plain() {
        return item.json.clone();
    }
    presented(kind, item).to_json().into()
}

/// A page of a list, with what its metadata says about the rest.
pub(crate) struct ListMetadata {
    pub(crate) revision: Revision,
    pub(crate) continue_token: String,
    pub(crate) remaining: Option<usize>,
}

impl ListMetadata {
    fn to_json(&self) -> Value {
        let mut metadata = json!({"resourceVersion": self.revision.to_string()});
        if !self.continue_token.is_empty() {
            metadata["continue"] = json!(self.continue_token);
        }
        if let Some(remaining) = self.remaining.filter(|_| !self.continue_token.is_empty()) {
            metadata["remainingItemCount"] = json!(remaining);
        }
        metadata
    }
}

/// A list: stored bytes side by side, not decoded, unless another shape was asked for.
pub(crate) fn list(
    representation: Representation,
    kind: &Kind,
    items: &[Arc<Item>],
    metadata: &ListMetadata,
    now: Timestamp,
) -> Response {
    if representation.shape == Shape::Object && representation.encoding == Encoding::Json {
        return bytes_as(
            StatusCode::OK,
            Encoding::Json,
            concatenated(kind, items, metadata),
        );
    }
    let objects: Vec<Object> = items.iter().map(|item| presented(kind, item)).collect();
    let body = match representation.shape {
        Shape::Table(version) => {
            let mut table =
                table::table(kind, &objects, "", (version, representation.include), now);
            table["metadata"] = metadata.to_json();
            table
        }
        Shape::PartialObjectMetadata(version) | Shape::PartialObjectMetadataList(version) => {
            json!({
                "kind": "PartialObjectMetadataList", "apiVersion": version.api_version(), "metadata": metadata.to_json(),
                "items": objects.iter().map(|object| partial(object, version)).collect::<Vec<_>>(),
            })
        }
        Shape::Object => json!({
            "kind": format!("{}List", kind.resource.kind), "apiVersion": kind.resource.gvk().api_version(),
            "metadata": metadata.to_json(), "items": objects,
        }),
    };
    value(StatusCode::OK, representation.encoding, &body)
}

fn concatenated(kind: &Kind, items: &[Arc<Item>], metadata: &ListMetadata) -> Bytes {
    let resource = &kind.resource;
    let head = format!(
        "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{},\"items\":[",
        resource.kind,
        resource.gvk().api_version(),
        metadata.to_json()
    );
    let size: usize = items.iter().map(|item| item.json.len() + 1).sum();
    let mut bytes = Vec::with_capacity(head.len() + size + 2);
    bytes.extend_from_slice(head.as_bytes());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        bytes.extend_from_slice(&shown(kind, item));
    }
    bytes.extend_from_slice(b"]}");
    bytes.into()
}

/// An object's metadata alone.
pub(crate) fn partial(object: &Object, version: MetaVersion) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": version.api_version(), "metadata": object.body["metadata"],
    })
}

/// Adds `Warning` headers.
pub(crate) fn with_warnings(mut response: Response, warnings: &[String]) -> Response {
    for value in warning_headers(warnings.iter().map(String::as_str)) {
        response.headers_mut().append("warning", value);
    }
    response
}
