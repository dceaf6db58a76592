//! `namePrefix` and `nameSuffix`.

use super::kustomization::Kustomization;
use super::resource::{Resource, Resources};

/// Their names mean something outside of the commit.
fn is_fixed(resource: &Resource) -> bool {
    let gvk = resource.original().gvk;
    matches!(
        (gvk.group.as_str(), gvk.kind.as_str()),
        ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("apiregistration.k8s.io", "APIService")
            | ("", "Namespace")
    )
}

pub(super) fn prefix(kustomization: &Kustomization, resources: &mut Resources) {
    let prefix = &kustomization.name_prefix;
    if prefix.is_empty() {
        return;
    }
    for resource in resources.iter_mut().filter(|resource| !is_fixed(resource)) {
        resource.remember();
        resource.prefixes.push(prefix.clone());
        let name = format!("{prefix}{}", resource.object.name());
        resource.rename(&name);
    }
}

pub(super) fn suffix(kustomization: &Kustomization, resources: &mut Resources) {
    let suffix = &kustomization.name_suffix;
    if suffix.is_empty() {
        return;
    }
    for resource in resources.iter_mut().filter(|resource| !is_fixed(resource)) {
        resource.remember();
        resource.suffixes.push(suffix.clone());
        let name = format!("{}{suffix}", resource.object.name());
        resource.rename(&name);
    }
}
