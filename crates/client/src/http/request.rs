//! Requests as values: paths, queries, bodies. Pure.

use std::fmt::Write;

use http::Method;
use serde_json::{Value, json};
use tracing::Span;

use api::selector::{FieldSelector, LabelSelector};
use api::{Catalog, Collection, Object, ObjectKey, Resource, resource};

use super::not_served;
use crate::{DeleteOptions, Error, Patch, Propagation, Target};

/// One request, before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) method: Method,
    path: String,
    query: String,
    pub(super) content_type: &'static str,
    pub(super) accept: &'static str,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: String) -> Self {
        Self::new(Method::POST, path)
    }

    pub(super) fn put(path: String) -> Self {
        Self::new(Method::PUT, path)
    }

    pub(super) fn delete(path: String) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(super) fn patch(path: String, patch: &Patch) -> Self {
        let (content_type, body) = match patch {
            Patch::Json(body) => ("application/json-patch+json", body),
            Patch::Merge(body) => ("application/merge-patch+json", body),
            Patch::Strategic(body) => ("application/strategic-merge-patch+json", body),
            // JSON is YAML, and this is the one content type every server knows for apply.
            Patch::Apply(object) => ("application/apply-patch+yaml", &object.body),
        };
        Self {
            content_type,
            ..Self::new(Method::PATCH, path).json(body)
        }
    }

    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            query: String::new(),
            content_type: "application/json",
            accept: "application/json, */*",
            body: Vec::new(),
        }
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.body = serde_json::to_vec(body).expect("a JSON value always encodes");
        self
    }

    pub(super) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        percent_encode(&mut self.query, value);
        self
    }

    pub(super) fn query_unless_empty(self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self
        } else {
            self.query(name, value)
        }
    }

    pub(super) fn selectors(self, labels: &LabelSelector, fields: &FieldSelector) -> Self {
        self.query_unless_empty("labelSelector", &labels.to_string())
            .query_unless_empty("fieldSelector", &fields.to_string())
    }

    pub(super) fn writing(self, dry_run: bool, field_manager: &str) -> Self {
        self.query_unless_empty("dryRun", if dry_run { "All" } else { "" })
            .query_unless_empty("fieldManager", field_manager)
    }

    /// Path and query.
    pub(super) fn uri(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// For traces, by the names of OpenTelemetry.
    pub(super) fn span(&self) -> Span {
        tracing::debug_span!(
            "call",
            otel.kind = "client",
            otel.name = %self.method,
            http.request.method = %self.method,
            url.path = self.path,
            http.response.status_code = tracing::field::Empty,
        )
    }

    /// For messages: `GET /api/v1/pods`.
    pub(super) fn operation(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Where things are on a server with these kinds.
pub(super) struct Paths<'a>(pub(super) &'a Catalog);

impl Paths<'_> {
    /// The path of a collection, in one namespace unless that is empty. `version` is of what is
    /// sent; empty for the one that is read.
    pub(super) fn collection(
        &self,
        collection: &Collection,
        version: &str,
        namespace: &str,
    ) -> Result<String, Error> {
        let resource = self
            .0
            .in_version(collection, version)
            .or_else(|| self.find(collection))
            .ok_or_else(|| not_served(collection))?;
        let mut encoded = String::new();
        percent_encode(&mut encoded, namespace);
        Ok(resource.collection_path(&encoded))
    }

    pub(super) fn object(&self, key: &ObjectKey, version: &str) -> Result<String, Error> {
        let mut path = self.collection(&key.collection, version, &key.namespace)?;
        path.push('/');
        percent_encode(&mut path, &key.name);
        Ok(path)
    }

    pub(super) fn target(&self, target: &Target, version: &str) -> Result<String, Error> {
        let mut path = self.object(&target.key, version)?;
        if let Some(subresource) = target.subresource {
            path.push('/');
            path.push_str(subresource);
        }
        Ok(path)
    }

    /// A server that does not have it says so itself.
    fn find(&self, collection: &Collection) -> Option<&Resource> {
        let known = self.0.by_collection(collection);
        known.or_else(|| resource::by_collection(collection))
    }

    /// Moves the items of a list page to `items`, with the type that Kubernetes leaves out of
    /// lists.
    pub(super) fn take_items(
        &self,
        collection: &Collection,
        page: &mut Value,
        items: &mut Vec<Object>,
    ) {
        let Some(resource) = self.find(collection) else {
            return;
        };
        let api_version = resource.gvk().api_version();
        if let Value::Array(listed) = page["items"].take() {
            items.extend(listed.into_iter().map(|mut body| {
                if let Some(fields) = body.as_object_mut() {
                    fields
                        .entry("apiVersion")
                        .or_insert_with(|| json!(api_version));
                    fields.entry("kind").or_insert_with(|| json!(resource.kind));
                }
                Object::from(body)
            }));
        }
    }
}

pub(super) fn delete_body(options: &DeleteOptions) -> Value {
    let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
    if options.dry_run {
        body["dryRun"] = json!(["All"]);
    }
    if let Some(seconds) = options.grace_period_seconds {
        body["gracePeriodSeconds"] = json!(seconds);
    }
    if let Some(propagation) = options.propagation {
        body["propagationPolicy"] = json!(match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        });
    }
    if let Some(uid) = &options.uid {
        body["preconditions"]["uid"] = json!(uid);
    }
    if let Some(version) = &options.resource_version {
        body["preconditions"]["resourceVersion"] = json!(version);
    }
    body
}

/// Everything but RFC 3986's unreserved characters, so that no value can leave its place.
fn percent_encode(to: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(char::from(byte));
        } else {
            write!(to, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
}
