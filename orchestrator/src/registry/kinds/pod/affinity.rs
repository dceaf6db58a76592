//! Where a pod may or would rather go.

use super::super::field::{Causes, Field};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn validate(causes: &mut Causes, affinity: &Field) {
    let nodes = affinity.get("nodeAffinity");
    let required = nodes.get(REQUIRED);
    if required.is_set() {
        node_selector(causes, &required);
    }
    for preferred in nodes.get(PREFERRED).items() {
        weight(causes, &preferred);
        node_term(causes, &preferred.get("preference"));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.get(kind);
        for term in pods.get(REQUIRED).items() {
            pod_term(causes, &term);
        }
        for preferred in pods.get(PREFERRED).items() {
            weight(causes, &preferred);
            pod_term(causes, &preferred.get("podAffinityTerm"));
        }
    }
}

/// A `NodeSelector`, as volumes have it too.
pub(in super::super) fn node_selector(causes: &mut Causes, selector: &Field) {
    let terms = selector.get("nodeSelectorTerms");
    causes.require(&terms, "must have at least one node selector term");
    for term in terms.items() {
        node_term(causes, &term);
    }
}

fn node_term(causes: &mut Causes, term: &Field) {
    for list in ["matchExpressions", "matchFields"] {
        for expression in term.get(list).items() {
            let (operator, values) = (expression.get("operator"), expression.get("values"));
            match operator.text() {
                "In" | "NotIn" if values.is_empty() => causes.required(
                    &values,
                    "must be specified when `operator` is 'In' or 'NotIn'",
                ),
                "Exists" | "DoesNotExist" if !values.is_empty() => causes.forbidden(
                    &values,
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ),
                "Gt" | "Lt" if values.len() != 1 => causes.required(
                    &values,
                    "must be specified single value when `operator` is 'Lt' or 'Gt'",
                ),
                "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
                _ => causes.invalid(&operator, "not a valid selector operator"),
            }
            let key = expression.get("key");
            if list == "matchFields" {
                if key.text() != "metadata.name" {
                    causes.invalid(&key, "not a valid field selector key");
                }
            } else {
                causes.rules(&key, api::name::label_key(key.text()));
            }
        }
    }
}

fn weight(causes: &mut Causes, preferred: &Field) {
    let weight = preferred.get("weight");
    if !(1..=100).contains(&weight.number().unwrap_or_default()) {
        causes.invalid(&weight, "must be in the range 1-100");
    }
}

fn pod_term(causes: &mut Causes, term: &Field) {
    causes.selector(&term.get("labelSelector"));
    causes.selector(&term.get("namespaceSelector"));
    let key = term.get("topologyKey");
    if causes.require(&key, "can not be empty") {
        causes.rules(&key, api::name::label_key(key.text()));
    }
}

pub(super) fn tolerations(causes: &mut Causes, tolerations: &Field) {
    for toleration in tolerations.items() {
        let (key, operator) = (toleration.get("key"), toleration.get("operator"));
        causes.name(&key, api::name::label_key);
        if key.is_empty() && operator.text() != "Exists" {
            causes.invalid(
                &operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            );
        }
        let value = toleration.get("value");
        match operator.text() {
            "" | "Equal" => causes.rules(&value, api::name::label_value(value.text())),
            "Exists" if !value.is_empty() => {
                causes.invalid(&value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            _ => causes.one_of(&operator, &["Equal", "Exists"]),
        }
        let effect = toleration.get("effect");
        let effects = ["", "NoSchedule", "PreferNoSchedule", "NoExecute"];
        if !effects.contains(&effect.text()) {
            causes.one_of(&effect, &effects[1..]);
        }
        if toleration.get("tolerationSeconds").is_set() && effect.text() != "NoExecute" {
            causes.invalid(
                &effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            );
        }
    }
}

pub(super) fn topology_spread(causes: &mut Causes, constraints: &Field) {
    for constraint in constraints.items() {
        causes.at_least(&constraint.get("maxSkew"), 1);
        causes.require(&constraint.get("topologyKey"), "can not be empty");
        let action = constraint.get("whenUnsatisfiable");
        causes.one_of(&action, &["DoNotSchedule", "ScheduleAnyway"]);
        // A preference may go unheard; a condition may not.
        if action.text() == "DoNotSchedule" {
            causes.unsupported(&action);
        }
        causes.selector(&constraint.get("labelSelector"));
    }
}
