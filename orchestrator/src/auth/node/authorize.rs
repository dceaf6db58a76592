//! The node authorizer: may this agent do this, seen from the pods on its node?

use api::selector::FieldSelector;

use super::{NodeGraph, Referent};
use crate::auth::rbac::{Attributes, Decision, node_rules};

/// The namespace of the leases with which nodes say that they are alive.
pub(super) const LEASES: &str = "kube-node-lease";

/// Decides for the agent of `node`. A `Deny` here is no last word: a role may still allow it.
pub fn authorize(graph: &dyn NodeGraph, node: &str, attributes: &Attributes) -> Decision {
    if !attributes.is_resource() {
        return Decision::Deny(String::new());
    }
    let decided = match (attributes.group.as_str(), attributes.resource.as_str()) {
        ("", "secrets") => referred(graph, node, attributes, Referent::Secret, &READ),
        ("", "configmaps") => referred(graph, node, attributes, Referent::ConfigMap, &READ),
        ("", "persistentvolumeclaims") => claim(graph, node, attributes),
        ("", "persistentvolumes") => volume(graph, node, attributes),
        ("", "serviceaccounts") => account(graph, node, attributes),
        ("", "pods") => pod(graph, node, attributes),
        ("", "nodes") => own_node(node, attributes),
        ("coordination.k8s.io", "leases") => lease(node, attributes),
        _ => any_of_the_rules(attributes),
    };
    match decided {
        Ok(()) => Decision::Allow("node".to_owned()),
        Err(reason) => Decision::Deny(reason),
    }
}

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE_STATUS: [&str; 2] = ["patch", "update"];

type Allowed = Result<(), String>;

fn referred(
    graph: &dyn NodeGraph,
    node: &str,
    attributes: &Attributes,
    referent: Referent,
    verbs: &[&str],
) -> Allowed {
    verb_is_one_of(attributes, verbs)?;
    no_subresource(attributes)?;
    let name = one_name(attributes)
        .ok_or_else(|| "an agent may only read single objects of this kind".to_owned())?;
    let related = graph.refers(node, referent, &attributes.namespace, name);
    related.then_some(()).ok_or_else(|| unrelated(node))
}

fn claim(graph: &dyn NodeGraph, node: &str, attributes: &Attributes) -> Allowed {
    if attributes.subresource == "status" {
        verb_is_one_of(attributes, &["get", "patch", "update"])?;
    } else {
        verb_is_one_of(attributes, &["get"])?;
        no_subresource(attributes)?;
    }
    let (namespace, name) = (&attributes.namespace, &attributes.name);
    let related = graph.refers(node, Referent::Claim, namespace, name);
    related.then_some(()).ok_or_else(|| unrelated(node))
}

/// It follows the local volumes (a role lets it), and lets those go whose directory it removed:
/// [`super::restrict`] sees to it that it does no more.
fn volume(graph: &dyn NodeGraph, node: &str, attributes: &Attributes) -> Allowed {
    verb_is_one_of(attributes, &["get", "patch"])?;
    no_subresource(attributes)?;
    if attributes.verb == "patch" {
        return Ok(());
    }
    let related = graph.uses_volume(node, &attributes.name);
    related.then_some(()).ok_or_else(|| unrelated(node))
}

/// Reads the accounts of its pods and requests tokens for them.
fn account(graph: &dyn NodeGraph, node: &str, attributes: &Attributes) -> Allowed {
    match attributes.subresource.as_str() {
        "" => verb_is_one_of(attributes, &["get"])?,
        "token" => verb_is_one_of(attributes, &["create"])?,
        _ => no_subresource(attributes)?,
    }
    let (namespace, name) = (&attributes.namespace, &attributes.name);
    let related = graph.refers(node, Referent::ServiceAccount, namespace, name);
    related.then_some(()).ok_or_else(|| unrelated(node))
}

/// Which pod it writes is [`super::restrict`]'s to check: only there is the pod known.
fn pod(graph: &dyn NodeGraph, node: &str, attributes: &Attributes) -> Allowed {
    match (attributes.subresource.as_str(), attributes.verb.as_str()) {
        ("", "create" | "delete") | ("status", "patch" | "update") | ("eviction", "create") => {
            Ok(())
        }
        ("" | "status", "get") => {
            let related = graph.runs(node, &attributes.namespace, &attributes.name);
            related.then_some(()).ok_or_else(|| unrelated(node))
        }
        ("", "list" | "watch" | "deletecollection")
            if attributes.verb != "deletecollection"
                && (requires(&attributes.fields, "spec.nodeName", node)
                    || one_name(attributes)
                        .is_some_and(|name| graph.runs(node, &attributes.namespace, name))) =>
        {
            Ok(())
        }
        ("", "list" | "watch") => Err(format!(
            "can only list and watch pods with the field selector spec.nodeName={node}"
        )),
        _ => Err(String::new()),
    }
}

fn own_node(node: &str, attributes: &Attributes) -> Allowed {
    let own = one_name(attributes) == Some(node);
    let verb = attributes.verb.as_str();
    match (attributes.subresource.as_str(), verb) {
        // Its name is in the body; `restrict` checks it.
        ("", "create") => Ok(()),
        ("", "get" | "list" | "watch" | "patch" | "update")
        | ("status", "get" | "patch" | "update")
            if own =>
        {
            Ok(())
        }
        ("", "get" | "list" | "watch") => {
            Err(format!("node '{node}' can only read its own Node object"))
        }
        ("" | "status", verb) if WRITE_STATUS.contains(&verb) => {
            Err(format!("node '{node}' can only change its own Node object"))
        }
        _ => Err(String::new()),
    }
}

fn lease(node: &str, attributes: &Attributes) -> Allowed {
    verb_is_one_of(attributes, &["create", "delete", "get", "patch", "update"])?;
    no_subresource(attributes)?;
    if attributes.namespace != LEASES {
        return Err(format!("can only access leases in the namespace {LEASES}"));
    }
    if attributes.verb == "create" || attributes.name == node {
        return Ok(());
    }
    Err("can only access the node lease with the node's own name".to_owned())
}

fn any_of_the_rules(attributes: &Attributes) -> Allowed {
    let allowed = node_rules().iter().any(|rule| rule.allows(attributes));
    allowed.then_some(()).ok_or_else(String::new)
}

fn verb_is_one_of(attributes: &Attributes, verbs: &[&str]) -> Allowed {
    if verbs.contains(&attributes.verb.as_str()) {
        return Ok(());
    }
    Err(format!("can only {} this resource", verbs.join("/")))
}

fn no_subresource(attributes: &Attributes) -> Allowed {
    if attributes.subresource.is_empty() {
        return Ok(());
    }
    Err("cannot access subresources of this resource".to_owned())
}

/// The one object meant: by its path, or by a selector that lets only it through.
fn one_name(attributes: &Attributes) -> Option<&str> {
    if !attributes.name.is_empty() {
        return Some(&attributes.name);
    }
    required(&attributes.fields, "metadata.name")
}

fn requires(fields: &FieldSelector, field: &str, value: &str) -> bool {
    required(fields, field) == Some(value)
}

fn required<'a>(fields: &'a FieldSelector, field: &str) -> Option<&'a str> {
    fields
        .terms
        .iter()
        .find(|term| term.field == field && !term.negated && !term.value.is_empty())
        .map(|term| term.value.as_str())
}

fn unrelated(node: &str) -> String {
    format!("no relationship found between node '{node}' and this object")
}
