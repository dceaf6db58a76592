//! What pods say about nodes and about other pods: taints, tolerations, pod terms.

use std::collections::BTreeSet;

pub use api::placement::{Labels, NodeTerm, labels, node_terms, selects_node};
use api::selector::{LabelSelector, Requirement};
use serde_json::Value;

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

impl Effect {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "NoSchedule" => Some(Self::NoSchedule),
            "PreferNoSchedule" => Some(Self::PreferNoSchedule),
            "NoExecute" => Some(Self::NoExecute),
            _ => None,
        }
    }
}

/// `spec.taints[]` of a node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    pub key: String,
    pub value: String,
    pub effect: Effect,
}

impl Taint {
    pub fn from_json(taint: &Value) -> Option<Self> {
        Some(Self {
            key: text(&taint["key"]),
            value: text(&taint["value"]),
            effect: Effect::parse(taint["effect"].as_str()?)?,
        })
    }
}

/// `spec.tolerations[]` of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toleration {
    /// Empty tolerates every key.
    pub key: String,
    /// `None` tolerates every value.
    pub value: Option<String>,
    /// `None` tolerates every effect.
    pub effect: Option<Effect>,
    /// How long a `NoExecute` taint is endured; `None` is for ever.
    pub seconds: Option<i64>,
}

impl Toleration {
    pub fn from_json(toleration: &Value) -> Self {
        let exists = toleration["operator"] == "Exists";
        Self {
            key: text(&toleration["key"]),
            value: (!exists).then(|| text(&toleration["value"])),
            effect: toleration["effect"].as_str().and_then(Effect::parse),
            seconds: toleration["tolerationSeconds"].as_i64(),
        }
    }

    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && self
                .value
                .as_ref()
                .is_none_or(|value| *value == taint.value)
    }
}

/// Whether any of `tolerations` covers `taint`.
pub fn is_tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|each| each.tolerates(taint))
}

/// A pod's wish to be near, or away from, certain other pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTerm {
    selector: LabelSelector,
    namespaces: BTreeSet<String>,
    namespace_selector: Option<LabelSelector>,
    /// The node label whose equal values mean "near".
    pub topology_key: String,
}

impl PodTerm {
    /// `namespace` and `labels` are those of the pod that has the term.
    pub fn from_json(term: &Value, namespace: &str, labels: &Labels) -> Self {
        let mut selector = LabelSelector::from_object(term.get("labelSelector"));
        let own = |key: &String| Some((key.clone(), labels.get(key)?.clone()));
        for (key, value) in strings(&term["matchLabelKeys"]).iter().filter_map(own) {
            let values = vec![value];
            selector.requirements.push(Requirement::In { key, values });
        }
        for (key, value) in strings(&term["mismatchLabelKeys"]).iter().filter_map(own) {
            let values = vec![value];
            selector
                .requirements
                .push(Requirement::NotIn { key, values });
        }
        let mut namespaces: BTreeSet<String> = strings(&term["namespaces"]).into_iter().collect();
        let namespace_selector = term
            .get("namespaceSelector")
            .filter(|selector| selector.is_object())
            .map(|selector| LabelSelector::from_object(Some(selector)));
        if namespaces.is_empty() && namespace_selector.is_none() {
            namespaces.insert(namespace.to_owned());
        }
        Self {
            selector,
            namespaces,
            namespace_selector,
            topology_key: text(&term["topologyKey"]),
        }
    }

    /// Whether the term means a pod with these labels in this namespace.
    pub fn selects(&self, namespace: &str, namespace_labels: &Labels, labels: &Labels) -> bool {
        let by_labels = |selector: &LabelSelector| {
            selector.matches_with(|key| namespace_labels.get(key).map(String::as_str))
        };
        let in_namespace = self.namespaces.contains(namespace)
            || self.namespace_selector.as_ref().is_some_and(by_labels);
        in_namespace
            && self
                .selector
                .matches_with(|key| labels.get(key).map(String::as_str))
    }
}

pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn strings(list: &Value) -> Vec<String> {
    items(list).map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tolerations_cover_taints() {
        let taint = Taint {
            key: "gpu".into(),
            value: "yes".into(),
            effect: Effect::NoSchedule,
        };
        let check = |toleration: &Value, expected: bool| {
            let toleration = Toleration::from_json(toleration);
            assert_eq!(toleration.tolerates(&taint), expected, "{toleration:?}");
        };
        check(&json!({"operator": "Exists"}), true);
        check(&json!({"key": "gpu", "operator": "Exists"}), true);
        check(&json!({"key": "gpu", "value": "yes"}), true);
        check(&json!({"key": "gpu", "value": "no"}), false);
        check(&json!({"key": "gpu"}), false);
        check(
            &json!({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}),
            false,
        );
        check(&json!({"key": "cpu", "operator": "Exists"}), false);
    }
}
