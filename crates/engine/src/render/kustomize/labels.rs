//! `commonLabels` and `labels`.

use super::fields::{Field, set_pairs};
use super::kustomization::{Kustomization, Labels};
use super::resource::Resources;

/// On every object.
const OWN: Field = Field::new("metadata/labels", "", "");

/// On what objects make.
const TEMPLATES: &[Field] = &[
    Field::new(
        "spec/volumeClaimTemplates/metadata/labels",
        "apps",
        "StatefulSet",
    ),
    Field::new("spec/template/metadata/labels", "", "ReplicationController"),
    Field::new("spec/template/metadata/labels", "", "Deployment"),
    Field::new("spec/template/metadata/labels", "", "ReplicaSet"),
    Field::new("spec/template/metadata/labels", "", "DaemonSet"),
    Field::new("spec/template/metadata/labels", "apps", "StatefulSet"),
    Field::new("spec/template/metadata/labels", "batch", "Job"),
    Field::new("spec/jobTemplate/metadata/labels", "batch", "CronJob"),
    Field::new(
        "spec/jobTemplate/spec/template/metadata/labels",
        "batch",
        "CronJob",
    ),
];

const POD_AFFINITY: [&str; 5] = [
    "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
];

/// On what selects them.
const SELECTORS: &[Field] = &[
    Field::new("spec/selector", "", "Service"),
    Field::new("spec/selector", "", "ReplicationController"),
    Field::new("spec/selector/matchLabels", "", "Deployment"),
    Field::new("spec/selector/matchLabels", "", "ReplicaSet"),
    Field::new("spec/selector/matchLabels", "", "DaemonSet"),
    Field::new("spec/selector/matchLabels", "apps", "StatefulSet"),
    Field::existing("spec/selector/matchLabels", "batch", "Job"),
    Field::existing(
        "spec/jobTemplate/spec/selector/matchLabels",
        "batch",
        "CronJob",
    ),
    Field::existing("spec/selector/matchLabels", "policy", "PodDisruptionBudget"),
    Field::existing(
        "spec/podSelector/matchLabels",
        "networking.k8s.io",
        "NetworkPolicy",
    ),
    Field::existing(
        "spec/ingress/from/podSelector/matchLabels",
        "networking.k8s.io",
        "NetworkPolicy",
    ),
    Field::existing(
        "spec/egress/to/podSelector/matchLabels",
        "networking.k8s.io",
        "NetworkPolicy",
    ),
];

pub(super) fn add(kustomization: &Kustomization, resources: &mut Resources) {
    for labels in &kustomization.labels {
        add_one(labels, resources);
    }
    if !kustomization.common_labels.is_empty() {
        let labels = Labels {
            pairs: kustomization.common_labels.clone(),
            include_selectors: true,
            ..Labels::default()
        };
        add_one(&labels, resources);
    }
}

fn add_one(labels: &Labels, resources: &mut Resources) {
    for resource in resources {
        let gvk = resource.object.gvk();
        let body = &mut resource.object.body;
        let mut set = |path: &str, create: bool| set_pairs(body, path, create, &labels.pairs);
        for field in labels.fields.iter().filter(|field| field.is_for(&gvk)) {
            set(&field.path, field.create);
        }
        set(OWN.path, OWN.create);
        let templates = labels.include_templates || labels.include_selectors;
        for field in TEMPLATES
            .iter()
            .filter(|field| templates && field.is_for(&gvk))
        {
            set(field.path, field.create);
        }
        if !labels.include_selectors {
            continue;
        }
        // An empty selector of a Service means something else than a filled one.
        for field in SELECTORS.iter().filter(|field| field.is_for(&gvk)) {
            set(field.path, field.create);
        }
        if gvk.group == "apps" && matches!(gvk.kind.as_str(), "Deployment" | "StatefulSet") {
            for path in POD_AFFINITY {
                set(path, false);
            }
        }
    }
}
