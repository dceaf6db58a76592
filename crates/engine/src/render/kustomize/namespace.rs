//! `namespace`.

use serde_json::Value;

use super::fields::{Absent, visit};
use super::kustomization::Kustomization;
use super::resource::{Id, Resource, Resources};
use crate::Problems;
use crate::manifest::title;

pub(super) fn set(
    kustomization: &Kustomization,
    resources: &mut Resources,
) -> Result<(), Problems> {
    let namespace = &kustomization.namespace;
    if namespace.is_empty() {
        return Ok(());
    }
    for resource in resources.iter_mut() {
        resource.remember();
        set_one(resource, namespace);
    }
    let ids: Vec<Id> = resources.iter().map(Resource::id).collect();
    for (at, id) in ids.iter().enumerate() {
        if ids[..at].iter().any(|other| other.is(id)) {
            let text = format!(
                "puts two objects into one place: {}",
                title(&resources[at].object)
            );
            return Err(kustomization
                .problem("namespace", format!("namespace {namespace} {text}"))
                .into());
        }
    }
    Ok(())
}

fn set_one(resource: &mut Resource, namespace: &str) {
    let id = resource.id();
    let put = |value: &mut Value| *value = namespace.into();
    if !id.is_cluster_scoped() {
        resource
            .object
            .metadata_mut()
            .insert("namespace".into(), namespace.into());
    }
    let body = &mut resource.object.body;
    match (id.gvk.group.as_str(), id.gvk.kind.as_str()) {
        ("", "Namespace") => resource.rename(namespace),
        (_, "RoleBinding" | "ClusterRoleBinding") => {
            // Other accounts follow the ServiceAccount they name, where it is part of the build.
            for subject in body["subjects"].as_array_mut().into_iter().flatten() {
                if subject["name"] == "default" {
                    put(&mut subject["namespace"]);
                }
            }
        }
        ("apiregistration.k8s.io", "APIService") => {
            visit(body, "spec/service/namespace", Absent::Text, &mut |value| {
                put(value);
            });
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let path = "spec/conversion/webhook/clientConfig/service/namespace";
            visit(body, path, Absent::Skip, &mut |value| {
                put(value);
            });
        }
        (_, "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration") => {
            let path = "webhooks/clientConfig/service/namespace";
            visit(body, path, Absent::Skip, &mut |value| {
                put(value);
            });
        }
        _ => {}
    }
}
