//! `namespace`.

use std::collections::HashSet;

use serde_json::Value;

use super::super::fields::{Absent, FieldSpec, visit};
use super::super::resource::{Id, Resource, Resources};
use super::super::site::Site;
use super::labels::fault;
use crate::Problem;
use crate::manifest::title;

/// Which subjects of role bindings follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) enum Subjects {
    /// The account `default`. Others follow the ServiceAccount they name, where it is part of the
    /// build.
    #[default]
    Default,
    ServiceAccounts,
    None,
}

/// Where what goes.
pub(in super::super) struct Move<'a> {
    pub(in super::super) namespace: &'a str,
    pub(in super::super) specs: &'a [FieldSpec],
    pub(in super::super) subjects: Subjects,
    /// What has a namespace keeps it.
    pub(in super::super) unset_only: bool,
}

pub(in super::super) fn set(
    site: &Site,
    wanted: &Move,
    resources: &mut Resources,
) -> Result<(), Problem> {
    if wanted.namespace.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut() {
        resource.remember();
        set_one(wanted, resource).map_err(|why| fault(site, resource, &why))?;
    }
    let mut seen: HashSet<Id> = HashSet::new();
    for resource in resources.iter() {
        if !seen.insert(resource.id().effective()) {
            let text = format!(
                "namespace {} puts two objects into one place: {}",
                wanted.namespace,
                title(&resource.object)
            );
            return Err(site.problem(text));
        }
    }
    Ok(())
}

fn set_one(wanted: &Move, resource: &mut Resource) -> Result<(), String> {
    let id = resource.id();
    let put = |value: &mut Value| {
        let is_set = value.as_str().is_some_and(|text| !text.is_empty());
        if !(wanted.unset_only && is_set) {
            *value = wanted.namespace.into();
        }
        Ok(())
    };
    let body = &mut resource.object.body;
    if !id.is_cluster_scoped() {
        visit(body, "metadata/namespace", Absent::Text, &mut { put })?;
    }
    let binding = matches!(id.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
    if binding {
        for subject in body["subjects"].as_array_mut().into_iter().flatten() {
            let follows = match wanted.subjects {
                Subjects::None => false,
                Subjects::Default => subject["name"] == "default",
                Subjects::ServiceAccounts => subject["kind"] == "ServiceAccount",
            };
            if follows {
                visit(subject, "namespace", Absent::Text, &mut { put })?;
            }
        }
    }
    let specs = wanted.specs.iter();
    for spec in specs.filter(|spec| spec.path != "metadata/namespace" && spec.is_for(&id.gvk)) {
        if binding && spec.path.replace("[]", "") == "subjects/namespace" {
            continue;
        }
        let absent = Absent::Text.unless_existing(spec.create);
        visit(body, &spec.path, absent, &mut { put })?;
    }
    Ok(())
}
