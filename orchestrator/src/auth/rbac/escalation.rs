//! Nobody hands out more than they hold: the check before a role or binding is written.

use api::{Object, Reason, Status};

use super::index::{GROUP, role_ref};
use super::rule::{Rule, rules};
use super::{Attributes, Authorize};
use crate::auth::{Identity, MASTERS};

/// Refuses a role or binding that gives what `identity` does not hold itself, unless it may
/// `escalate` (roles) or `bind` (bindings). `old` is the state before an update. Other kinds pass.
pub fn check_escalation(
    authorizer: &dyn Authorize,
    identity: &Identity,
    old: Option<&Object>,
    new: &Object,
) -> Result<(), Status> {
    if identity.is_in(MASTERS) {
        return Ok(());
    }
    match new.kind() {
        "Role" | "ClusterRole" => check_role(authorizer, identity, old, new),
        "RoleBinding" | "ClusterRoleBinding" => check_binding(authorizer, identity, old, new),
        _ => Ok(()),
    }
}

fn check_role(
    authorizer: &dyn Authorize,
    identity: &Identity,
    old: Option<&Object>,
    new: &Object,
) -> Result<(), Status> {
    let same = |field: &str| old.is_some_and(|old| old.body[field] == new.body[field]);
    if same("rules") && same("aggregationRule") {
        return Ok(());
    }
    let resource = if new.kind() == "Role" {
        "roles"
    } else {
        "clusterroles"
    };
    let escalate = Attributes::resource("escalate", GROUP, resource)
        .in_namespace(new.namespace())
        .named(new.name());
    if authorizer.authorize(identity, &escalate).is_allowed() {
        return Ok(());
    }
    let wanted = if new.body["aggregationRule"].is_object() {
        // It may come to hold anything.
        Rule::all().to_vec()
    } else {
        rules(&new.body)
    };
    covered(authorizer, identity, resource, new, &wanted)
}

fn check_binding(
    authorizer: &dyn Authorize,
    identity: &Identity,
    old: Option<&Object>,
    new: &Object,
) -> Result<(), Status> {
    let same = |field: &str| old.is_some_and(|old| old.body[field] == new.body[field]);
    if same("roleRef") && same("subjects") {
        return Ok(());
    }
    let role = role_ref(&new.body);
    let (own, given) = if new.kind() == "RoleBinding" {
        (
            "rolebindings",
            if role.kind == "Role" {
                "roles"
            } else {
                "clusterroles"
            },
        )
    } else {
        ("clusterrolebindings", "clusterroles")
    };
    let bind = Attributes::resource("bind", GROUP, given)
        .in_namespace(new.namespace())
        .named(&role.name);
    if authorizer.authorize(identity, &bind).is_allowed() {
        return Ok(());
    }
    let Some(wanted) = authorizer.role_rules(&role, new.namespace()) else {
        let missing = Status::new(
            Reason::NotFound,
            format!("{given}.{GROUP} \"{}\" not found", role.name),
        );
        return Err(missing);
    };
    covered(authorizer, identity, own, new, &wanted)
}

fn covered(
    authorizer: &dyn Authorize,
    identity: &Identity,
    resource: &str,
    object: &Object,
    wanted: &[Rule],
) -> Result<(), Status> {
    let held = authorizer.rules(identity, object.namespace());
    let lacking: Vec<Rule> = wanted
        .iter()
        .flat_map(Rule::parts)
        .filter(|part| !held.iter().any(|rule| rule.covers(part)))
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = compact(&lacking).iter().map(show).collect();
    let message = format!(
        "{resource}.{GROUP} \"{}\" is forbidden: user \"{}\" (groups={:?}) is attempting to grant RBAC permissions not currently held:\n{}",
        object.name(),
        identity.name,
        identity.groups,
        lines.join("\n"),
    );
    Err(Status {
        group: GROUP.to_owned(),
        kind: resource.to_owned(),
        name: object.name().to_owned(),
        ..Status::new(Reason::Forbidden, message)
    })
}

/// Joins rules that differ in their verb alone, for people to read.
fn compact(parts: &[Rule]) -> Vec<Rule> {
    let mut joined: Vec<Rule> = Vec::new();
    for part in parts {
        let same = |rule: &&mut Rule| {
            rule.api_groups == part.api_groups
                && rule.resources == part.resources
                && rule.resource_names == part.resource_names
                && rule.non_resource_urls == part.non_resource_urls
        };
        match joined.iter_mut().find(same) {
            Some(rule) => rule.verbs.extend(part.verbs.iter().cloned()),
            None => joined.push(part.clone()),
        }
    }
    joined
}

/// `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`
fn show(rule: &Rule) -> String {
    let lists = [
        ("NonResourceURLs", &rule.non_resource_urls),
        ("APIGroups", &rule.api_groups),
        ("Resources", &rule.resources),
        ("ResourceNames", &rule.resource_names),
        ("Verbs", &rule.verbs),
    ];
    let shown: Vec<String> = lists
        .iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| {
            let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            format!("{name}:[{}]", quoted.join(" "))
        })
        .collect();
    format!("{{{}}}", shown.join(", "))
}
