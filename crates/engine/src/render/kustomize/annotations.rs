//! `commonAnnotations`.

use super::fields::{Field, set_pairs};
use super::kustomization::Kustomization;
use super::resource::Resources;

const FIELDS: &[Field] = &[
    Field::new("metadata/annotations", "", ""),
    Field::new(
        "spec/template/metadata/annotations",
        "",
        "ReplicationController",
    ),
    Field::new("spec/template/metadata/annotations", "", "Deployment"),
    Field::new("spec/template/metadata/annotations", "", "ReplicaSet"),
    Field::new("spec/template/metadata/annotations", "", "DaemonSet"),
    Field::new("spec/template/metadata/annotations", "apps", "StatefulSet"),
    Field::new("spec/template/metadata/annotations", "batch", "Job"),
    Field::new("spec/jobTemplate/metadata/annotations", "batch", "CronJob"),
    Field::new(
        "spec/jobTemplate/spec/template/metadata/annotations",
        "batch",
        "CronJob",
    ),
];

pub(super) fn add(kustomization: &Kustomization, resources: &mut Resources) {
    let pairs = &kustomization.common_annotations;
    if pairs.is_empty() {
        return;
    }
    for resource in resources {
        let gvk = resource.object.gvk();
        for field in FIELDS.iter().filter(|field| field.is_for(&gvk)) {
            set_pairs(&mut resource.object.body, field.path, field.create, pairs);
        }
    }
}
