//! What the server serves, told to clients: plain and aggregated discovery.
//!
//! The documents are made from the kinds of a moment, and again when these are others; a request
//! only picks one.

mod aggregated;
mod plain;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, header};

use api::Resource;

use super::ApiError;
use super::document::Document;
use super::negotiate::{self, Discovery as Form, DiscoveryVersion};

/// All discovery documents.
pub struct Discovery {
    /// `/api`: the core group.
    core: Root,
    /// `/apis`: all the others.
    groups: Root,
    /// Everything below, by path: `/api/v1`, `/apis/apps`, `/apis/apps/v1`.
    paths: BTreeMap<String, Document>,
}

struct Root {
    plain: Document,
    v2: Document,
    v2beta1: Document,
}

impl Discovery {
    /// Groups come in the order in which the resources name them first: their priority.
    pub fn new(resources: &[Arc<Resource>]) -> Self {
        let groups = groups(resources);
        let (core, others): (Vec<&Group<'_>>, Vec<&Group<'_>>) =
            groups.iter().partition(|group| group.name.is_empty());
        let mut paths = BTreeMap::new();
        for group in &groups {
            if !group.name.is_empty() {
                let path = format!("/apis/{}", group.name);
                paths.insert(path, Document::json(&plain::group(group)));
            }
            for (version, resources) in &group.versions {
                let path = resources[0].base_path();
                let list = plain::resources(group.name, version, resources);
                paths.insert(path, Document::json(&list));
            }
        }
        Self {
            core: Root {
                plain: Document::json(&plain::core_versions(&core)),
                v2: aggregated::document(&core, DiscoveryVersion::V2),
                v2beta1: aggregated::document(&core, DiscoveryVersion::V2Beta1),
            },
            groups: Root {
                plain: Document::json(&plain::groups(&others)),
                v2: aggregated::document(&others, DiscoveryVersion::V2),
                v2beta1: aggregated::document(&others, DiscoveryVersion::V2Beta1),
            },
            paths,
        }
    }

    /// Answers `GET` on `/api`, `/apis` and everything below that is discovery.
    pub fn respond(&self, path: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
        let accept = accept(headers);
        let document = match path.trim_end_matches('/') {
            "/api" => self.core.pick(&accept)?,
            "/apis" => self.groups.pick(&accept)?,
            below => {
                let document = self.paths.get(below).ok_or_else(ApiError::unknown_path)?;
                negotiate::representation(&accept, negotiate::DOCUMENTS)?;
                document
            }
        };
        Ok(document.respond(headers))
    }
}

impl Root {
    fn pick(&self, accept: &str) -> Result<&Document, ApiError> {
        Ok(match negotiate::discovery(accept)? {
            Form::Plain => &self.plain,
            Form::Aggregated(DiscoveryVersion::V2) => &self.v2,
            Form::Aggregated(DiscoveryVersion::V2Beta1) => &self.v2beta1,
        })
    }
}

/// The `Accept` headers of a request as one.
pub fn accept(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::ACCEPT);
    let texts: Vec<&str> = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    texts.join(",")
}

/// One API group with the versions it is served in, the preferred one first.
struct Group<'a> {
    name: &'a str,
    versions: Vec<(&'a str, Vec<&'a Resource>)>,
}

fn groups(resources: &[Arc<Resource>]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for resource in resources {
        let known = groups.iter().position(|g| g.name == resource.group);
        let index = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push(Group {
                name: &resource.group,
                versions: Vec::new(),
            });
        }
        let group = &mut groups[index];
        match group
            .versions
            .iter_mut()
            .find(|(v, _)| *v == resource.version)
        {
            Some((_, resources)) => resources.push(resource),
            None => group.versions.push((&resource.version, vec![resource])),
        }
    }
    groups
}

#[cfg(test)]
mod tests;
