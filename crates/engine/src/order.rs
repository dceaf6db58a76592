//! In which order objects are applied: wave, then kind, then name. Deletion is the reverse.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use api::Object;

use crate::manifest::title;
use crate::{Manifest, Problem};

/// The annotation that puts an object into a wave; the second name is what Argo CD reads.
pub const WAVE_ANNOTATIONS: [&str; 2] = ["kedge.dev/sync-wave", "argocd.argoproj.io/sync-wave"];

/// A wave: all of it is healthy before the next one begins. Negative ones come first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WaveNumber(pub i32);

impl fmt::Display for WaveNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The wave of a manifest.
///
/// # Errors
/// An annotation that is no whole number; it is never read as 0.
pub fn wave(manifest: &Manifest) -> Result<WaveNumber, Problem> {
    parse_wave(&manifest.object).map_err(|(annotation, text)| {
        Problem::new(
            &manifest.origin.file,
            format!("{annotation} is {text:?}, which is not a whole number"),
        )
        .at(manifest.origin.line, 0)
        .field(format!("metadata.annotations[{annotation}]"))
        .object(title(&manifest.object))
        .hint("write it as a quoted number, such as \"1\" or \"-1\"")
    })
}

/// The wave of a live object, whose annotation was checked when it was applied.
pub(crate) fn live_wave(object: &Object) -> WaveNumber {
    parse_wave(object).unwrap_or_default()
}

fn parse_wave(object: &Object) -> Result<WaveNumber, (&'static str, String)> {
    for annotation in WAVE_ANNOTATIONS {
        match &object.body["metadata"]["annotations"][annotation] {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => {
                return text
                    .trim()
                    .parse()
                    .map(WaveNumber)
                    .map_err(|_| (annotation, text.clone()));
            }
            other => return Err((annotation, other.to_string())),
        }
    }
    Ok(WaveNumber(0))
}

/// What must exist before what, as other GitOps tools order it; kinds not listed come last.
const KINDS: &[&str] = &[
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodDisruptionBudget",
    "PriorityClass",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

fn rank(kind: &str) -> usize {
    KINDS
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(KINDS.len())
}

/// The order inside one wave.
pub fn compare(a: &Object, b: &Object) -> Ordering {
    let place = |object: &Object| (rank(object.kind()), object.gvk());
    let name = |object: &Object| (object.namespace().to_owned(), object.name().to_owned());
    place(a).cmp(&place(b)).then_with(|| name(a).cmp(&name(b)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Origin;

    fn manifest(wave: &serde_json::Value) -> Manifest {
        let mut body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        if !wave.is_null() {
            body["metadata"]["annotations"] = json!({WAVE_ANNOTATIONS[0]: wave});
        }
        Manifest {
            object: body.into(),
            origin: Origin {
                file: "a.yaml".into(),
                line: 3,
            },
        }
    }

    #[test]
    fn reads_waves_and_never_guesses() {
        let check = |value, expected: Option<i32>| {
            let wave = wave(&manifest(&value));
            assert_eq!(wave.as_ref().ok().map(|wave| wave.0), expected, "{wave:?}");
        };
        check(json!(null), Some(0));
        check(json!("-3"), Some(-3));
        check(json!("12"), Some(12));
        check(json!("first"), None);
        check(json!("1.5"), None);
        check(json!(""), None);
        check(json!(1), None);
        let problem = wave(&manifest(&json!("first"))).unwrap_err();
        assert_eq!(problem.place(), "a.yaml:3");
    }

    #[test]
    fn orders_by_kind_then_name() {
        let mut objects: Vec<Object> = [
            ("example.org/v1", "Widget", "a"),
            ("apps/v1", "Deployment", "b"),
            ("apps/v1", "Deployment", "a"),
            ("v1", "Service", "z"),
            ("v1", "Namespace", "z"),
            ("v1", "ConfigMap", "m"),
        ]
        .into_iter()
        .map(|(version, kind, name)| {
            json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}}).into()
        })
        .collect();
        objects.sort_by(compare);
        let names: Vec<String> = objects.iter().map(title).collect();
        assert_eq!(
            names,
            [
                "Namespace z",
                "ConfigMap m",
                "Service z",
                "Deployment a",
                "Deployment b",
                "Widget a"
            ]
        );
    }
}
