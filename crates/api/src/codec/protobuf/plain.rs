//! Which zero values mean "not set".
//!
//! A Go client writes every field that is no pointer, set or not, and a pointer only when it is
//! set. Protobuf alone does not tell the two apart: these are the facts that do.

use crate::schema::{Field, FieldType, Special, Type};

/// Whether this field's zero value is to be left out of the JSON.
pub(super) fn is_plain(owner: &Type, field: &Field) -> bool {
    match field.ty {
        FieldType::String => !listed(POINTER_TEXTS, owner, field),
        FieldType::Bool | FieldType::Int32 | FieldType::Int64 => {
            owner.name.ends_with("Status") && !listed(STATUS_POINTERS, owner, field)
                || field.name == "readOnly"
                    && owner.name.ends_with("VolumeSource")
                    && !listed(POINTERS, owner, field)
                || field.name == "observedGeneration"
                || listed(PLAIN_NUMBERS, owner, field)
        }
        FieldType::Special(Special::IntOrString) => owner.name == "api.core.v1.ServicePort",
        _ => false,
    }
}

type Listed = (&'static str, &'static [&'static str]);

fn listed(table: &[Listed], owner: &Type, field: &Field) -> bool {
    table
        .iter()
        .any(|(name, fields)| owner.name.ends_with(name) && fields.contains(&field.name))
}

/// Texts whose empty value says something: no class, no holder.
const POINTER_TEXTS: &[Listed] = &[
    (
        "core.v1.PersistentVolumeClaimSpec",
        &["storageClassName", "volumeAttributesClassName"],
    ),
    (
        "core.v1.PersistentVolumeSpec",
        &["volumeAttributesClassName"],
    ),
    ("core.v1.PodSpec", &["runtimeClassName", "hostnameOverride"]),
    (
        "coordination.v1.LeaseSpec",
        &["holderIdentity", "preferredHolder", "strategy"],
    ),
    ("networking.v1.IngressSpec", &["ingressClassName"]),
    ("meta.v1.Preconditions", &["uid", "resourceVersion"]),
    (
        "discovery.v1.EndpointPort",
        &["name", "protocol", "appProtocol"],
    ),
    ("discovery.v1.Endpoint", &["hostname", "nodeName", "zone"]),
];

const POINTERS: &[Listed] = &[("core.v1.CSIVolumeSource", &["readOnly"])];

const STATUS_POINTERS: &[Listed] = &[
    (
        "core.v1.ContainerStatus",
        &["ready", "restartCount", "started"],
    ),
    (
        "apps.v1.DeploymentStatus",
        &["collisionCount", "terminatingReplicas"],
    ),
    ("apps.v1.ReplicaSetStatus", &["terminatingReplicas"]),
    ("apps.v1.StatefulSetStatus", &["collisionCount"]),
    ("apps.v1.DaemonSetStatus", &["collisionCount"]),
    ("batch.v1.JobStatus", &["ready", "terminating"]),
    ("core.v1.NodeSwapStatus", &["capacity"]),
    (
        "HorizontalPodAutoscalerStatus",
        &["currentCPUUtilizationPercentage", "observedGeneration"],
    ),
    ("SubjectAccessReviewStatus", &["allowed"]),
    ("autoscaling.v1.ScaleStatus", &["replicas"]),
];

const PLAIN_NUMBERS: &[Listed] = &[
    ("apps.v1.DaemonSetSpec", &["minReadySeconds"]),
    ("apps.v1.DeploymentSpec", &["minReadySeconds", "paused"]),
    ("apps.v1.ReplicaSetSpec", &["minReadySeconds"]),
    ("apps.v1.StatefulSetSpec", &["minReadySeconds"]),
    ("core.v1.ReplicationControllerSpec", &["minReadySeconds"]),
    ("core.v1.Container", &["stdin", "stdinOnce", "tty"]),
    (
        "core.v1.EphemeralContainerCommon",
        &["stdin", "stdinOnce", "tty"],
    ),
    ("core.v1.ContainerImage", &["sizeBytes"]),
    ("core.v1.ContainerPort", &["hostPort", "containerPort"]),
    ("core.v1.ContainerStateTerminated", &["signal"]),
    ("core.v1.Event", &["count"]),
    ("core.v1.EventSeries", &["count"]),
    ("core.v1.GRPCAction", &["port"]),
    ("core.v1.GCEPersistentDiskVolumeSource", &["partition"]),
    ("core.v1.AWSElasticBlockStoreVolumeSource", &["partition"]),
    ("core.v1.NodeSpec", &["unschedulable"]),
    ("core.v1.PodSpec", &["hostNetwork", "hostPID", "hostIPC"]),
    ("core.v1.PreferredSchedulingTerm", &["weight"]),
    (
        "core.v1.Probe",
        &[
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ],
    ),
    ("core.v1.ServicePort", &["port", "nodePort"]),
    (
        "core.v1.ServiceSpec",
        &["healthCheckNodePort", "publishNotReadyAddresses"],
    ),
    ("core.v1.SleepAction", &["seconds"]),
    ("core.v1.TopologySpreadConstraint", &["maxSkew"]),
    ("core.v1.VolumeMount", &["readOnly"]),
    ("core.v1.WeightedPodAffinityTerm", &["weight"]),
    ("events.v1.Event", &["deprecatedCount"]),
    ("events.v1.EventSeries", &["count"]),
    ("networking.v1.ServiceBackendPort", &["number"]),
    ("meta.v1.ObjectMeta", &["generation"]),
    ("meta.v1.Status", &["code"]),
    ("meta.v1.StatusDetails", &["retryAfterSeconds"]),
    ("scheduling.v1.PriorityClass", &["globalDefault"]),
];
