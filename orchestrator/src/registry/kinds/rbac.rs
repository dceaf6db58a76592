//! Roles and bindings: what may be done, and who may do it.

use api::{Cause, Object};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Causes, Field};
use super::{Kind, cells, edit};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(base: Kind) -> Kind {
    Kind {
        validate_create: |object| rules(object, Namespaced(true)),
        validate_update: |new, _| rules(new, Namespaced(true)),
        ..any_role(base)
    }
}

pub(super) fn cluster_role(base: Kind) -> Kind {
    Kind {
        validate_create: |object| rules(object, Namespaced(false)),
        validate_update: |new, _| rules(new, Namespaced(false)),
        ..any_role(base)
    }
}

fn any_role(base: Kind) -> Kind {
    Kind {
        row: |object, _| vec![json!(object.name()), json!(object.creation_timestamp())],
        create_on_update: true,
        ..base
    }
}

pub(super) fn binding(base: Kind) -> Kind {
    Kind {
        default,
        validate_create: |object| binding_causes(object, &["ClusterRole", "Role"]),
        validate_update: |new, old| binding_update(new, old, &["ClusterRole", "Role"]),
        row: binding_row,
        create_on_update: true,
        ..base
    }
}

pub(super) fn cluster_binding(base: Kind) -> Kind {
    Kind {
        validate_create: |object| binding_causes(object, &["ClusterRole"]),
        validate_update: |new, old| binding_update(new, old, &["ClusterRole"]),
        ..binding(base)
    }
}

#[derive(Clone, Copy)]
struct Namespaced(bool);

fn rules(object: &Object, namespaced: Namespaced) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    for rule in root.get("rules").items() {
        let (verbs, urls) = (rule.get("verbs"), rule.get("nonResourceURLs"));
        causes.require(&verbs, "verbs must contain at least one value");
        let (groups, resources) = (rule.get("apiGroups"), rule.get("resources"));
        if !urls.is_empty() {
            if namespaced.0 {
                causes.invalid(&urls, "namespaced rules cannot apply to non-resource URLs");
            }
            if !groups.is_empty() || !resources.is_empty() || !rule.get("resourceNames").is_empty()
            {
                causes.invalid(
                    &urls,
                    "rules cannot apply to both regular resources and non-resource URLs",
                );
            }
            continue;
        }
        causes.require(&groups, "resource rules must supply at least one api group");
        causes.require(
            &resources,
            "resource rules must supply at least one resource",
        );
    }
    let aggregation = root.get("aggregationRule");
    if aggregation.is_set() {
        let selectors = aggregation.get("clusterRoleSelectors");
        causes.require(
            &selectors,
            "at least one clusterRoleSelector required if aggregationRule is non-nil",
        );
        for selector in selectors.items() {
            causes.selector(&selector);
        }
    }
    causes.finish()
}

fn default(object: &mut Object) {
    if let Some(reference) = edit::member(&mut object.body, "roleRef") {
        edit::set(reference, "apiGroup", GROUP);
    }
    for subject in edit::items(&mut object.body, "subjects") {
        if let Some("User" | "Group") = subject["kind"].as_str() {
            edit::set(subject, "apiGroup", GROUP);
        }
    }
}

fn binding_causes(object: &Object, kinds: &[&str]) -> Vec<Cause> {
    let mut causes = Causes::default();
    let root = Field::root(object);
    let reference = root.get("roleRef");
    causes.one_of(&reference.get("apiGroup"), &[GROUP]);
    let kind = reference.get("kind");
    if causes.require(&kind, "") {
        causes.one_of(&kind, kinds);
    }
    let name = reference.get("name");
    if causes.require(&name, "") {
        causes.rules(&name, api::name::path_segment(name.text()));
    }
    let is_cluster_wide = object.namespace().is_empty();
    for subject in root.get("subjects").items() {
        let (kind, name) = (subject.get("kind"), subject.get("name"));
        causes.require(&name, "");
        match kind.text() {
            "ServiceAccount" => {
                causes.name(&name, api::name::dns1123_subdomain);
                if !subject.get("apiGroup").is_empty() {
                    causes.push(Cause::not_supported(
                        subject.get("apiGroup").path(),
                        subject.get("apiGroup").value(),
                        &[""],
                    ));
                }
                // A RoleBinding may leave it out upstream, too, but then it never matches anybody.
                if is_cluster_wide || subject.get("namespace").is_set() {
                    causes.require(&subject.get("namespace"), "");
                }
            }
            "User" | "Group" => causes.one_of(&subject.get("apiGroup"), &[GROUP]),
            _ => causes.push(Cause::not_supported(
                kind.path(),
                kind.value(),
                &["ServiceAccount", "User", "Group"],
            )),
        }
    }
    causes.finish()
}

fn binding_update(new: &Object, old: &Object, kinds: &[&str]) -> Vec<Cause> {
    let mut causes = Causes::default();
    let (now, before) = (
        Field::root(new).get("roleRef"),
        Field::root(old).get("roleRef"),
    );
    if now.value() != before.value() {
        causes.invalid(&now, "cannot change roleRef");
    }
    let mut all = causes.finish();
    all.extend(binding_causes(new, kinds));
    all
}

fn binding_row(object: &Object, now: Timestamp) -> Vec<Value> {
    let role = format!(
        "{}/{}",
        object.text("/roleRef/kind"),
        object.text("/roleRef/name")
    );
    let of_kind = |kind: &str| {
        let names: Vec<String> = cells::list(object, "/subjects")
            .iter()
            .filter(|subject| subject["kind"] == kind)
            .map(|subject| {
                let name = subject["name"].as_str().unwrap_or_default();
                match subject["namespace"].as_str() {
                    Some(namespace) if kind == "ServiceAccount" => format!("{namespace}/{name}"),
                    _ => name.to_owned(),
                }
            })
            .collect();
        json!(names.join(", "))
    };
    vec![
        json!(object.name()),
        json!(role),
        cells::age(object, now),
        of_kind("User"),
        of_kind("Group"),
        of_kind("ServiceAccount"),
    ]
}
