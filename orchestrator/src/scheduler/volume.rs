//! Claims, volumes and storage classes as scheduler and volume binder see them, and which volume
//! suits which claim.

use std::collections::{BTreeMap, BTreeSet};

use api::selector::LabelSelector;
use api::{Object, Quantity, Uid};

use super::node::NodeFacts;
use super::pod::Name;
use super::terms::{self, Labels, NodeTerm, items, node_terms, selects_node, text};

/// The scheduler's choice for a claim that waits for its first consumer.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The provisioner of classes whose volumes people make by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";
const IS_DEFAULT: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

/// What a pod asks of storage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    pub name: Name,
    pub uid: Uid,
    /// `None` leaves the class to the cluster's default; empty wants none.
    pub class: Option<String>,
    /// The volume it is bound to or insists on; may be empty.
    pub volume: String,
    pub is_bound: bool,
    pub is_deleting: bool,
    /// Bytes.
    pub size: i64,
    pub modes: BTreeSet<String>,
    /// `Filesystem` or `Block`.
    pub volume_mode: String,
    /// `None` takes any volume.
    pub selector: Option<LabelSelector>,
    /// Where its first consumer will run; may be empty.
    pub selected_node: String,
}

impl Claim {
    pub fn from_object(object: &Object) -> Self {
        let spec = &object.body["spec"];
        let storage = Quantity::from_json(&spec["resources"]["requests"]["storage"]);
        let volume = text(&spec["volumeName"]);
        Self {
            name: Name::of(object),
            uid: object.uid(),
            class: spec["storageClassName"].as_str().map(ToOwned::to_owned),
            is_bound: !volume.is_empty() && object.text("/status/phase") == "Bound",
            volume,
            is_deleting: object.is_deleting(),
            size: storage.map_or(0, Quantity::value),
            modes: items(&spec["accessModes"]).map(text).collect(),
            volume_mode: mode(&spec["volumeMode"]),
            selector: spec["selector"]
                .is_object()
                .then(|| LabelSelector::from_object(spec.get("selector"))),
            selected_node: object
                .annotation(SELECTED_NODE)
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// The class by name; empty where it wants none.
    pub fn class(&self) -> &str {
        self.class.as_deref().unwrap_or_default()
    }
}

/// The claim a volume is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimReference {
    pub name: Name,
    /// Empty where an author named the claim before it existed.
    pub uid: Uid,
}

impl ClaimReference {
    pub fn means(&self, claim: &Claim) -> bool {
        self.name == claim.name && (self.uid.0.is_empty() || self.uid == claim.uid)
    }
}

/// A piece of storage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Volume {
    pub name: String,
    pub labels: Labels,
    pub class: String,
    pub claim: Option<ClaimReference>,
    pub is_deleting: bool,
    /// Released or failed volumes wait for a person.
    pub is_spent: bool,
    /// Bytes.
    pub capacity: i64,
    pub modes: BTreeSet<String>,
    pub volume_mode: String,
    /// Nodes that reach it; all where `None`.
    pub nodes: Option<Vec<NodeTerm>>,
}

impl Volume {
    pub fn from_object(object: &Object) -> Self {
        let spec = &object.body["spec"];
        let reference = &spec["claimRef"];
        let capacity = Quantity::from_json(&spec["capacity"]["storage"]);
        Self {
            name: object.name().to_owned(),
            labels: terms::labels(object.pointer("/metadata/labels")),
            class: text(&spec["storageClassName"]),
            claim: reference.is_object().then(|| ClaimReference {
                name: Name {
                    namespace: text(&reference["namespace"]),
                    name: text(&reference["name"]),
                },
                uid: Uid(text(&reference["uid"])),
            }),
            is_deleting: object.is_deleting(),
            is_spent: matches!(object.text("/status/phase"), "Released" | "Failed"),
            capacity: capacity.map_or(0, Quantity::value),
            modes: items(&spec["accessModes"]).map(text).collect(),
            volume_mode: mode(&spec["volumeMode"]),
            nodes: node_terms(&spec["nodeAffinity"]["required"]),
        }
    }

    pub fn is_reached_by(&self, node: &NodeFacts) -> bool {
        selects_node(self.nodes.as_deref(), &node.name, &node.labels)
    }

    /// Whether the claim could be bound to this volume, wherever its pod runs.
    pub fn suits(&self, claim: &Claim) -> bool {
        let is_free = match &self.claim {
            Some(reference) => reference.means(claim),
            None => !self.is_spent,
        };
        let label = |key: &str| self.labels.get(key).map(String::as_str);
        is_free
            && !self.is_deleting
            && (claim.volume.is_empty() || claim.volume == self.name)
            && self.class == claim.class()
            && self.volume_mode == claim.volume_mode
            && self.capacity >= claim.size
            && claim.modes.is_subset(&self.modes)
            && claim
                .selector
                .as_ref()
                .is_none_or(|selector| selector.matches_with(label))
    }
}

/// How claims of a class get their volumes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Class {
    pub name: String,
    pub provisioner: String,
    pub reclaim_policy: String,
    /// Binding waits for the first pod that uses the claim.
    pub is_late: bool,
    pub is_default: bool,
    pub created: String,
}

impl Class {
    pub fn from_object(object: &Object) -> Self {
        Self {
            name: object.name().to_owned(),
            provisioner: object.text("/provisioner").to_owned(),
            reclaim_policy: object.text("/reclaimPolicy").to_owned(),
            is_late: object.text("/volumeBindingMode") == "WaitForFirstConsumer",
            is_default: IS_DEFAULT
                .iter()
                .any(|key| object.annotation(key) == Some("true")),
            created: object.creation_timestamp().to_owned(),
        }
    }

    pub fn provisions(&self) -> bool {
        self.provisioner != NO_PROVISIONER
    }
}

/// The class for claims that name none: the newest default, then by name.
pub fn default_class<'a>(classes: impl Iterator<Item = &'a Class>) -> Option<&'a Class> {
    classes.filter(|class| class.is_default).min_by(|a, b| {
        let newest_first = b.created.cmp(&a.created);
        newest_first.then_with(|| a.name.cmp(&b.name))
    })
}

/// The volume to bind `claim` to: one that names it, else the smallest that suits, then by name.
pub fn best_volume<'a>(
    claim: &Claim,
    volumes: impl Iterator<Item = &'a Volume>,
) -> Option<&'a Volume> {
    volumes
        .filter(|volume| volume.suits(claim))
        .min_by_key(|volume| (volume.claim.is_none(), volume.capacity, &volume.name))
}

/// All storage of the cluster.
#[derive(Debug, Clone, Default)]
pub struct Storage {
    pub claims: BTreeMap<Name, Claim>,
    pub volumes: BTreeMap<String, Volume>,
    pub classes: BTreeMap<String, Class>,
}

fn mode(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or("Filesystem").to_owned()
}
