//! Which fields hold whose names.

use super::References;
use super::defaults::spec;

/// Where kinds keep a pod's spec.
const POD_SPECS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// The kinds whose accounts, claims and priorities are followed: others than above.
const RUNNING: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
];

const CONFIG_MAPS: &[&str] = &[
    "volumes/configMap/name",
    "volumes/projected/sources/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
];

const SECRETS: &[&str] = &[
    "volumes/secret/secretName",
    "volumes/projected/sources/secret/name",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
];

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// Path, group and kind of what names an object.
type From = (&'static str, &'static str, &'static str);

const FROM_CONFIG_MAPS: &[From] = &[
    ("spec/configSource/configMap", "", "Node"),
    ("rules/resourceNames", "", "Role"),
    ("rules/resourceNames", "", "ClusterRole"),
    (
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
        "",
        "Ingress",
    ),
];

const FROM_SECRETS: &[From] = &[
    ("spec/tls/secretName", "", "Ingress"),
    (
        "metadata/annotations/ingress.kubernetes.io\\/auth-secret",
        "",
        "Ingress",
    ),
    (
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret",
        "",
        "Ingress",
    ),
    (
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
        "",
        "Ingress",
    ),
    ("imagePullSecrets/name", "", "ServiceAccount"),
    ("parameters/secretName", "", "StorageClass"),
    ("parameters/adminSecretName", "", "StorageClass"),
    ("parameters/userSecretName", "", "StorageClass"),
    ("parameters/secretRef", "", "StorageClass"),
    ("rules/resourceNames", "", "Role"),
    ("rules/resourceNames", "", "ClusterRole"),
    (
        "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
        "serving.knative.dev",
        "Service",
    ),
    ("spec/azureFile/secretName", "", "PersistentVolume"),
];

const FROM_SERVICES: &[From] = &[
    ("spec/serviceName", "apps", "StatefulSet"),
    ("spec/rules/http/paths/backend/serviceName", "", "Ingress"),
    ("spec/backend/serviceName", "", "Ingress"),
    ("spec/rules/http/paths/backend/service/name", "", "Ingress"),
    ("spec/defaultBackend/service/name", "", "Ingress"),
    ("spec/service/name", "apiregistration.k8s.io", "APIService"),
    (
        "webhooks/clientConfig/service",
        ADMISSION,
        "ValidatingWebhookConfiguration",
    ),
    (
        "webhooks/clientConfig/service",
        ADMISSION,
        "MutatingWebhookConfiguration",
    ),
];

const SCALED: [&str; 4] = [
    "Deployment",
    "ReplicationController",
    "ReplicaSet",
    "StatefulSet",
];

pub(super) fn references() -> Vec<References> {
    let scaled = SCALED.iter().map(|kind| {
        let from = ("spec/scaleTargetRef/name", "", "HorizontalPodAutoscaler");
        named("", "", kind, &[from])
    });
    let mut all: Vec<References> = scaled.collect();
    all.extend([
        pods("", "ConfigMap", POD_SPECS, CONFIG_MAPS, FROM_CONFIG_MAPS),
        pods("", "Secret", POD_SPECS, SECRETS, FROM_SECRETS),
        named("", "v1", "Service", FROM_SERVICES),
        named(RBAC, "", "Role", &[("roleRef/name", RBAC, "RoleBinding")]),
        named(
            RBAC,
            "",
            "ClusterRole",
            &[
                ("roleRef/name", RBAC, "RoleBinding"),
                ("roleRef/name", RBAC, "ClusterRoleBinding"),
            ],
        ),
        pods(
            "",
            "ServiceAccount",
            RUNNING,
            &["serviceAccountName"],
            &[
                ("subjects", RBAC, "RoleBinding"),
                ("subjects", RBAC, "ClusterRoleBinding"),
            ],
        ),
        pods(
            "",
            "PersistentVolumeClaim",
            RUNNING,
            &["volumes/persistentVolumeClaim/claimName"],
            &[],
        ),
        named(
            "",
            "v1",
            "PersistentVolume",
            &[
                ("spec/volumeName", "", "PersistentVolumeClaim"),
                ("rules/resourceNames", "", "ClusterRole"),
            ],
        ),
        named(
            "storage.k8s.io",
            "v1",
            "StorageClass",
            &[
                ("spec/storageClassName", "", "PersistentVolume"),
                ("spec/storageClassName", "", "PersistentVolumeClaim"),
                (
                    "spec/volumeClaimTemplates/spec/storageClassName",
                    "",
                    "StatefulSet",
                ),
            ],
        ),
        pods(
            "scheduling.k8s.io",
            "PriorityClass",
            RUNNING,
            &["priorityClassName"],
            &[],
        ),
    ]);
    all
}

fn named(group: &str, version: &str, kind: &str, from: &[From]) -> References {
    let specs = from.iter();
    References {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        field_specs: specs
            .map(|(path, group, kind)| spec(path, group, "", kind))
            .collect(),
    }
}

fn pods(
    group: &str,
    kind: &str,
    pods: &[(&str, &str)],
    fields: &[&str],
    others: &[From],
) -> References {
    let mut all = named(group, "v1", kind, others);
    for (from, pod) in pods {
        let paths = fields.iter().map(|field| format!("{pod}/{field}"));
        all.field_specs
            .extend(paths.map(|path| spec(&path, "", "", from)));
    }
    all
}
