//! Brings the default roles up to date at start, without taking away what people added.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use api::Object;

use super::bootstrap::AUTO_UPDATE;
use super::index::Index;
use super::rule::{Rule, rules};
use super::{GROUP, RoleRef};

/// What to do about one default role or binding.
#[derive(Debug, Clone, PartialEq)]
pub enum Bootstrap {
    Create(Object),
    Update(Object),
    /// A binding cannot change its role: it is deleted and made anew.
    Recreate(Object),
}

/// Compares what there is with what there should be. Missing rules, subjects, labels and
/// annotations are added, nothing is removed; an object whose annotation
/// `rbac.authorization.kubernetes.io/autoupdate` is `false` is left alone.
pub fn reconcile(existing: &[Object], wanted: &[Object]) -> Vec<Bootstrap> {
    let place = |object: &Object| {
        let text = |text: &str| text.to_owned();
        (
            text(object.kind()),
            text(object.namespace()),
            text(object.name()),
        )
    };
    let existing: BTreeMap<_, _> = existing.iter().map(|o| (place(o), o)).collect();
    wanted
        .iter()
        .filter_map(|wanted| match existing.get(&place(wanted)) {
            None => Some(Bootstrap::Create(wanted.clone())),
            Some(found) if found.annotation(AUTO_UPDATE) == Some("false") => None,
            Some(found) => update(found, wanted),
        })
        .collect()
}

fn update(found: &Object, wanted: &Object) -> Option<Bootstrap> {
    if found.body["roleRef"] != wanted.body["roleRef"] {
        return Some(Bootstrap::Recreate(wanted.clone()));
    }
    let mut merged = found.clone();
    for (key, value) in wanted.labels() {
        if found.label(key).is_none() {
            merged.set_label(key, value);
        }
    }
    for (key, value) in wanted.annotations() {
        if found.annotation(key).is_none() {
            merged.set_annotation(key, value);
        }
    }
    let selectors = "clusterRoleSelectors";
    if wanted.body["aggregationRule"].is_object() {
        let wanted = &wanted.body["aggregationRule"][selectors];
        let found = &found.body["aggregationRule"][selectors];
        if let Some(all) = with_missing(found, wanted) {
            merged.body["aggregationRule"] = json!({selectors: all});
        }
    } else if let Some(all) = with_missing_rules(found, wanted) {
        merged.body["rules"] = all;
    }
    if let Some(all) = with_missing(&found.body["subjects"], &wanted.body["subjects"]) {
        merged.body["subjects"] = all;
    }
    (merged != *found).then_some(Bootstrap::Update(merged))
}

/// `found` with the entries of `wanted` that it lacks; `None` where it lacks none.
fn with_missing(found: &Value, wanted: &Value) -> Option<Value> {
    let mut all = found.as_array().cloned().unwrap_or_default();
    let before = all.len();
    for entry in wanted.as_array().into_iter().flatten() {
        if !all.contains(entry) {
            all.push(entry.clone());
        }
    }
    (all.len() > before).then(|| all.into())
}

/// The same for rules, where one that covers another makes it unnecessary.
fn with_missing_rules(found: &Object, wanted: &Object) -> Option<Value> {
    let held = rules(&found.body);
    let missing: Vec<Rule> = rules(&wanted.body)
        .into_iter()
        .filter(|rule| {
            let covered = |part: &Rule| held.iter().any(|rule| rule.covers(part));
            !rule.parts().iter().all(covered)
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    let mut all = found.body["rules"].as_array().cloned().unwrap_or_default();
    all.extend(missing.iter().map(|rule| json!(rule)));
    Some(all.into())
}

/// The cluster roles made of others whose written rules are not what those add up to, with the
/// rules they should have. Decisions never depend on it: it is for people who read the role.
pub fn aggregate(cluster_roles: &[Object]) -> Vec<Object> {
    let mut index = Index::default();
    for role in cluster_roles {
        index.observe(role);
    }
    cluster_roles
        .iter()
        .filter(|role| role.kind() == "ClusterRole")
        .filter(|role| role.body["aggregationRule"]["clusterRoleSelectors"].is_array())
        .filter_map(|role| {
            let reference = RoleRef {
                kind: "ClusterRole".to_owned(),
                name: role.name().to_owned(),
            };
            let computed = json!(index.role_rules(&reference, "")?);
            (role.body["rules"] != computed).then(|| {
                let mut role = role.clone();
                role.body["rules"] = computed;
                role
            })
        })
        .collect()
}

/// The collections that permissions are read from.
pub fn collections() -> [api::Collection; 4] {
    [
        "clusterroles",
        "clusterrolebindings",
        "roles",
        "rolebindings",
    ]
    .map(|resource| api::Collection::new(GROUP, resource))
}
