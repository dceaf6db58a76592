//! One rule of a role: what it allows, what it covers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Attributes;

const ALL: &str = "*";

/// `rules[]` of a Role or ClusterRole. The default allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    pub verbs: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Where there are any, only these objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs", skip_serializing_if = "Vec::is_empty")]
    pub non_resource_urls: Vec<String>,
}

/// The rules of a role's body; what cannot be read allows nothing.
pub fn rules(body: &Value) -> Vec<Rule> {
    body["rules"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|rule| Rule::deserialize(rule).ok())
        .collect()
}

impl Rule {
    /// Everything, everywhere.
    pub fn all() -> [Self; 2] {
        let all = || vec![ALL.to_owned()];
        [
            Self {
                verbs: all(),
                api_groups: all(),
                resources: all(),
                ..Self::default()
            },
            Self {
                verbs: all(),
                non_resource_urls: all(),
                ..Self::default()
            },
        ]
    }

    pub fn allows(&self, attributes: &Attributes) -> bool {
        if !has(&self.verbs, &attributes.verb) {
            return false;
        }
        if !attributes.is_resource() {
            return self
                .non_resource_urls
                .iter()
                .any(|pattern| matches_path(pattern, &attributes.path));
        }
        has(&self.api_groups, &attributes.group)
            && self
                .resources
                .iter()
                .any(|own| matches_resource(own, &attributes.resource, &attributes.subresource))
            && self.names(&attributes.name)
    }

    fn names(&self, name: &str) -> bool {
        self.resource_names.is_empty() || self.resource_names.iter().any(|own| own == name)
    }

    /// Allows everything that `other` allows. `other` is one of [`Rule::parts`].
    pub fn covers(&self, other: &Rule) -> bool {
        let urls = other.non_resource_urls.iter().all(|url| {
            self.non_resource_urls
                .iter()
                .any(|own| covers_path(own, url))
        });
        let resources = other.resources.iter().all(|resource| {
            let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            self.resources
                .iter()
                .any(|own| own == resource || matches_resource(own, plural, subresource))
        });
        let names = self.resource_names.is_empty()
            || (!other.resource_names.is_empty()
                && other.resource_names.iter().all(|name| self.names(name)));
        other.verbs.iter().all(|verb| has(&self.verbs, verb))
            && other.api_groups.iter().all(|g| has(&self.api_groups, g))
            && urls
            && resources
            && names
    }

    /// The rule as rules of one verb, group, resource and name each: together they say the same.
    pub fn parts(&self) -> Vec<Rule> {
        let one = |text: &String| vec![text.clone()];
        let mut parts = Vec::new();
        for verb in &self.verbs {
            for url in &self.non_resource_urls {
                parts.push(Self {
                    verbs: one(verb),
                    non_resource_urls: one(url),
                    ..Self::default()
                });
            }
            for group in &self.api_groups {
                for resource in &self.resources {
                    let part = Self {
                        verbs: one(verb),
                        api_groups: one(group),
                        resources: one(resource),
                        ..Self::default()
                    };
                    if self.resource_names.is_empty() {
                        parts.push(part);
                        continue;
                    }
                    parts.extend(self.resource_names.iter().map(|name| Self {
                        resource_names: one(name),
                        ..part.clone()
                    }));
                }
            }
        }
        parts
    }
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|own| own == ALL || own == wanted)
}

/// `*`, `pods`, `pods/log`, `*/scale` and `pods/*`.
fn matches_resource(pattern: &str, resource: &str, subresource: &str) -> bool {
    if pattern == ALL {
        return true;
    }
    match pattern.split_once('/') {
        None => subresource.is_empty() && pattern == resource,
        Some((plural, sub)) => {
            !subresource.is_empty()
                && (plural == ALL || plural == resource)
                && (sub == ALL || sub == subresource)
        }
    }
}

/// `/healthz`, or `/healthz/*` for everything below.
fn matches_path(pattern: &str, path: &str) -> bool {
    pattern == ALL
        || pattern == path
        || pattern
            .strip_suffix(ALL)
            .is_some_and(|prefix| path.starts_with(prefix))
}

fn covers_path(own: &str, wanted: &str) -> bool {
    own == ALL
        || own == wanted
        || own
            .strip_suffix(ALL)
            .is_some_and(|prefix| wanted.starts_with(prefix))
}
