//! A pod as the scheduler sees it: read once, compared often.

use std::collections::BTreeSet;
use std::fmt;

pub use api::placement::HostPort;
use api::placement::{Requests, host_ports, requests};
use api::{Object, Uid};
use serde_json::Value;

use super::terms::{self, Labels, NodeTerm, PodTerm, Toleration, items, text};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub namespace: String,
    pub name: String,
}

impl Name {
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    pub fn of(object: &Object) -> Self {
        Self::new(object.namespace(), object.name())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What a pod wants of nodes and of other pods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    pub node_selector: Labels,
    /// One of these must match, where there are any.
    pub node_required: Option<Vec<NodeTerm>>,
    pub node_preferred: Vec<(i64, NodeTerm)>,
    pub near: Vec<PodTerm>,
    pub apart: Vec<PodTerm>,
    /// Positive weights attract, negative ones repel.
    pub pods_preferred: Vec<(i64, PodTerm)>,
}

impl Wishes {
    /// Whether other pods matter to this one, or it to them.
    pub fn concerns_pods(&self) -> bool {
        !(self.near.is_empty() && self.apart.is_empty() && self.pods_preferred.is_empty())
    }
}

/// What scheduling needs to know of one pod. No status: two states of a pod that differ only
/// there are equal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pod {
    pub name: Name,
    pub uid: Uid,
    pub labels: Labels,
    /// RFC 3339 in UTC: ordered as text.
    pub created: String,
    pub priority: i64,
    /// The node it is bound to, or that it asks for by name before it is bound.
    pub node: String,
    pub controller: Option<Uid>,
    pub requests: Requests,
    pub host_ports: Vec<HostPort>,
    pub tolerations: Vec<Toleration>,
    pub wishes: Wishes,
    /// Names of claims in its namespace.
    pub claims: BTreeSet<String>,
    /// One entry per container, with a tag or digest.
    pub images: Vec<String>,
}

impl Default for Name {
    fn default() -> Self {
        Self::new("", "")
    }
}

impl Pod {
    pub fn from_object(object: &Object) -> Self {
        let spec = &object.body["spec"];
        let labels = terms::labels(object.pointer("/metadata/labels"));
        Self {
            name: Name::of(object),
            uid: object.uid(),
            created: object.creation_timestamp().to_owned(),
            priority: spec["priority"].as_i64().unwrap_or(0),
            node: text(&spec["nodeName"]),
            controller: object.controller().map(|owner| owner.uid),
            requests: requests(spec),
            host_ports: host_ports(spec),
            tolerations: items(&spec["tolerations"])
                .map(Toleration::from_json)
                .collect(),
            wishes: wishes(spec, object.namespace(), &labels),
            claims: claims(spec),
            images: items(&spec["containers"])
                .filter_map(|container| container["image"].as_str())
                .map(image_name)
                .collect(),
            labels,
        }
    }
}

/// Whether a pod holds nothing of its node any more.
pub fn is_finished(object: &Object) -> bool {
    matches!(object.text("/status/phase"), "Succeeded" | "Failed")
}

/// The name under which a node reports an image: with a tag.
pub(super) fn image_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or_default();
    if last.contains([':', '@']) {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

fn claims(spec: &Value) -> BTreeSet<String> {
    items(&spec["volumes"])
        .filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())
        .map(ToOwned::to_owned)
        .collect()
}

fn wishes(spec: &Value, namespace: &str, labels: &Labels) -> Wishes {
    let affinity = &spec["affinity"];
    let nodes = &affinity["nodeAffinity"];
    let (near, apart) = (&affinity["podAffinity"], &affinity["podAntiAffinity"]);
    let pod_term = |term: &Value| PodTerm::from_json(term, namespace, labels);
    let weight = |preferred: &Value| preferred["weight"].as_i64().unwrap_or(0);
    let attracted =
        items(&near[PREFERRED]).map(|each| (weight(each), pod_term(&each["podAffinityTerm"])));
    let repelled =
        items(&apart[PREFERRED]).map(|each| (-weight(each), pod_term(&each["podAffinityTerm"])));
    Wishes {
        node_selector: terms::labels(spec.get("nodeSelector")),
        node_required: terms::node_terms(&nodes[REQUIRED]),
        node_preferred: items(&nodes[PREFERRED])
            .map(|each| (weight(each), NodeTerm::from_json(&each["preference"])))
            .collect(),
        near: items(&near[REQUIRED]).map(pod_term).collect(),
        apart: items(&apart[REQUIRED]).map(pod_term).collect(),
        pods_preferred: attracted.chain(repelled).collect(),
    }
}
