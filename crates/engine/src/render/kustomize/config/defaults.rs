//! The fields that Kustomize knows by itself.

use super::references::references;
use super::{Config, FieldSpec};

const POLICIES: &str = "networking.k8s.io";

/// Path, group, version and kind of a field that is made where it is missing.
type Made = (&'static str, &'static str, &'static str, &'static str);
/// The same of one that is only changed where it is.
type Existing = (&'static str, &'static str, &'static str);

const TEMPLATES: &[Made] = &[
    (
        "spec/template/metadata/labels",
        "",
        "v1",
        "ReplicationController",
    ),
    ("spec/template/metadata/labels", "", "", "Deployment"),
    ("spec/template/metadata/labels", "", "", "ReplicaSet"),
    ("spec/template/metadata/labels", "", "", "DaemonSet"),
    ("spec/template/metadata/labels", "apps", "", "StatefulSet"),
    (
        "spec/volumeClaimTemplates[]/metadata/labels",
        "apps",
        "",
        "StatefulSet",
    ),
    ("spec/template/metadata/labels", "batch", "", "Job"),
    ("spec/jobTemplate/metadata/labels", "batch", "", "CronJob"),
    (
        "spec/jobTemplate/spec/template/metadata/labels",
        "batch",
        "",
        "CronJob",
    ),
];

const SELECTORS: &[Made] = &[
    ("spec/selector", "", "v1", "Service"),
    ("spec/selector", "", "v1", "ReplicationController"),
    ("spec/selector/matchLabels", "", "", "Deployment"),
    ("spec/selector/matchLabels", "", "", "ReplicaSet"),
    ("spec/selector/matchLabels", "", "", "DaemonSet"),
    ("spec/selector/matchLabels", "apps", "", "StatefulSet"),
];

const EXISTING_SELECTORS: &[Existing] = &[
    ("spec/selector/matchLabels", "batch", "Job"),
    (
        "spec/jobTemplate/spec/selector/matchLabels",
        "batch",
        "CronJob",
    ),
    ("spec/selector/matchLabels", "policy", "PodDisruptionBudget"),
    ("spec/podSelector/matchLabels", POLICIES, "NetworkPolicy"),
    (
        "spec/ingress/from/podSelector/matchLabels",
        POLICIES,
        "NetworkPolicy",
    ),
    (
        "spec/egress/to/podSelector/matchLabels",
        POLICIES,
        "NetworkPolicy",
    ),
];

const SPREAD: &[&str] = &[
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
];

const ANNOTATIONS: &[Made] = &[
    ("metadata/annotations", "", "", ""),
    (
        "spec/template/metadata/annotations",
        "",
        "v1",
        "ReplicationController",
    ),
    ("spec/template/metadata/annotations", "", "", "Deployment"),
    ("spec/template/metadata/annotations", "", "", "ReplicaSet"),
    ("spec/template/metadata/annotations", "", "", "DaemonSet"),
    (
        "spec/template/metadata/annotations",
        "apps",
        "",
        "StatefulSet",
    ),
    ("spec/template/metadata/annotations", "batch", "", "Job"),
    (
        "spec/jobTemplate/metadata/annotations",
        "batch",
        "",
        "CronJob",
    ),
    (
        "spec/jobTemplate/spec/template/metadata/annotations",
        "batch",
        "",
        "CronJob",
    ),
];

const NAMESPACE: &[Made] = &[
    ("metadata/namespace", "", "", ""),
    ("metadata/name", "", "", "Namespace"),
    (
        "spec/service/namespace",
        "apiregistration.k8s.io",
        "",
        "APIService",
    ),
];

const EXISTING_NAMESPACE: &[Existing] = &[
    ("subjects[]/namespace", "", "RoleBinding"),
    ("subjects[]/namespace", "", "ClusterRoleBinding"),
    (
        "spec/conversion/webhook/clientConfig/service/namespace",
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
    ),
];

/// Containers are found everywhere; these are looked at a second time.
const IMAGES: &[Made] = &[
    ("spec/containers[]/image", "", "", ""),
    ("spec/initContainers[]/image", "", "", ""),
    ("spec/template/spec/containers[]/image", "", "", ""),
    ("spec/template/spec/initContainers[]/image", "", "", ""),
];

const REPLICAS: &[Made] = &[
    ("spec/replicas", "", "", "Deployment"),
    ("spec/replicas", "", "", "ReplicationController"),
    ("spec/replicas", "", "", "ReplicaSet"),
    ("spec/replicas", "", "", "StatefulSet"),
];

/// Where kinds have a pod's spec, for variables.
const POD_SPECS: &[(&str, &str)] = &[
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("Pod", "spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
];

/// What of a container may have variables.
const CONTAINER: &[&str] = &["args", "command", "env/value", "volumeMounts/mountPath"];

/// What else may have variables.
const VARIABLES: &[(&str, &str)] = &[
    ("Deployment", "spec/template/metadata/annotations"),
    ("Ingress", "spec/rules/host"),
    ("Ingress", "spec/tls/hosts"),
    ("Ingress", "spec/tls/secretName"),
    ("Service", "spec/ports/port"),
    ("Service", "spec/ports/targetPort"),
    (
        "CronJob",
        "spec/jobTemplate/spec/template/volumes/nfs/server",
    ),
    ("DaemonSet", "spec/template/spec/volumes/nfs/server"),
    ("Deployment", "spec/template/spec/volumes/nfs/server"),
    ("Job", "spec/template/spec/volumes/nfs/server"),
    ("Pod", "spec/volumes/nfs/server"),
    ("ReplicaSet", "spec/template/spec/volumes/nfs/server"),
    ("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    ("PersistentVolume", "spec/nfs/server"),
    ("", "metadata/labels"),
    ("", "metadata/annotations"),
];

pub(super) fn config() -> Config {
    let name = made(&[("metadata/name", "", "", "")]);
    let mut template_labels = made(&[("metadata/labels", "", "", "")]);
    template_labels.extend(made(TEMPLATES));
    let mut common_labels = made(SELECTORS);
    common_labels.extend(existing(EXISTING_SELECTORS));
    common_labels.extend(["Deployment", "StatefulSet"].into_iter().flat_map(spread));
    common_labels.extend(template_labels.clone());
    let mut namespace = made(NAMESPACE);
    namespace.extend(existing(EXISTING_NAMESPACE));
    Config {
        name_prefix: name.clone(),
        name_suffix: name,
        namespace,
        common_labels,
        labels: Vec::new(),
        template_labels,
        common_annotations: made(ANNOTATIONS),
        name_reference: references(),
        var_reference: variables(),
        images: made(IMAGES),
        replicas: made(REPLICAS),
    }
}

pub(super) fn spec(path: &str, group: &str, version: &str, kind: &str) -> FieldSpec {
    FieldSpec {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        path: path.into(),
        create: false,
    }
}

fn made(fields: &[Made]) -> Vec<FieldSpec> {
    let specs = fields.iter();
    specs
        .map(|(path, group, version, kind)| FieldSpec {
            create: true,
            ..spec(path, group, version, kind)
        })
        .collect()
}

fn existing(fields: &[Existing]) -> Vec<FieldSpec> {
    let specs = fields.iter();
    specs
        .map(|(path, group, kind)| spec(path, group, "", kind))
        .collect()
}

fn spread(kind: &str) -> impl Iterator<Item = FieldSpec> {
    SPREAD
        .iter()
        .map(move |path| spec(&format!("spec/template/spec/{path}"), "apps", "", kind))
}

fn variables() -> Vec<FieldSpec> {
    let containers = POD_SPECS.iter().flat_map(|(kind, pod)| {
        ["containers", "initContainers"]
            .into_iter()
            .flat_map(move |list| {
                let fields = CONTAINER.iter();
                fields.map(move |field| spec(&format!("{pod}/{list}/{field}"), "", "", kind))
            })
    });
    let others = VARIABLES
        .iter()
        .map(|(kind, path)| spec(path, "", "", kind));
    containers.chain(others).collect()
}
