//! Which fields hold whose names.

use std::sync::LazyLock;

use api::GroupVersionKind;

/// One field of one kind that names an object of another.
pub(super) struct Reference {
    to_group: &'static str,
    to_kind: &'static str,
    from_group: &'static str,
    from_kind: &'static str,
    pub(super) path: String,
}

impl Reference {
    pub(super) fn is_from(&self, gvk: &GroupVersionKind) -> bool {
        gvk.kind == self.from_kind && (self.from_group.is_empty() || gvk.group == self.from_group)
    }

    pub(super) fn is_to(&self, gvk: &GroupVersionKind) -> bool {
        gvk.kind == self.to_kind && (self.to_group.is_empty() || gvk.group == self.to_group)
    }
}

/// Where kinds keep a pod's spec.
const POD_SPECS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// What a pod's spec names: kind, fields.
const FROM_PODS: &[(&str, &[&str])] = &[
    (
        "ConfigMap",
        &[
            "volumes/configMap/name",
            "volumes/projected/sources/configMap/name",
            "containers/env/valueFrom/configMapKeyRef/name",
            "initContainers/env/valueFrom/configMapKeyRef/name",
            "containers/envFrom/configMapRef/name",
            "initContainers/envFrom/configMapRef/name",
        ],
    ),
    (
        "Secret",
        &[
            "volumes/secret/secretName",
            "volumes/projected/sources/secret/name",
            "containers/env/valueFrom/secretKeyRef/name",
            "initContainers/env/valueFrom/secretKeyRef/name",
            "containers/envFrom/secretRef/name",
            "initContainers/envFrom/secretRef/name",
            "imagePullSecrets/name",
        ],
    ),
    ("ServiceAccount", &["serviceAccountName"]),
    (
        "PersistentVolumeClaim",
        &["volumes/persistentVolumeClaim/claimName"],
    ),
    ("PriorityClass", &["priorityClassName"]),
];

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// The others: group and kind named, group and kind that names, field.
const OTHERS: &[(&str, &str, &str, &str, &str)] = &[
    (
        "",
        "Deployment",
        "",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    (
        "",
        "ReplicationController",
        "",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    (
        "",
        "ReplicaSet",
        "",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    (
        "",
        "StatefulSet",
        "",
        "HorizontalPodAutoscaler",
        "spec/scaleTargetRef/name",
    ),
    ("", "ConfigMap", "", "Node", "spec/configSource/configMap"),
    ("", "ConfigMap", "", "Role", "rules/resourceNames"),
    ("", "ConfigMap", "", "ClusterRole", "rules/resourceNames"),
    (
        "",
        "ConfigMap",
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
    ),
    ("", "Secret", "", "Ingress", "spec/tls/secretName"),
    (
        "",
        "Secret",
        "",
        "Ingress",
        "metadata/annotations/ingress.kubernetes.io\\/auth-secret",
    ),
    (
        "",
        "Secret",
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret",
    ),
    (
        "",
        "Secret",
        "",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
    ),
    ("", "Secret", "", "ServiceAccount", "imagePullSecrets/name"),
    ("", "Secret", "", "StorageClass", "parameters/secretName"),
    (
        "",
        "Secret",
        "",
        "StorageClass",
        "parameters/adminSecretName",
    ),
    (
        "",
        "Secret",
        "",
        "StorageClass",
        "parameters/userSecretName",
    ),
    ("", "Secret", "", "StorageClass", "parameters/secretRef"),
    ("", "Secret", "", "Role", "rules/resourceNames"),
    ("", "Secret", "", "ClusterRole", "rules/resourceNames"),
    (
        "",
        "Secret",
        "",
        "PersistentVolume",
        "spec/azureFile/secretName",
    ),
    ("", "Service", "apps", "StatefulSet", "spec/serviceName"),
    (
        "",
        "Service",
        "",
        "Ingress",
        "spec/rules/http/paths/backend/serviceName",
    ),
    ("", "Service", "", "Ingress", "spec/backend/serviceName"),
    (
        "",
        "Service",
        "",
        "Ingress",
        "spec/rules/http/paths/backend/service/name",
    ),
    (
        "",
        "Service",
        "",
        "Ingress",
        "spec/defaultBackend/service/name",
    ),
    (
        "",
        "Service",
        "apiregistration.k8s.io",
        "APIService",
        "spec/service/name",
    ),
    (
        "",
        "Service",
        ADMISSION,
        "ValidatingWebhookConfiguration",
        "webhooks/clientConfig/service",
    ),
    (
        "",
        "Service",
        ADMISSION,
        "MutatingWebhookConfiguration",
        "webhooks/clientConfig/service",
    ),
    (
        "",
        "Service",
        "",
        "HTTPRoute",
        "spec/rules/backendRefs/name",
    ),
    (RBAC, "Role", RBAC, "RoleBinding", "roleRef/name"),
    (RBAC, "ClusterRole", RBAC, "RoleBinding", "roleRef/name"),
    (
        RBAC,
        "ClusterRole",
        RBAC,
        "ClusterRoleBinding",
        "roleRef/name",
    ),
    ("", "ServiceAccount", RBAC, "RoleBinding", "subjects"),
    ("", "ServiceAccount", RBAC, "ClusterRoleBinding", "subjects"),
    (
        "",
        "PersistentVolume",
        "",
        "PersistentVolumeClaim",
        "spec/volumeName",
    ),
    (
        "",
        "PersistentVolume",
        "",
        "ClusterRole",
        "rules/resourceNames",
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        "",
        "PersistentVolume",
        "spec/storageClassName",
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        "",
        "PersistentVolumeClaim",
        "spec/storageClassName",
    ),
    (
        "storage.k8s.io",
        "StorageClass",
        "",
        "StatefulSet",
        "spec/volumeClaimTemplates/spec/storageClassName",
    ),
    (
        "networking.k8s.io",
        "IngressClass",
        "",
        "Ingress",
        "spec/ingressClassName",
    ),
];

static REFERENCES: LazyLock<Vec<Reference>> = LazyLock::new(|| {
    let pods = POD_SPECS.iter().flat_map(|(from_kind, spec)| {
        FROM_PODS.iter().flat_map(move |(to_kind, fields)| {
            fields.iter().map(move |field| Reference {
                to_group: if *to_kind == "PriorityClass" {
                    "scheduling.k8s.io"
                } else {
                    ""
                },
                to_kind,
                from_group: "",
                from_kind,
                path: format!("{spec}/{field}"),
            })
        })
    });
    let others = OTHERS.iter().map(
        |(to_group, to_kind, from_group, from_kind, path)| Reference {
            to_group,
            to_kind,
            from_group,
            from_kind,
            path: (*path).to_owned(),
        },
    );
    pods.chain(others).collect()
});

/// The built-in table.
pub(super) fn references() -> &'static [Reference] {
    &REFERENCES
}
