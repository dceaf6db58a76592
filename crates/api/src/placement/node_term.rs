//! Which nodes a pod may be on: node selectors and the terms of required node affinity.

use std::collections::BTreeMap;

use serde_json::Value;

use super::items;

/// Labels of a node, a pod or a namespace.
pub type Labels = BTreeMap<String, String>;

/// Reads a map of strings.
pub fn labels(map: Option<&Value>) -> Labels {
    map.and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// One term of a node selector. All of it must hold; an empty one matches no node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeTerm {
    labels: Vec<NodeRequirement>,
    /// On `metadata.name`, the only field there is.
    names: Vec<NodeRequirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NodeRequirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
}

impl NodeTerm {
    pub fn from_json(term: &Value) -> Self {
        let read = |list: &Value| items(list).filter_map(NodeRequirement::from_json).collect();
        Self {
            labels: read(&term["matchExpressions"]),
            names: read(&term["matchFields"]),
        }
    }

    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        if self.labels.is_empty() && self.names.is_empty() {
            return false;
        }
        let label = |key: &str| labels.get(key).map(String::as_str);
        self.labels.iter().all(|each| each.holds(label(&each.key)))
            && self.names.iter().all(|each| each.holds(Some(name)))
    }
}

/// The terms of a `NodeSelector`: one of them must match. `None` where there is no selector.
pub fn node_terms(selector: &Value) -> Option<Vec<NodeTerm>> {
    selector.is_object().then(|| {
        items(&selector["nodeSelectorTerms"])
            .map(NodeTerm::from_json)
            .collect()
    })
}

/// Whether a node is among those that optional terms select.
pub fn selects_node(terms: Option<&[NodeTerm]>, name: &str, labels: &Labels) -> bool {
    terms.is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
}

impl NodeRequirement {
    fn from_json(expression: &Value) -> Option<Self> {
        let operator = match expression["operator"].as_str()? {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => return None,
        };
        Some(Self {
            key: text(&expression["key"]),
            operator,
            values: strings(&expression["values"]),
        })
    }

    fn holds(&self, value: Option<&str>) -> bool {
        let listed = || value.is_some_and(|value| self.values.iter().any(|each| each == value));
        let numbers = || {
            let bound = self.values.first()?.parse::<i64>().ok()?;
            Some((value?.parse::<i64>().ok()?, bound))
        };
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => numbers().is_some_and(|(value, bound)| value > bound),
            Operator::Lt => numbers().is_some_and(|(value, bound)| value < bound),
        }
    }
}

/// Whether the `nodeSelector` and the required node affinity of a pod's spec allow a node.
pub fn allows_node(pod_spec: &Value, name: &str, node: &Labels) -> bool {
    let selector = labels(pod_spec.get("nodeSelector"));
    let required =
        &pod_spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    selector
        .iter()
        .all(|(key, value)| node.get(key) == Some(value))
        && selects_node(node_terms(required).as_deref(), name, node)
}

fn text(value: &Value) -> String {
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
    fn node_terms_match_labels_and_names() {
        let node = labels(Some(&json!({"zone": "a", "cores": "8"})));
        let check = |term: &Value, expected: bool| {
            let term = NodeTerm::from_json(term);
            assert_eq!(term.matches("n1", &node), expected, "{term:?}");
        };
        let by = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        check(&json!({}), false);
        check(&by("zone", "In", &["a", "b"]), true);
        check(&by("zone", "NotIn", &["a"]), false);
        check(&by("rack", "NotIn", &["a"]), true);
        check(&by("rack", "Exists", &[]), false);
        check(&by("rack", "DoesNotExist", &[]), true);
        check(&by("cores", "Gt", &["7"]), true);
        check(&by("cores", "Lt", &["8"]), false);
        check(&by("zone", "Gt", &["1"]), false);
        let named = |name: &str| json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]});
        check(&named("n1"), true);
        check(&named("n2"), false);
    }

    #[test]
    fn selector_and_affinity_must_both_allow_a_node() {
        let node = labels(Some(&json!({"zone": "a"})));
        let check = |spec: &Value, expected: bool| {
            assert_eq!(allows_node(spec, "n1", &node), expected, "{spec}");
        };
        let affinity = |zone: &str| {
            let expression = json!({"key": "zone", "operator": "In", "values": [zone]});
            let terms = json!({"nodeSelectorTerms": [{"matchExpressions": [expression]}]});
            json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})
        };
        check(&json!({}), true);
        check(&json!({"nodeSelector": {"zone": "a"}}), true);
        check(&json!({"nodeSelector": {"zone": "b"}}), false);
        check(&json!({"affinity": affinity("a")}), true);
        check(&json!({"affinity": affinity("b")}), false);
        check(
            &json!({"nodeSelector": {"zone": "b"}, "affinity": affinity("a")}),
            false,
        );
    }
}
