//! `OpenAPI` documents of everything served, made from the tables of types and resources.
//!
//! kubectl reads them: `explain`, the merge keys of client-side apply, and whether a server
//! checks fields and knows dry runs.

mod custom;
mod descriptions;
mod gnostic;
mod operation;
mod paths;
mod schemas;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use descriptions::Descriptions;

pub use custom::v3_custom;

use crate::custom::Definition;
use crate::resource::{self, Resource};
use crate::schema::{self, Type};

/// The two forms of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    V2,
    V3,
}

impl Dialect {
    fn root(self) -> &'static str {
        match self {
            Self::V2 => "#/definitions",
            Self::V3 => "#/components/schemas",
        }
    }

    fn reference(self, ty: &Type) -> Value {
        json!({"$ref": format!("{}/{}", self.root(), schemas::public_name(ty.name))})
    }
}

/// The version 2 document, of all groups and of what definitions add. `version` is the server's,
/// such as `v1.36.0+kedge`.
pub fn v2<'a>(version: &str, custom: impl IntoIterator<Item = &'a Definition>) -> Value {
    let served: Vec<&Resource> = resource::served().iter().collect();
    let mut document = json!({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": paths::paths(&served, Dialect::V2),
        "definitions": definitions(&served, Dialect::V2, &Descriptions::read()),
        "securityDefinitions": {"BearerToken": bearer_token()},
        "security": [{"BearerToken": []}],
    });
    custom::add_to_v2(&mut document, custom);
    document
}

/// The version 2 document in gnostic's protobuf, which is the one form old kubectl asks for.
/// `document` is what [`v2`] made.
pub fn v2_protobuf(document: &Value) -> Vec<u8> {
    gnostic::document(document)
}

/// The version 3 documents, one for each group and version, by path: `api/v1`, `apis/apps/v1`, …
/// Each is made when it is asked for: together they would be large.
pub fn v3(version: &str) -> impl Iterator<Item = (String, Value)> + use<> {
    let mut groups: BTreeMap<String, Vec<&Resource>> = BTreeMap::new();
    for resource in resource::served() {
        let path = resource.base_path().trim_start_matches('/').to_owned();
        groups.entry(path).or_default().push(resource);
    }
    let (descriptions, version) = (Descriptions::read(), version.to_owned());
    groups.into_iter().map(move |(path, resources)| {
        let document = document_v3(&resources, &version, &descriptions);
        (path, document)
    })
}

fn document_v3(resources: &[&Resource], version: &str, descriptions: &Descriptions) -> Value {
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": paths::paths(resources, Dialect::V3),
        "components": {
            "schemas": definitions(resources, Dialect::V3, descriptions),
            "securitySchemes": {"BearerToken": bearer_token()},
        },
    })
}

fn bearer_token() -> Value {
    json!({
        "type": "apiKey", "name": "authorization", "in": "header",
        "description": "Bearer Token authentication",
    })
}

/// Every type that the resources use, by public name.
fn definitions(resources: &[&Resource], dialect: Dialect, descriptions: &Descriptions) -> Value {
    let types = resources
        .iter()
        .flat_map(|resource| types_of(resource))
        .chain(SHARED.iter().filter_map(|name| schema::named(name)));
    Value::Object(closure(types, dialect, descriptions))
}

/// These types and every one that they use, by public name.
fn closure(
    types: impl Iterator<Item = &'static Type>,
    dialect: Dialect,
    descriptions: &Descriptions,
) -> Map<String, Value> {
    let mut names: BTreeSet<&'static str> = BTreeSet::new();
    let mut left: Vec<&'static Type> = types.collect();
    while let Some(ty) = left.pop() {
        if names.insert(ty.name) {
            left.extend(schemas::used_by(ty));
        }
    }
    let definitions: BTreeMap<String, Value> = names
        .iter()
        .filter_map(|name| schema::named(name))
        .map(|ty| {
            (
                schemas::public_name(ty.name),
                schemas::definition(ty, dialect, descriptions),
            )
        })
        .collect();
    definitions.into_iter().collect()
}

/// The types of a resource: its kind, the list of it, and what its subresources take.
fn types_of(resource: &Resource) -> Vec<&'static Type> {
    let mut kinds = vec![resource.gvk(), paths::list_kind(resource)];
    kinds.extend(
        resource
            .subresources
            .iter()
            .map(|subresource| paths::subresource_kind(resource, subresource)),
    );
    kinds.iter().filter_map(schema::kind).collect()
}

/// Used by the operations of every resource.
const SHARED: &[&str] = &[
    "apimachinery.pkg.apis.meta.v1.DeleteOptions",
    "apimachinery.pkg.apis.meta.v1.Patch",
    "apimachinery.pkg.apis.meta.v1.Status",
];
